"""Refinement: the best candidates of the fusion once more, by learned weights over evidence that fusion cannot weigh.

Every feature has two weights, one for a question in another language than the articles and one for a question in
theirs; coverage blends them, as it weighs the lexical leg in `fusion`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from qa_service.retrieval.blended import BlendedWeights, Matrix
from qa_service.retrieval.evidence import Evidence, Scores
from qa_service.retrieval.fusion import LEG_DEPTH, leg_scale, lexical_share
from qa_service.retrieval.ranking import Ranking
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.text.scripts import main_script

DEPTH = 20
"""Candidates refined. On the public sets 10 give .003 less for questions in another language, 40 give nothing more."""
FEATURES = ("window", "sentence", "script", "lexical", "matched", "numbers")
SCRIPT_PRICE = 0.5
"""What a sentence wholly in the question's script loses, as a share of the dense leg's spread, before the best one is
looked for. A multilingual encoder puts texts of one script too near to one another: a name in Latin letters is nearer
to an English question than the Chinese sentence that answers it."""
SCALE = 10.0
"""What brings the learned scores, log-odds, to the spread of fused ones."""
VERSION = 1
FILE = Path(__file__).with_name("ranking_weights.json")


@cache
def shipped_weights() -> BlendedWeights:
    """Read the weights that come with the package and that `scripts/bench/fit_ranking.py` fits."""
    return BlendedWeights.read(FILE, VERSION, FEATURES)


def refine(ranking: Ranking, texts: Texts, watch: Stopwatch, weights: BlendedWeights | None = None) -> Ranking:
    """Reorder the first candidates by the learned score; ties and the others keep the order they had.

    Parameters:
        weights: other ones than the package's.

    Errors:
        NotFound, Damaged: a candidate's text cannot be read.
    """
    evidence = ranking.evidence
    if evidence is None or not ranking.order:
        return ranking
    first, rest = ranking.order[:DEPTH], ranking.order[DEPTH:]
    share = lexical_share(ranking.words.coverage)
    values = features(evidence, first, script_excess(evidence, first, texts, ranking.query.text, share))
    refined = np.full(len(ranking.fused), np.nan)
    refined[list(first)] = (weights or shipped_weights()).score(values, share) / SCALE + ranking.favours[list(first)]
    order = [*sorted(first, key=lambda place: -refined[place]), *rest]
    watch.lap("refine")
    return replace(ranking, order=order, refined=refined)


def features(evidence: Evidence, places: Sequence[int], excess: Scores) -> Matrix:
    """Describe k candidates of n by (k, len(FEATURES)) numbers.

    Cosines are counted from the first one's, in units of the dense leg's spread: from its best to its 100th best.

    Parameters:
        places: the candidates, k of them, the best first.
        excess: what the question's script alone gave to their best sentences (k,), as a cosine.
    """
    chosen = list(places)
    unit = _spread(evidence.dense)
    window, sentence = evidence.window[chosen], evidence.sentence[chosen]
    columns = [
        (window - window[0]) / unit,
        (sentence - sentence[0]) / unit,
        excess / unit,
        leg_scale(evidence.lexical, evidence.lexical > 0)[chosen],
        evidence.matched[chosen],
        evidence.numbers[chosen],
    ]
    return np.stack(columns, axis=1)


def script_excess(evidence: Evidence, places: Sequence[int], texts: Texts, question: str, share: float) -> Scores:
    """Tell how much of each candidate's best cosine (k,) is owed to sentences in the question's own script.

    Nothing for a question in the articles' language, `share` 1: there the script says nothing.
    """
    excess = np.zeros(len(places))
    script = main_script(question) if share < 1 else None
    if script is None:
        return excess
    price = SCRIPT_PRICE * _spread(evidence.dense)
    for row, place in enumerate(places):
        candidate, cosines = evidence.candidates[place], evidence.sentences[place]
        best = -np.inf
        for number in np.argsort(-cosines, kind="stable").tolist():
            if cosines[number] <= best:
                break
            best = max(best, float(cosines[number]) - price * texts.share_of_sentence(candidate, number, script))
        excess[row] = float(cosines.max()) - best
    return excess


def _spread(dense: Scores) -> float:
    best = np.sort(dense)[::-1][:LEG_DEPTH]
    return max(float(best[0] - best[-1]), 1e-6)
