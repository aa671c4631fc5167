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
from qa_service.retrieval.evidence import Evidence, Scores
from qa_service.retrieval.fusion import lexical_share
from qa_service.retrieval.ranking import Ranking
from qa_service.retrieval.texts import Texts
from qa_service.retrieval.typical import Typical
from qa_service.text.scripts import main_script, script_share

FEATURES = (
    *("constant", "window", "sentence", "window_above_typical", "sentence_above_typical", "same_script"),
    *("matched", "coverage", "ahead_of_others", "numbers", "missing_numbers"),
)
VERSION = 1
FILE = Path(__file__).with_name("calibration_weights.json")
_OF_ONE_LANGUAGE = frozenset(("Han", "Hangul", "Thai", "Greek", "Hebrew", "Georgian", "Armenian", "Khmer", "Lao"))
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
        field: the candidates that the question has without its filter, None without a filter. They are the rivals:
            a filter leaves a passage as probable as it is.
    """

    def __init__(
        self,
        ranking: Ranking,
        typical: Typical,
        texts: Texts,
        adjustment: Adjustment,
        field: Evidence | None = None,
    ) -> None:
        assert ranking.evidence is not None
        self._evidence: Evidence = ranking.evidence
        self._words = ranking.words
        self._texts = texts
        self.adjustment = adjustment
        self._script = main_script(ranking.query.text)
        vector = ranking.query.vector
        self._usual = float(typical.window @ vector), float(typical.sentence @ vector)
        self._dense = self._evidence.dense
        rivals = field or self._evidence
        order = np.argsort(-rivals.dense, kind="stable").tolist()
        self._rivals = [(float(rivals.dense[place]), rivals.candidates[place].article) for place in order]

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
        return float(shipped_weights().score(self.features(place, copies)[np.newaxis], self.nativeness(place))[0])

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
        return np.array(
            [
                1.0,
                window,
                sentence,
                window - self._usual[0],
                sentence - self._usual[1],
                self._same_script(place),
                float(evidence.matched[place]),
                self._words.coverage,
                dense - self._best_rival(place, copies),
                numbers,
                float(self._words.number_count > 0 and numbers < 1),
            ]
        )

    def _best_rival(self, place: int, copies: Collection[int]) -> float:
        """Give the dense score of the best passage of another article, its own when there is none."""
        own = self._evidence.candidates[place].article
        rivals = (dense for dense, article in self._rivals if article != own and article not in copies)
        return next(rivals, float(self._dense[place]))

    def _same_script(self, place: int) -> float:
        """Give the share of the passage that is in the question's main script."""
        if self._script is None:
            return 0.0
        candidate = self._evidence.candidates[place]
        text = self._texts.of(candidate.article).repaired(candidate.start, candidate.end)
        return script_share(text, self._script)
