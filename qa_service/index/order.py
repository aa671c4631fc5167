"""Equal sentences of two passages, by their prints: those in one order, and runs of those that are in another."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence, Set

from rapidfuzz.distance import Indel

from qa_service.index.alignment import Link


def anchors_of(ours: Sequence[int], theirs: Sequence[int]) -> list[Link]:
    """Pair equal sentences in order, as many as possible; of several ways the same one whichever side comes first."""
    if list(ours) > list(theirs):
        return [(place, other) for other, place in anchors_of(theirs, ours)]
    return [
        (op.src_start + step, op.dest_start + step)
        for op in Indel.opcodes(ours, theirs)
        if op.tag == "equal"
        for step in range(op.src_end - op.src_start)
    ]


def runs_of(ours: Sequence[int], theirs: Sequence[int], left: Set[int], right: Set[int]) -> Iterator[list[Link]]:
    """Pair equal sentences of those given, in runs as long as both go on alike."""
    places: dict[int, deque[int]] = defaultdict(deque)
    for other in sorted(right):
        places[theirs[other]].append(other)
    run: list[Link] = []
    for place in sorted(left):
        if not places[ours[place]]:
            continue
        link = place, places[ours[place]].popleft()
        if run and link != (run[-1][0] + 1, run[-1][1] + 1):
            yield run
            run = []
        run.append(link)
    if run:
        yield run


def places_of(prints: Sequence[int], known: Set[int]) -> set[int]:
    """Find the sentences that have one of the prints."""
    return {place for place, number in enumerate(prints) if number in known}
