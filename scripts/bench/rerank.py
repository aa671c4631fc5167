#!/usr/bin/env python
"""How well `/v1/rerank` orders the 20 best of BM25: nDCG@10 and MRR@10 of both orders, with 95% intervals, and the
median score of the first document where it is the right one, and where the right one is taken out.

    scripts/bench/rerank.py FOLDER [--questions 8] [--candidates 20]

FOLDER holds cmrc2018_dev.json and xquad.zh.json, with xquad.en.json and xquad.ru.json beside it. Questions are spread
evenly over each set; those whose article is not among the candidates count too. In "en" and "ru" the candidates of the
Chinese question are put in order for the same question in English or Russian, where words can no longer help.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from noise_retrieval import Remembering

from qa_service.assembly import load_model
from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.bootstrap import estimate
from qa_service.evaluation.calibration import weighted_mean
from qa_service.evaluation.datasets import RankingSet
from qa_service.evaluation.measures import Measure
from qa_service.evaluation.metrics import question_measures
from qa_service.evaluation.squad import load_squad
from qa_service.index.bm25 import Postings, WordQuery, inverse_document_frequency
from qa_service.store.packing import pack_terms
from qa_service.text.tokens import Tokenizer

SETS = (
    ("cmrc", "cmrc2018_dev.json", None),
    ("zh", "xquad.zh.json", None),
    ("en", "xquad.zh.json", "xquad.en.json"),
    ("ru", "xquad.zh.json", "xquad.ru.json"),
)
MEASURES = ("nDCG@10", "MRR@10")


class WordSearch:
    """BM25 over the articles of a set."""

    def __init__(self, dataset: RankingSet, tokenizer: Tokenizer) -> None:
        self.texts = [article.content.decode("utf-8") for article in dataset.articles]
        self._tokenizer = tokenizer
        words = [Counter(tokenizer.words(text)) for text in self.texts]
        frequencies = Counter(word for one in words for word in one)
        self._ids = {word: number for number, word in enumerate(frequencies)}
        self._idf = {word: inverse_document_frequency(len(words), df) for word, df in frequencies.items()}
        self._average = sum(one.total() for one in words) / len(words)
        self._postings = Postings(
            (place, pack_terms({self._ids[word]: count for word, count in one.items()}))
            for place, one in enumerate(words)
        )

    def best(self, question: str, count: int) -> list[int]:
        """Give the places of the best articles, best first."""
        known = [word for word in dict.fromkeys(self._tokenizer.words(question)) if word in self._ids]
        idf = {self._ids[word]: self._idf[word] for word in known}
        query = WordQuery(idf, sum(idf.values()), sum(idf.values()), self._average)
        return [int(key) for key in self._postings.search(query, list(idf), count).keys]


def measured(engine: Engine, folder: Path, row: tuple[str, str, str | None], options: argparse.Namespace) -> str:
    """Measure one set; give its line."""
    name, file, asked_in = row
    dataset = load_squad(folder / file)
    asked = load_squad(folder / file, folder / asked_in) if asked_in else dataset
    search = WordSearch(dataset, engine.tokenizer)
    places = np.unique(np.linspace(0, len(dataset.questions) - 1, options.questions).round().astype(int)).tolist()
    ids = [str(article.id) for article in dataset.articles]
    qrels, words, reranked, seconds = {}, {}, {}, []
    right, without = [], []
    for place in places:
        question = dataset.questions[place]
        text = asked.questions[place].text
        candidates = search.best(question.text, options.candidates)
        began = time.perf_counter()
        order = engine.rerank(text, [search.texts[one] for one in candidates])
        seconds.append(time.perf_counter() - began)
        others = [search.texts[one] for one in candidates if ids[one] not in question.relevance]
        right += [score for index, score in order[:1] if ids[candidates[index]] in question.relevance]
        without += [score for _, score in engine.rerank(text, others)[:1]]
        qrels[question.id] = question.relevance
        words[question.id] = [ids[one] for one in candidates]
        reranked[question.id] = [ids[candidates[index]] for index, _ in order]
    clusters = [min(relevance) for relevance in qrels.values()]
    figures = {
        f"{measure} {way}": [values[question][measure] for question in qrels]
        for way, values in (("BM25", question_measures(words, qrels)), ("reranked", question_measures(reranked, qrels)))
        for measure in MEASURES
    }
    scores = f"first score {np.median(right):.3f}, {np.median(without):.3f} without the right one"
    return f"{name:>4} ({len(qrels)}): {shown(figures, clusters)}; {scores}; {np.median(seconds):.3f} s a question"


def shown(figures: dict[str, list[float]], clusters: Sequence[str]) -> str:
    """Write means with their intervals."""
    measures = [
        Measure(name, "higher", partial(weighted_mean, np.array(values), np.ones(len(values), dtype=bool)), len(values))
        for name, values in figures.items()
    ]
    return ", ".join(
        f"{name} {found.value:.3f} [{found.low or 0:.3f}, {found.high or 0:.3f}]"
        for name, found in estimate(measures, clusters).items()
    )


def main() -> None:
    """Print a line for each set; texts are encoded once for all questions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, default=8, help="of each set")
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--sets", nargs="+", default=[row[0] for row in SETS])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        settings = load_settings(data_dir=Path(data))
        engine = Engine.open(settings, Remembering(load_model(settings)))
        for row in SETS:
            if row[0] in options.sets:
                print(measured(engine, options.folder, row, options), flush=True)
        engine.close()


if __name__ == "__main__":
    main()
