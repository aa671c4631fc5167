"""nDCG@10 of a set, clean and dirty, without and with repair."""

from __future__ import annotations

from dataclasses import replace

from noise_kinds import dirty, shown

from qa_service.config import Settings, load_settings
from qa_service.evaluation.datasets import RankingSet
from qa_service.evaluation.measuring import COLLECTION, fresh_engine, ingest, no_tracking
from qa_service.evaluation.metrics import mean_measures, pessimistic_order

DEPTH = 100
_clean: dict[str, float] = {}


def retrieval(dataset: RankingSet, kinds: list[str], strength: float, seed: int) -> None:
    """Ingest a set clean, dirty, and dirty with repair, and print each nDCG@10; clean only once a set."""
    texts = [article.content.decode() for article in dataset.articles]
    dirtied = (shown(dirty(text, kinds, strength, f"{seed} {number}")) for number, text in enumerate(texts))
    articles = tuple(
        replace(article, content=text.encode()) for article, text in zip(dataset.articles, dirtied, strict=True)
    )
    spoiled = replace(dataset, articles=articles)
    without, repaired = load_settings(repair=False), load_settings(repair=True)
    if dataset.name not in _clean:
        _clean[dataset.name] = ndcg(dataset, without)
    clean, plain, mended = _clean[dataset.name], ndcg(spoiled, without), ndcg(spoiled, repaired)
    print(f"    nDCG@10: clean {clean:.4f}, dirty {plain:.4f}, repaired {mended:.4f}", flush=True)


def ndcg(dataset: RankingSet, settings: Settings) -> float:
    """Rank the articles of a set for each of its questions in a fresh engine."""
    with fresh_engine(settings) as engine:
        ingest(engine, dataset.articles, no_tracking)
        orders = {
            question.id: pessimistic_order(engine.rank(question.text, COLLECTION, depth=DEPTH), question.relevance)
            for question in dataset.questions
        }
    return mean_measures(orders, {question.id: question.relevance for question in dataset.questions})["nDCG@10"]
