"""How far some passages got among a question's results."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qa_service.retrieval.found import Found
from qa_service.retrieval.grouping import Group


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the one that got furthest.

    Attributes:
        groups: the results looked at, from the first one on.
        rank: of the one that is a result of its own; None without any.
        stood_for_by: rank of the result that stands for one of them; None where one is a result of its own.
        keys: of those that this is true of; empty for passages that are neither.
        candidate: whether one of them is a candidate.
    """

    groups: Sequence[Group]
    rank: int | None
    stood_for_by: int | None
    keys: frozenset[int]
    candidate: bool


def outcome_of(found: Found, keys: Collection[int], top_k: int) -> Outcome:
    """Walk the results until it is known how far some passages got.

    Among the first `top_k`, to be a result counts more than to be stood for; behind them, the better rank does.
    """
    evidence = found.ranking.evidence
    candidates = evidence.candidates if evidence else ()
    wanted = frozenset(keys)
    is_candidate = any(one.key in wanted for one in candidates)
    groups: list[Group] = []
    by, stood_for = None, frozenset[int]()
    for rank, group in enumerate(found.groups(), start=1):
        if rank > top_k and (by is not None or not is_candidate):
            break
        groups.append(group)
        own = candidates[group.place].key
        if own in wanted:
            return Outcome(groups, rank, None, frozenset([own]), is_candidate)
        named = wanted & {key for source in group.sources for key in source.stood_for}
        if named and by is None:
            by, stood_for = rank, frozenset(named)
    return Outcome(groups, None, by, stood_for, is_candidate)
