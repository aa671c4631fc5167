"""nDCG@10 of a set, clean and dirty, without and with repair.

All versions of a set are collections of two engines, one that repairs and one that does not; text which comes out
alike is encoded once, and so are the questions.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
from noise_kinds import dirty, shown
from numpy.typing import NDArray
from wrapped import WrappedEncoder

from embeddings.encoder import Encoder, Vectors
from qa_service.assembly import load_model
from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.datasets import RankingSet
from qa_service.evaluation.measuring import fresh_engine
from qa_service.evaluation.metrics import mean_measures, pessimistic_order

DEPTH = 100
Vector = NDArray[np.float32]


class Remembering(WrappedEncoder):
    """Encodes every text once."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self._queries: dict[str, Vector] = {}
        self._passages: dict[str, Vector] = {}

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions not met before."""
        return _remembered(texts, self._queries, self.inner.encode_queries)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode texts not met before."""
        return _remembered(texts, self._passages, self.inner.encode_passages)


def _remembered(texts: Sequence[str], known: dict[str, Vector], encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        known.update(zip(new, encode(new), strict=True))
    return np.stack([known[text] for text in texts])


class Bench:
    """Two engines, and what was measured of each clean set."""

    def __init__(self) -> None:
        self._open = ExitStack()
        atexit.register(self._open.close)
        encoder = Remembering(load_model(load_settings()))
        self.plain, self.mending = (
            self._open.enter_context(
                fresh_engine(load_settings(repair=repair), lambda settings: Engine.open(settings, encoder))
            )
            for repair in (False, True)
        )
        self.clean: dict[str, tuple[float, float]] = {}
        self._collections = 0

    def ndcg(self, engine: Engine, dataset: RankingSet) -> float:
        """Rank the articles of a set for each of its questions."""
        self._collections += 1
        name = f"noise-{self._collections}"
        for outcome in engine.ingest(dataset.articles, name):
            if outcome.outcome == "rejected":
                print(f"    rejected: {outcome.id}: {outcome.reason}")
        orders = {
            question.id: pessimistic_order(engine.rank(question.text, name, depth=DEPTH), question.relevance)
            for question in dataset.questions
        }
        return mean_measures(orders, {question.id: question.relevance for question in dataset.questions})["nDCG@10"]


_bench: list[Bench] = []


def retrieval(dataset: RankingSet, kinds: list[str], strength: float, seed: int, *, without: bool = True) -> None:
    """Print a set's nDCG@10: clean, dirty and dirty with repair; clean is measured once a set.

    Parameters:
        without: whether the dirty set is also measured without repair, for which all of it is encoded.
    """
    if not _bench:
        _bench.append(Bench())
    bench = _bench[0]
    texts = [article.content.decode() for article in dataset.articles]
    dirtied = (shown(dirty(text, kinds, strength, f"{seed} {number}")) for number, text in enumerate(texts))
    articles = tuple(
        replace(article, content=text.encode()) for article, text in zip(dataset.articles, dirtied, strict=True)
    )
    spoiled = replace(dataset, articles=articles)
    if dataset.name not in bench.clean:
        bench.clean[dataset.name] = bench.ndcg(bench.plain, dataset), bench.ndcg(bench.mending, dataset)
    clean, kept = bench.clean[dataset.name]
    plain = f"{bench.ndcg(bench.plain, spoiled):.4f}" if without else "-"
    mended = bench.ndcg(bench.mending, spoiled)
    print(
        f"    nDCG@10: clean {clean:.4f}, clean with repair {kept:.4f}, dirty {plain}, dirty with repair {mended:.4f}"
        f" ({mended - clean:+.4f})",
        flush=True,
    )
