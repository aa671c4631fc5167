"""Fit the weights that choose the answer sentence; write them and report on the articles that were not learned from.

The weights are those of a conditional logit over the sentences of a passage (several may hold the answer: their
probabilities add up), with a ridge penalty, fitted on the questions of every second paragraph. The price of length is
then set on the same paragraphs so that answers from Chinese articles have the mean length wanted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from answer_examples import Example, Floats, QuestionSet, examples, ingest

from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.bootstrap import estimate
from qa_service.evaluation.calibration import weighted_mean
from qa_service.evaluation.measures import Measure
from qa_service.retrieval.answering.choice import choose, probabilities
from qa_service.retrieval.answering.features import FEATURES
from qa_service.retrieval.answering.weights import FILE, VERSION

# Questions on the same paragraphs count less each, the more often these are asked about.
SETS = (
    QuestionSet("cmrc2018_dev", "cmrc", "cmrc2018_dev", "cmrc2018_dev"),
    QuestionSet("cmrc2018_dev titled", "cmrc", "cmrc2018_dev", "cmrc2018_dev", titled=True, weight=0.5),
    QuestionSet("zh", "zh", "xquad.zh", "xquad.zh", weight=0.6),
    QuestionSet("zh asked in en", "zh", "xquad.zh", "xquad.en", weight=0.4),
    QuestionSet("zh asked in ru", "zh", "xquad.zh", "xquad.ru", weight=0.4),
    QuestionSet("en", "en", "xquad.en", "xquad.en", weight=0.4),
    QuestionSet("ru", "ru", "xquad.ru", "xquad.ru", weight=0.4),
    QuestionSet("long zh", "zh-long", "xquad.zh", "xquad.zh", joined=5, weight=0.4),
    QuestionSet("long zh asked in en", "zh-long", "xquad.zh", "xquad.en", joined=5, weight=0.4),
    QuestionSet("long zh asked in ru", "zh-long", "xquad.zh", "xquad.ru", joined=5, weight=0.4),
)
# The sets whose mean length decides the price: articles in Chinese, as they are.
PRICED = ("cmrc2018_dev", "zh", "zh asked in en", "zh asked in ru")
RIDGE = 6.0
LEAST_DEVIATION = 0.2
"""A column that is hardly ever set is taken to vary at least this much, or its weight would hardly be penalised."""


def fit(chosen: Sequence[Example]) -> Floats:
    """Fit weights (len(FEATURES),) to examples of which some sentences hold the answer and others do not."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]  # noqa: PLC0415

    useful = [one for one in chosen if one.gold.any() and not one.gold.all()]
    counts = np.array([len(one.gold) for one in useful])
    starts = np.cumsum(counts) - counts
    owners = np.repeat(np.arange(len(useful)), counts)
    features = np.concatenate([one.features for one in useful])
    gold = np.concatenate([one.gold for one in useful]).astype(np.float64)
    weight = np.array([one.weight for one in useful])
    scale = np.maximum(features.std(axis=0), LEAST_DEVIATION)
    scaled = features / scale

    def loss(values: Floats) -> tuple[float, Floats]:
        scores = scaled @ values
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[owners])
        everything = np.add.reduceat(odds, starts)
        right = np.add.reduceat(odds * gold, starts)
        slope = (odds / everything[owners] - odds * gold / right[owners]) * weight[owners]
        value = -(weight * np.log(right / everything)).sum() + RIDGE * values @ values
        return float(value), scaled.T @ slope + 2 * RIDGE * values

    found = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    fitted: Floats = found.x / scale
    return fitted


def outcomes(chosen: Sequence[Example], weights: Floats, price: float) -> Floats:
    """Tell of each example (n, 4): gold in the best sentence, in the answer, the answer's length, two sentences."""
    rows = []
    for one in chosen:
        chances = probabilities(one.features, weights)
        first, *more = sorted(choose(chances, one.lengths, one.joined.tolist(), price).sentences)
        last = more[0] if more else first
        holds = one.pairs[first] if more else one.gold[first]
        rows.append((one.gold[int(np.argmax(chances))], holds, one.ends[last] - one.starts[first], last - first))
    return np.array(rows, dtype=np.float64)


def find_price(chosen: Sequence[Example], weights: Floats, length: float) -> float:
    """Find the price at which the answers have a mean length, by halving."""
    low, high = 0.0, 0.05
    for _ in range(20):
        price = (low + high) / 2
        mean = outcomes(chosen, weights, price)[:, 2].mean()
        low, high = (price, high) if mean > length else (low, price)
    return round(high, 6)


def report(chosen: Sequence[Example], weights: Floats, price: float) -> None:
    """Print the figures of each set, with 95% intervals over articles."""
    print(f"{'set':22} {'questions':>9}  first sentence         answer                 characters           two")
    for name in dict.fromkeys(one.set for one in chosen):
        rows = [one for one in chosen if one.set == name]
        values = outcomes(rows, weights, price)
        everything = np.ones(len(rows), dtype=np.bool_)
        measures = [
            Measure(key, "neither", partial(weighted_mean, column, everything), len(rows))
            for key, column in zip(("one", "answer", "length", "two"), values.T, strict=True)
        ]
        found = estimate(measures, [str(one.paragraph) for one in rows])
        cells = [f"{e.value:7.3f} [{e.low:.3f}, {e.high:.3f}]" for e in list(found.values())[:2]]
        length = found["length"]
        print(
            f"{name:22} {len(rows):9}  {'  '.join(cells)}  {length.value:5.1f} [{length.low:.1f}, {length.high:.1f}]"
            f"  {found['two'].value:.2f}"
        )


def main() -> None:
    """Fit on the even half, report on the odd one, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=Path, required=True, help="folder of the files in SQuAD layout")
    parser.add_argument("--data", type=Path, required=True, help="working data directory; what it lacks is ingested")
    parser.add_argument("--length", type=float, default=76.0, help="mean length wanted, in characters of the original")
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    engine = Engine.open(load_settings(data_dir=options.data))
    found: list[Example] = []
    for chosen in SETS:
        ingest(engine, options.sets, chosen)
        found += examples(engine, options.sets, chosen)
        print(f"{chosen.name}: {sum(one.set == chosen.name for one in found)} questions", flush=True)
    engine.close()
    learned = [one for one in found if one.paragraph % 2 == 0]
    weights = fit(learned)
    price = find_price([one for one in learned if one.set in PRICED], weights, options.length)
    named = {name: round(float(value), 4) for name, value in zip(FEATURES, weights, strict=True)}
    content = {
        "version": VERSION,
        "fitted_on": "questions whose article came first, on even paragraphs of " + ", ".join(s.name for s in SETS),
        "length_price": price,
        "weights": named,
    }
    options.out.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    rounded = np.array(list(named.values()))
    for title, parity in (("Learned from", 0), ("Not learned from", 1)):
        print(f"\n{title}:")
        report([one for one in found if one.paragraph % 2 == parity], rounded, price)


if __name__ == "__main__":
    main()
