"""Why a ranking came out as it did: the legs' raw scores and ranks for every shown passage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qa_service.retrieval.fusion import lexical_weight
from qa_service.text.tokens import Tokenizer

if TYPE_CHECKING:
    from qa_service.retrieval.presenting import Shown
    from qa_service.retrieval.ranking import Ranking


def explain_ranking(ranking: Ranking, shown: Sequence[Shown], tokenizer: Tokenizer) -> dict[str, object]:
    """Describe the question's words and, for each shown passage, its evidence in each leg and the words it matches."""
    coverage = ranking.words.coverage
    summary: dict[str, object] = {
        "question_words": list(dict.fromkeys(ranking.query.words)),
        "coverage": round(coverage, 4),
        "lexical_weight": round(lexical_weight(coverage), 4),
        "candidates": len(ranking.order),
        "passages": [],
    }
    evidence = ranking.evidence
    if evidence is None:
        return summary
    ranks = {"window": _ranks(evidence.window), "sentence": _ranks(evidence.sentence), "bm25": _ranks(evidence.lexical)}
    summary["passages"] = [
        {
            "passage_id": one.passage.passage_id,
            "fused": round(float(ranking.fused[place]), 6),
            "window": {"cosine": round(float(evidence.window[place]), 6), "rank": int(ranks["window"][place])},
            "sentence": {"cosine": round(float(evidence.sentence[place]), 6), "rank": int(ranks["sentence"][place])},
            "bm25": {"score": round(float(evidence.lexical[place]), 4), "rank": int(ranks["bm25"][place])},
            "matched_idf_share": round(float(evidence.matched[place]), 4),
            "matches": _matches(one, ranking.query.words, tokenizer),
        }
        for place, one in zip(ranking.order, shown, strict=False)
    ]
    return summary


def _matches(shown: Shown, words: Sequence[str], tokenizer: Tokenizer) -> list[dict[str, int]]:
    """Find the question's words in a passage, in the offsets of its original."""
    passage = shown.passage
    mapped = shown.text.mapped(passage.start, passage.end)
    found = (mapped.to_source(span.start, span.end) for span in tokenizer.matches(mapped.text, set(words)))
    return [{"start": span.start, "end": span.end} for span in found]


def _ranks(scores: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rank each score (n,) from 1, the highest first."""
    ranks = np.empty(len(scores), dtype=np.int64)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks
