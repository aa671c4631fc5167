"""Relative freshness: newer passages preferred among a question's candidates, by how much newer they are.

What is new is relative to the newest dated candidate, not to today: a body of articles that ends two years ago still
has newer ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, takewhile

import numpy as np

from qa_service.filters.dates import of_time, read_moment
from qa_service.retrieval.calibration import Judge
from qa_service.retrieval.evidence import Scores
from qa_service.retrieval.ranking import Gains, Ranking
from qa_service.store import attributes
from qa_service.store.catalog import Connection
from qa_service.types import Freshness

NEUTRAL = 0.5
"""What an undated passage counts as: one half-life old."""
_DAY = 86_400_000_000
_AHEAD = timedelta(days=1)
"""A date further ahead of the clock than this is a mistake, and would make everything else old."""


def freshen(
    connection: Connection,
    ranking: Ranking,
    freshness: Freshness,
    threshold: float,
    judge: Judge | None,
    copies: Collection[int] = (),
) -> Ranking:
    """Order candidates by score plus `weight * 0.5 ** (age / half_life)`, age counted from the newest dated one.

    Those whose own ranking reaches the threshold are ordered among themselves and stay in front of the others, and no
    score rises above the first one's before: so age alone never makes a question answerable, nor the contrary. What
    is refined or reranked stays in front of what is not.

    Parameters:
        threshold: from which a question counts as answerable.
        copies: rows of the articles that copy the first candidate, which are no rivals of it.
    """
    evidence = ranking.evidence
    if evidence is None or judge is None:
        return ranking
    gains = _gains(connection, [candidate.article for candidate in evidence.candidates], freshness)
    if gains is None:
        return ranking
    own = judge.scores((place, () if number else copies) for number, place in enumerate(ranking.order))
    # They never rise again, so that the rest need not be judged.
    first = next(own)
    answering = sum(1 for _ in takewhile(lambda score: round(score, 6) >= threshold, chain([first], own)))
    total = _scaled(ranking) + gains.added
    front, rest = ranking.order[:answering], ranking.order[answering:]
    order = [place for part in (front, rest) for place in sorted(part, key=lambda place: -total[place])]
    return replace(ranking, order=order, ceiling=first, gains=gains)


def describe(ranking: Ranking, freshness: Freshness, places: Sequence[int]) -> dict[str, object]:
    """Tell what freshness did, for `explain`: the newest date and what was added to each shown passage's score."""
    gains = ranking.gains
    return {
        "half_life_days": freshness.half_life_days,
        "weight": freshness.weight,
        "newest": gains.newest if gains else None,
        "dated": gains.dated if gains else 0,
        "added": [round(float(gains.added[place]), 6) for place in places] if gains else [],
    }


def _scaled(ranking: Ranking) -> Scores:
    """Give the scores that the order goes by, in about 0..1."""
    scores = ranking.scores
    if ranking.reranked is None:
        return scores
    low, high = float(scores.min()), float(scores.max())
    return np.clip((scores - low) / max(high - low, 1e-9), 0.0, 1.0)


def _gains(connection: Connection, articles: Sequence[int], freshness: Freshness) -> Gains | None:
    """Weigh the age of the passages' articles, given by row; None if none is dated."""
    latest = of_time(datetime.now(UTC) + _AHEAD)
    moments = {
        row: moment
        for row, text in attributes.published(connection, sorted(set(articles))).items()
        if (moment := read_moment(text)) is not None and not latest.before(moment)
    }
    instants = {row: moment.instant for row, moment in moments.items() if moment.instant is not None}
    if not instants:
        return None
    newest = max(instants, key=lambda row: instants[row])
    ages = {row: (instants[newest] - instant) / _DAY for row, instant in instants.items()}
    decay = {row: 0.5 ** (age / freshness.half_life_days) for row, age in ages.items()}
    added = freshness.weight * np.array([decay.get(row, NEUTRAL) for row in articles])
    return Gains(attributes.published(connection, [newest])[newest], sum(row in decay for row in articles), added)
