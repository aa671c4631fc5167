"""What the fit of the ranking learns from, and its report on both halves of the subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from ranking_pools import Question
from regression import Array

from qa_service.evaluation.calibration import auroc, calibration_error, equal_width_bins
from qa_service.retrieval.blended import BlendedWeights
from qa_service.retrieval.calibration import Adjustment

SAMPLES = ("samples", "samples-half", "samples-rest")
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A question's refined candidates: their features (k, f), articles, and how native the question is."""

    pool: str
    question: Question
    features: Array
    articles: Sequence[str]
    share: float

    def right(self) -> NDArray[np.bool_]:
        """Mark the candidates that answer."""
        return np.array([self.question.answered_by(article) for article in self.articles])

    def ndcg(self, weights: BlendedWeights | None) -> float:
        """Give nDCG@10 by article, ties against us; without weights, of the order before."""
        scores = -np.arange(len(self.articles)) if weights is None else weights.score(self.features, self.share)
        best: dict[str, float] = {}
        for article, score in zip(self.articles, scores.tolist(), strict=True):
            best[article] = max(best.get(article, -np.inf), score)
        own = [score for article, score in best.items() if self.question.answered_by(article)]
        place = sum(score >= max(own) for score in best.values()) if own else 11
        return 1 / np.log2(place + 1) if place <= 10 else 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """The first passage of a question: features (f,), whether it answers, whether anything in the pool does."""

    pool: str
    question: Question
    features: Array
    share: float
    right: bool
    answerable: bool


def report_ranking(examples: Sequence[Ranked], weights: BlendedWeights) -> None:
    """Print nDCG@10 by pool and set: before, after; the odd half, then all."""
    print(f"{'pool':>10} {'asked':>8} {'n':>5}  {'odd: before':>11} {'after':>7}  {'all: before':>11} {'after':>7}")
    for (pool, asked), group in groupby(sorted(examples, key=pool_and_set), key=pool_and_set):
        found = list(group)
        odd = [one for one in found if one.question.half == 1]
        figures = [np.mean([one.ndcg(by) for one in part]) for part in (odd, found) for by in (None, weights)]
        print(
            f"{pool:>10} {asked:>8} {len(found):5}  {figures[0]:11.4f} {figures[1]:7.4f}  {figures[2]:11.4f}"
            f" {figures[3]:7.4f}"
        )


def report_calibration(examples: Sequence[Judged], weights: BlendedWeights) -> None:
    """Print, on the odd half, AUROC by kind, calibration error, and what each threshold keeps and answers."""
    odd = [one for one in examples if one.question.half == 1]
    scores = {id(one): _probability(one, weights) for one in odd}
    for pool in dict.fromkeys(one.pool for one in odd):
        foreign = [one for one in odd if one.pool == pool and (one.question.asked == "samples") != (pool in SAMPLES)]
        domain = [scores[id(one)] for one in foreign]
        for asked in ("cmrc", "zh", "en", "ru", "samples"):
            here = [one for one in odd if one.pool == pool and one.question.asked == asked]
            plain = [one for one in here if one.question.kind == "plain"]
            inside = [scores[id(one)] for one in plain if one.answerable]
            outside = [scores[id(one)] for one in plain if not one.answerable]
            altered = [scores[id(one)] for one in here if one.question.kind == "altered"]
            parts = [
                f"{name} {_auroc(inside, other):.3f}"
                for name, other in (("taken out", outside), ("altered", altered), ("domain", domain))
                if inside and other
            ]
            if plain:
                parts.append(f"ECE {_ece(plain, scores):.3f} ({len(inside)}+{len(outside)})")
            print(f"{pool:>12} {asked:>5}  " + "  ".join(parts))
    for name in SAMPLES:
        some = [one for one in odd if one.pool == name and one.question.asked == "samples"]
        right = np.array([scores[id(one)] for one in some if one.right])
        wrong = np.array([scores[id(one)] for one in some if not one.answerable])
        shares = " ".join(f"{t}:{np.mean(right >= t):.2f}/{np.mean(wrong >= t):.2f}" for t in THRESHOLDS)
        print(f"{name:>12} right {len(right)} unanswerable {len(wrong)}  {shares}")
    for label, languages in (
        ("Chinese", ("cmrc", "zh")),
        ("foreign", ("en", "ru")),
        ("all", ("cmrc", "zh", "en", "ru")),
    ):
        some = [one for one in odd if one.pool in ("half", "subjects") and one.question.asked in languages]
        plain = [one for one in some if one.question.kind == "plain"]
        kept = [scores[id(one)] for one in plain if one.right]
        out = [scores[id(one)] for one in plain if not one.answerable]
        shares = " ".join(
            f"{t}:{np.mean(np.array(kept) >= t):.3f}/{np.mean(np.array(out) >= t):.3f}" for t in THRESHOLDS
        )
        print(f"{label:>8} ECE {_ece(plain, scores):.3f}  threshold: right kept/taken out answered  {shares}")


def _auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    scores = np.array([*positive, *negative])
    marks = np.arange(len(scores)) < len(positive)
    return float(auroc(scores, marks, ~marks, np.ones((1, len(scores))))[0])


def _ece(examples: Sequence[Judged], scores: dict[int, float]) -> float:
    confidences = np.array([scores[id(one)] for one in examples])
    labels = np.array([float(one.right) for one in examples])
    return float(calibration_error(confidences, labels, equal_width_bins(confidences), np.ones((1, len(labels))))[0])


def _probability(one: Judged, weights: BlendedWeights) -> float:
    return Adjustment().probability(float(weights.score(one.features[np.newaxis], one.share)[0]))


def pool_and_set(one: Ranked) -> tuple[str, str]:
    """Give its pool and set."""
    return one.pool, one.question.asked
