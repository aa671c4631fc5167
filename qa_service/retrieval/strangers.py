"""Passages that no leg nominated, scored as the candidates are: for `/v1/explain` only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from qa_service.retrieval.accounts import LEGS, Ranks, better
from qa_service.retrieval.evidence import Evidence, Scores, gather
from qa_service.retrieval.found import Found
from qa_service.retrieval.fusion import fuse
from qa_service.retrieval.ranking import Ranking
from qa_service.store import entries, passages
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments

EXACT_UP_TO = 20_000
"""Passages of which all are scored to count a rank beyond those that a leg nominated: 1,800 take some 40 ms."""
_BATCH = 1000


def with_strangers(ranking: Ranking, strangers: Sequence[Candidate], segments: Segments) -> Ranking:
    """Append passages to the evidence, behind the candidates, whose order and scores stay what they are.

    Their fused scores are on the candidates' scale; neither refinement nor reranker has read them.
    """
    if not strangers:
        return ranking
    extra = gather(ranking.query.vector, ranking.words, strangers, segments)
    evidence = extra if ranking.evidence is None else _joined(ranking.evidence, extra)
    favour = ranking.query.favour
    favours = np.array([favour.articles.get(one.article, 0.0) if favour else 0.0 for one in strangers])
    count = len(ranking.fused)
    fused = fuse(evidence.dense, evidence.lexical, evidence.matched, ranking.words.coverage, setting=count)
    unread = np.full(len(strangers), np.nan)
    return replace(
        ranking,
        evidence=evidence,
        fused=np.concatenate([ranking.fused, fused[count:] + favours]),
        favours=np.concatenate([ranking.favours, favours]),
        refined=None if ranking.refined is None else np.concatenate([ranking.refined, unread]),
        reranked=None if ranking.reranked is None else np.concatenate([ranking.reranked, unread]),
    )


def leg_ranks(found: Found, evidence: Evidence, places: Sequence[int], segments: Segments) -> list[Ranks]:
    """Count the rank of some passages in each leg, among all passages that the question may find.

    Returns:
        A rank for each leg; None for a BM25 of 0, and for all when there are too many passages to count.
    """
    keys = _searched(found)
    if keys is None:
        return [dict.fromkeys(LEGS) for _ in places]
    own = [_scores(evidence, place) for place in places]
    above = np.zeros((len(places), len(LEGS)), dtype=np.int64)
    for others in _gathered(found, keys, segments):
        legs = (others.window, others.sentence, others.lexical)
        above += [[better(leg, score) for leg, score in zip(legs, scores, strict=True)] for scores in own]
    return [
        {
            leg: None if leg == "bm25" and score <= 0 else 1 + int(n)
            for leg, score, n in zip(LEGS, scores, counted, strict=True)
        }
        for scores, counted in zip(own, above, strict=True)
    ]


def _searched(found: Found) -> list[int] | None:
    """List the keys of all passages that the question may find; None if they are too many."""
    admitted, snapshot = found.ranking.admitted, found.snapshot
    if admitted is not None:
        return admitted.keys.tolist() if len(admitted.keys) <= EXACT_UP_TO else None
    if snapshot is None or found.collection.passages > EXACT_UP_TO:
        return None
    return entries.added(found.connection, found.collection.row, -1, snapshot.seq)


def _gathered(found: Found, keys: Sequence[int], segments: Segments) -> Iterator[Evidence]:
    assert found.snapshot is not None
    ranking = found.ranking
    for start in range(0, len(keys), _BATCH):
        batch = passages.candidates(found.connection, keys[start : start + _BATCH], found.snapshot.seq)
        batch = [one for one in batch if one.block.vectors]
        if batch:
            yield gather(ranking.query.vector, ranking.words, batch, segments)


def _scores(evidence: Evidence, place: int) -> tuple[float, float, float]:
    return float(evidence.window[place]), float(evidence.sentence[place]), float(evidence.lexical[place])


def _joined(one: Evidence, other: Evidence) -> Evidence:
    def both(ours: Scores, theirs: Scores) -> Scores:
        return np.concatenate([ours, theirs])

    return Evidence(
        [*one.candidates, *other.candidates],
        both(one.window, other.window),
        both(one.sentence, other.sentence),
        [*one.sentences, *other.sentences],
        both(one.lexical, other.lexical),
        both(one.matched, other.matched),
        both(one.numbers, other.numbers),
    )
