"""Article-level measures, computed by ir-measures from rankings in which ties count against us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

Ranking = Sequence[tuple[str, float]]
"""(article id, score) in rank order."""

MEASURES = {
    "nDCG@10": "nDCG@10",
    "MRR@10": "RR@10",
    "Recall@1": "R@1",
    "Recall@10": "R@10",
    "Recall@100": "R@100",
}
"""Our name of each measure and the one ir-measures knows it by."""


def pessimistic_order(ranking: Ranking, relevance: Mapping[str, int]) -> list[str]:
    """Order a ranking so that among neighbours of equal score the less relevant come first.

    Parameters:
        ranking: articles in rank order; the order between different scores is kept as it is.
        relevance: grade of each relevant article; the others have 0.

    Returns:
        Article ids, each once.
    """
    order: dict[str, None] = {}
    for _, tied in groupby(ranking, key=lambda item: item[1]):
        for article_id, _ in sorted(tied, key=lambda item: relevance.get(item[0], 0)):
            order.setdefault(article_id)
    return list(order)


def first_relevant(order: Sequence[str], relevance: Mapping[str, int]) -> int | None:
    """Give the rank, from 1, of the first relevant article, or None when there is none."""
    return next((rank for rank, article_id in enumerate(order, start=1) if relevance.get(article_id, 0) > 0), None)


def question_measures(
    orders: Mapping[str, Sequence[str]], qrels: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """Compute every measure for each question of `qrels`; one without a ranking has 0 throughout.

    Parameters:
        orders: question id -> article ids in rank order, without ties.
        qrels: question id -> article id -> relevance.

    Returns:
        Question id -> our measure name -> value, in the order of `MEASURES`.
    """
    import ir_measures  # noqa: PLC0415

    names = {ir_measures.parse_measure(known): name for name, known in MEASURES.items()}
    # The library sorts by score and breaks ties its own way; falling scores made from the ranks leave it none.
    run = {id_: {doc: float(len(order) - i) for i, doc in enumerate(order)} for id_, order in orders.items()}
    values = {id_: dict.fromkeys(MEASURES, 0.0) for id_ in qrels}
    for metric in ir_measures.iter_calc(list(names), {id_: dict(rel) for id_, rel in qrels.items()}, run):
        values[metric.query_id][names[metric.measure]] = float(metric.value)
    return values


def mean_measures(orders: Mapping[str, Sequence[str]], qrels: Mapping[str, Mapping[str, int]]) -> dict[str, float]:
    """Average every measure over the questions of `qrels`; see `question_measures`.

    Returns:
        Our measure name -> mean, in the order of `MEASURES`.
    """
    values = question_measures(orders, qrels).values()
    return {name: sum(value[name] for value in values) / len(values) for name in MEASURES}
