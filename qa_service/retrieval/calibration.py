"""From evidence to probabilities: how likely a passage is to answer the question.

A logistic regression over evidence that does not depend on top_k and little on the collection's size. Its weights come
with the package; `qa-service calibrate` adjusts them to a user's own questions by Platt scaling (Platt, "Probabilistic
outputs for support vector machines", 1999).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from qa_service.retrieval.blended import BlendedWeights
from qa_service.retrieval.cohorts import Cohort
from qa_service.retrieval.contents import is_empty
from qa_service.retrieval.evidence import Evidence, Scores
from qa_service.retrieval.fusion import lexical_share
from qa_service.retrieval.query import FOLLOW_UP
from qa_service.retrieval.ranking import Ranking
from qa_service.retrieval.texts import Texts
from qa_service.retrieval.typical import Typical
from qa_service.text.scripts import main_script

FEATURES = (
    *("constant", "window", "sentence", "window_above_typical", "sentence_above_typical", "same_script"),
    *("matched", "coverage", "ahead_of_others", "numbers", "missing_numbers"),
)
VERSION = 1
FILE = Path(__file__).with_name("calibration_weights.json")
_OF_ONE_LANGUAGE = frozenset(("Han", "Hangul", "Thai", "Greek", "Hebrew", "Georgian", "Armenian", "Khmer", "Lao"))
USUAL = ((0.715, 0.71), (0.82, 0.81))
"""Mean cosines of a question with windows and sentences that have nothing to do with it, in another language and in its
own: measured on the public sets with the default model."""
USUAL_COUNTS = 5
"""Passages of a collection that the measured means of others count as."""
COMMON_START, COMMON_RANGE = 0.025, 0.015
"""How much nearer to any question than its like a passage may be before that counts, and after how much more it counts
in full. Passages of the public sets vary by .01 (standard deviation); stray letters and marks are .03 to .09 nearer."""
LEAD = 0.08
"""How far the best of some 90 passages that do not answer stands above the usual, window and sentence together."""
EMPTY = -3.0
"""Log-odds that a question without content does not exceed: whatever is nearest to 什么？ or 2025 is no answer."""
FOLLOWED_SLOPE, FOLLOWED_OFFSET = 0.5, 0.8
"""A follow-up ("when does it open?") has few words for its passage to match; that the conversation is about the article
counts instead. Between what keeps the right ones and what keeps out the same questions after another conversation, on
the tuning half of the sample conversations."""
_MOSTLY = 0.5
_EQUAL = 1e-4
_LOOKED_AT = 30
_LIMIT = 30.0


@cache
def shipped_weights() -> BlendedWeights:
    """Read the weights that come with the package and that `scripts/bench/fit_ranking.py` fits."""
    return BlendedWeights.read(FILE, VERSION, FEATURES)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a user's own questions add: log-odds become `slope * log-odds + offset`."""

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, log_odds: float) -> float:
        """Turn log-odds into a probability."""
        x = self.slope * log_odds + self.offset
        return 1 / (1 + math.exp(-max(-_LIMIT, min(_LIMIT, x))))


class Judge:
    """Judges the candidates of one question.

    Parameters:
        ranking: with evidence.
        typical: what the collection's passages are like on average.
        texts: of the articles.
        adjustment: to a user's own questions.
        cohort: questions about anything; without it, what comes near to all of them counts as near to this one.
    """

    def __init__(
        self, ranking: Ranking, typical: Typical, texts: Texts, adjustment: Adjustment, cohort: Cohort | None = None
    ) -> None:
        assert ranking.evidence is not None
        self._evidence: Evidence = ranking.evidence
        self._words = ranking.words
        self._texts = texts
        self.adjustment = adjustment
        self._script = main_script(ranking.query.text)
        self._shares: dict[int, float] = {}
        vector = ranking.query.vector
        self._measured = float(typical.window @ vector), float(typical.sentence @ vector)
        self._cohort = cohort
        common = np.zeros_like(vector) if cohort is None else cohort.mean
        self._common = float(typical.window @ common), float(typical.sentence @ common)
        self._trust = typical.count / (typical.count + USUAL_COUNTS)
        self._empty = is_empty(ranking.query.text, ranking.query.words)
        reading = ranking.query.reading
        self._follows = reading is not None and reading.kind == FOLLOW_UP
        self._dense = self._evidence.dense
        order = np.argsort(-self._dense, kind="stable").tolist()
        self._slots = ranking.slots
        self._rivals = [(float(self._dense[place]), place) for place in order]

    def scores(self, results: Iterable[tuple[int, Collection[int]]]) -> Iterator[float]:
        """Give the probabilities of results in rank order, made non-increasing: none outdoes a better one.

        Parameters:
            results: the place of each among the candidates, and the rows of the articles that copy it.
        """
        ceiling = 1.0
        for place, copies in results:
            ceiling = min(ceiling, self.adjustment.probability(self.log_odds(place, copies)))
            yield ceiling

    def log_odds(self, place: int, copies: Collection[int] = ()) -> float:
        """Weigh the features of a candidate, without the user's adjustment; see `features`."""
        weighed = float(shipped_weights().score(self.features(place, copies)[np.newaxis], self.nativeness(place))[0])
        if self._follows:
            weighed = FOLLOWED_SLOPE * weighed + FOLLOWED_OFFSET
        return min(weighed, EMPTY) if self._empty else weighed

    def nativeness(self, place: int) -> float:
        """Tell how far the question is in the candidate's language, 0..1.

        Words tell where many languages share a script. Of a script that one language writes a common letter is
        enough: in a small collection many words of a question in its own language are unknown.
        """
        known = lexical_share(self._words.coverage)
        return max(known, self._same_script(place)) if self._script in _OF_ONE_LANGUAGE else known

    def features(self, place: int, copies: Collection[int] = ()) -> Scores:
        """Describe a candidate by (len(FEATURES),) numbers.

        Parameters:
            place: among the candidates.
            copies: rows of the articles that say the same, which are no rivals of it.
        """
        evidence, dense = self._evidence, float(self._dense[place])
        window, sentence = float(evidence.window[place]), float(evidence.sentence[place])
        numbers = float(evidence.numbers[place])
        usual = self._usual(place)
        return np.array(
            [
                1.0,
                window,
                sentence,
                window - usual[0],
                sentence - usual[1],
                self._same_script(place),
                float(evidence.matched[place]),
                self._words.coverage,
                dense - self._best_rival(place, copies, sum(usual) + LEAD),
                numbers,
                float(self._words.number_count > 0 and numbers < 1),
            ]
        )

    def _usual(self, place: int) -> tuple[float, float]:
        """Give the question's usual cosines with windows and sentences of the candidate's language.

        Of few passages the average says little, least of one that is judged by itself. Of a candidate that comes near
        to any question, more is usual.
        """
        window, sentence = self._shrunk(self._measured, place)
        if self._cohort is None:
            return window, sentence
        best = int(np.argmax(self._evidence.sentences[place]))
        common = np.array(self._cohort.cosines(place, best)) - self._shrunk(self._common, place)
        more = common * min(max((float(common.min()) - COMMON_START) / COMMON_RANGE, 0.0), 1.0)
        return window + float(more[0]), sentence + float(more[1])

    def _shrunk(self, measured: tuple[float, float], place: int) -> tuple[float, float]:
        """Draw mean cosines of few passages to what is usual in the candidate's language."""
        native = self.nativeness(place)
        window, sentence = (
            self._trust * mean + (1 - self._trust) * (foreign * (1 - native) + own * native)
            for mean, foreign, own in zip(measured, *USUAL, strict=True)
        )
        return window, sentence

    def _best_rival(self, place: int, copies: Collection[int], without: float) -> float:
        """Give the dense score of the best passage of another article, `without` when there is none.

        No rivals are texts that score exactly alike, for they are the same; for a candidate in another script than the
        question, texts in its script, which come near to it whatever they say; and what lacks the new part of a
        fragment.
        """
        candidates = self._evidence.candidates
        own, dense = candidates[place].article, float(self._dense[place])
        crosses = self._same_script(place) < _MOSTLY
        looked_at = 0
        for score, other in self._rivals:
            rival = candidates[other]
            if self._slots[other] < self._slots[place]:
                continue
            if rival.article == own or rival.article in copies or abs(score - dense) < _EQUAL:
                continue
            if crosses and looked_at < _LOOKED_AT:
                looked_at += 1
                if self._same_script(other) >= _MOSTLY:
                    continue
            return score
        return without

    def _same_script(self, place: int) -> float:
        """Give the share of a candidate's text that is in the question's main script, read once."""
        if self._script is None:
            return 0.0
        share = self._shares.get(place)
        if share is None:
            share = self._shares[place] = self._texts.share(self._evidence.candidates[place], self._script)
        return share
