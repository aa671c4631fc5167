"""Two runs of sentences laid side by side word by word: which say the same, and whether some nearly do but do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Levenshtein, Opcodes

from qa_service.index.differences import Differences, Edit
from qa_service.index.wording import Tokens, Wording

SIMILAR = 0.5
"""Similarity from which on two sentences are forms of one."""

Link = tuple[int, int]
"""A sentence of ours and one of theirs."""


def align(
    ours: Wording, theirs: Wording, left: Sequence[int], right: Sequence[int], differences: Differences
) -> list[Link]:
    """Find which sentences are forms of one, and note how these differ.

    They need not be split alike. Sentences that resemble none of the other side are left out, and the others compared
    again, until all resemble some; then every difference counts.

    Parameters:
        left, right: which sentences of each, in order.
        differences: what was found is added here.

    Returns:
        Sentences with a counterpart, in order; one may have several.
    """
    left = [place for place in left if ours.sentences[place]]
    right = [place for place in right if theirs.sentences[place]]
    while left and right:
        ours_run, theirs_run = _Run(ours, left), _Run(theirs, right)
        steps = Levenshtein.opcodes(ours_run.tokens, theirs_run.tokens)
        shared = _shared(ours_run, theirs_run, steps)
        ours_kept, theirs_kept = _resembling(shared, ours, theirs)
        if len(ours_kept) == len(left) and len(theirs_kept) == len(right):
            differences.add(ours_run.tokens, theirs_run.tokens, _edits(ours_run, theirs_run, steps))
            return sorted(shared)
        left = [place for place in left if place in ours_kept]
        right = [place for place in right if place in theirs_kept]
    return []


class _Run:
    """Sentences joined: their words, and the sentence of each word."""

    def __init__(self, wording: Wording, places: Sequence[int]) -> None:
        self.wording = wording
        self.tokens = [token for place in places for token in wording.sentences[place]]
        self.owners = [place for place in places for _ in wording.sentences[place]]
        self.is_start = places[0] == 0
        self.is_end = places[-1] == len(wording.sentences) - 1

    def goes_on_before(self, missing: Tokens, instead: Tokens) -> bool:
        """Whether words that are missing at the start, with nothing instead, are cut off from this run."""
        cut = self.is_start and bool(missing) and not instead
        return cut and list(self.wording.before[-len(missing) :]) == list(missing)

    def goes_on_after(self, missing: Tokens, instead: Tokens) -> bool:
        """Whether words that are missing at the end, with nothing instead, are cut off from this run."""
        cut = self.is_end and bool(missing) and not instead
        return cut and list(self.wording.after[: len(missing)]) == list(missing)


def _shared(ours: _Run, theirs: _Run, steps: Opcodes) -> Counter[Link]:
    """Count the equal words of each two sentences."""
    return Counter(
        (ours.owners[step.src_start + at], theirs.owners[step.dest_start + at])
        for step in steps
        if step.tag == "equal"
        for at in range(step.src_end - step.src_start)
    )


def _resembling(shared: Counter[Link], ours: Wording, theirs: Wording) -> tuple[set[int], set[int]]:
    """Find the sentences that have at least half of their words in common with the other side, or that with them."""
    kept: tuple[set[int], set[int]] = set(), set()
    sums: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    for (place, other), count in shared.items():
        sums[0][place] += count
        sums[1][other] += count
        sizes = len(ours.sentences[place]) + len(theirs.sentences[other])
        if 2 * count >= SIMILAR * sizes:
            kept[0].add(place)
            kept[1].add(other)
    for side, wording in enumerate((ours, theirs)):
        kept[side].update(p for p, count in sums[side].items() if count >= SIMILAR * len(wording.sentences[p]))
    return kept


def _edits(ours: _Run, theirs: _Run, steps: Opcodes) -> Iterator[Edit]:
    """Give the edits word by word, but for what is cut off from the first or last sentence of either side."""
    for number, step in enumerate(steps):
        left, right = ours.tokens[step.src_start : step.src_end], theirs.tokens[step.dest_start : step.dest_end]
        if step.tag == "equal" or (
            number == 0 and (theirs.goes_on_before(left, right) or ours.goes_on_before(right, left))
        ):
            continue
        if number == len(steps) - 1 and (theirs.goes_on_after(left, right) or ours.goes_on_after(right, left)):
            continue
        for at in range(max(len(left), len(right))):
            yield step.tag, step.src_start + at, step.dest_start + at
