"""How each stage saw a passage, read off a ranking: what `explain` of `/v1/ask` and `/v1/explain` share."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from qa_service.explanation import Account, Leg, Legs, Standing
from qa_service.retrieval import calibration, refinement
from qa_service.retrieval.calibration import Judge
from qa_service.retrieval.evidence import Scores
from qa_service.retrieval.fusion import lexical_share
from qa_service.retrieval.ranking import Ranking, in_order
from qa_service.retrieval.texts import Texts

LEGS = ("window", "sentence", "bm25")
SAME = 5e-7
"""Scores that differ by less share a rank: stored vectors that are equal may differ so in the last digit."""

Ranks = Mapping[str, int | None]


class Accounts:
    """Describes candidates of a ranking, given by their places.

    Parameters:
        ranking: with evidence. Places that are not in its order are passages that were no candidates, see `strangers`.
        texts: of the articles.
        judge: of the ranking's candidates, if there are any.
    """

    def __init__(self, ranking: Ranking, texts: Texts, judge: Judge | None) -> None:
        assert ranking.evidence is not None
        self._ranking = ranking
        self._evidence = ranking.evidence
        self._texts = texts
        self._judge = judge
        self._places = np.array(sorted(ranking.order), dtype=np.int64)
        self._real = set(ranking.order)
        self._legs: dict[str, Scores] = dict(
            zip(LEGS, (self._evidence.window, self._evidence.sentence, self._evidence.lexical), strict=True)
        )
        self._nominated = self._nominations()

    def of(self, place: int, copies: Collection[int] = (), ranks: Ranks | None = None) -> Account:
        """Describe a candidate.

        Parameters:
            copies: rows of the articles that say the same.
            ranks: its rank in each leg, where it was counted beyond those that the leg nominated.
        """
        ranking = self._ranking
        real = place in self._real
        return Account(
            legs=Legs(*(self._leg(leg, place, ranks) for leg in LEGS)),
            fused=_standing(ranking.fused, place, self._places),
            refined=_standing(ranking.refined, place, self._places),
            reranker=_standing(ranking.reranked, place, self._places),
            features=self._features(place),
            calibration=self._calibration(place, copies) if real else None,
            matched_idf_share=_rounded(self._evidence.matched[place]),
            history_bonus=_rounded(ranking.favours[place]) if len(ranking.favours) else 0.0,
            freshness_bonus=_rounded(ranking.gains.added[place]) if ranking.gains and real else None,
        )

    def is_nominated_by_all(self, place: int) -> bool:
        """Tell whether every leg that has a score for a candidate nominated it, so that its ranks are known."""
        return all(self._nominated[leg][place] or (leg == "bm25" and self._legs[leg][place] <= 0) for leg in LEGS)

    def _nominations(self) -> dict[str, NDArray[np.bool_]]:
        keys = np.array([candidate.key for candidate in self._evidence.candidates], dtype=np.int64)
        nominees = self._ranking.nominees
        if nominees is None:
            return {leg: np.zeros(len(keys), dtype=bool) for leg in LEGS}
        by_leg = zip(LEGS, (nominees.windows, nominees.sentences, nominees.words), strict=True)
        return {leg: np.isin(keys, nominated) for leg, nominated in by_leg}

    def _leg(self, leg: str, place: int, ranks: Ranks | None) -> Leg:
        scores, nominated = self._legs[leg], self._nominated[leg]
        own = float(scores[place])
        rank = None
        if nominated[place]:
            rank = 1 + better(scores[self._places], own)
        elif ranks is not None:
            rank = ranks[leg]
        cutoff = _rounded(scores[nominated].min()) if nominated.any() else None
        return Leg(rank, _rounded(own), bool(nominated[place]), cutoff)

    def _features(self, place: int) -> dict[str, float]:
        """Compute what the refinement weighs, as it does: against the candidate that the fusion has first."""
        ranking, evidence = self._ranking, self._evidence
        # The refinement counts from the first one of the fused order, which it may have reordered since.
        real = [evidence.candidates[one] for one in ranking.order]
        first = ranking.order[in_order(real, ranking.fused[list(ranking.order)])[0]] if real else place
        places, share = [first, place], lexical_share(ranking.words.coverage)
        excess = refinement.script_excess(evidence, places, self._texts, ranking.query.text, share)
        values = refinement.features(evidence, places, excess)[1]
        return dict(zip(refinement.FEATURES, map(_rounded, values), strict=True))

    def _calibration(self, place: int, copies: Collection[int]) -> dict[str, float] | None:
        if self._judge is None:
            return None
        values = self._judge.features(place, copies)
        return dict(zip(calibration.FEATURES, map(_rounded, values), strict=True))


def better(scores: Scores, own: float) -> int:
    """Count the scores that are above one, those that are equal but for the last digits left out."""
    return int((scores > own + SAME).sum())


def _standing(scores: Scores | None, place: int, among: NDArray[np.int64]) -> Standing | None:
    if scores is None or not len(among) or np.isnan(scores[place]):
        return None
    own = float(scores[place])
    return Standing(1 + better(scores[among], own), _rounded(own))


def _rounded(value: float) -> float:
    return round(float(value), 6)
