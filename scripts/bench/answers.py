"""How often the answer holds the gold answer, and how long it is: a set asked of a collection that is there already.

Only questions whose right article comes first count. Articles have the ids that `qa-service evaluate` gives them
(p00000 and so on), after a prefix if the collection has one.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from noise_retrieval import Remembering
from numpy.typing import NDArray

from qa_service.assembly import load_model
from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.bootstrap import estimate
from qa_service.evaluation.calibration import weighted_mean
from qa_service.evaluation.datasets import JudgedQuestion
from qa_service.evaluation.measures import Measure
from qa_service.evaluation.squad import load_squad
from qa_service.text.fold import encoder_fold
from qa_service.types import Ask, Span

HALVES = {"all": (0, 1), "even": (0,), "odd": (1,)}
_BATCH = 64


def row(engine: Engine, question: JudgedQuestion, options: argparse.Namespace) -> tuple[float, ...] | None:
    """Ask a question: whether its gold is in the best sentence and in the answer, the answer's length, two sentences.

    Returns:
        None when another article came first.
    """
    result = engine.ask(Ask(question.text, options.collection, options.top_k, min_confidence=0.0))
    right = {options.prefix + article for article in question.relevance}
    if result.answer is None or result.answer.article_id not in right:
        return None
    passage = result.passages[0]

    def holds(span: Span) -> bool:
        text = passage.text[span.start - passage.start : span.end - passage.start]
        return any(gold in text for gold in question.gold)

    answer = Span(result.answer.start, result.answer.end)
    length = answer.end - answer.start
    return holds(passage.highlights[0]), holds(answer), length, len(passage.highlights) - 1, result.timings_ms["render"]


def main() -> None:
    """Print the measures with their intervals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data directory")
    parser.add_argument("--collection", required=True)
    parser.add_argument("--prefix", default="", help="of the collection's article ids")
    parser.add_argument("--set", type=Path, required=True, help="file in SQuAD layout")
    parser.add_argument("--questions", type=Path, help="parallel file whose questions are asked instead")
    parser.add_argument("--half", choices=HALVES, default="all", help="only paragraphs of even or odd number")
    parser.add_argument("--top-k", type=int, default=5)
    options = parser.parse_args()
    settings = load_settings(data_dir=options.data)
    encoder = Remembering(load_model(settings))
    engine = Engine.open(settings, encoder)
    questions = [
        question
        for question in load_squad(options.set, options.questions).questions
        if int(next(iter(question.relevance))[1:]) % 2 in HALVES[options.half]
    ]
    for start in range(0, len(questions), _BATCH):
        encoder.encode_queries([encoder_fold(question.text) for question in questions[start : start + _BATCH]])
    found = [(question, row(engine, question, options)) for question in questions]
    engine.close()
    kept = [(next(iter(question.relevance)), values) for question, values in found if values is not None]
    show(np.array([values for _, values in kept], dtype=np.float64), [article for article, _ in kept], len(questions))


def show(values: NDArray[np.float64], articles: list[str], asked: int) -> None:
    """Print the figures (n, 5) with 95% intervals over articles."""
    everything = np.ones(len(values), dtype=np.bool_)
    names = ("gold in the best sentence", "gold in the answer", "characters", "two sentences", "rendering, ms")
    measures = [
        Measure(name, "neither", partial(weighted_mean, column, everything), len(values))
        for name, column in zip(names, values.T, strict=True)
    ]
    print(f"{len(values)} of {asked} questions have the right article first")
    for name, figure in estimate(measures, articles).items():
        print(f"{name:26} {figure.value:8.3f}  [{figure.low:.3f}, {figure.high:.3f}]")


if __name__ == "__main__":
    main()
