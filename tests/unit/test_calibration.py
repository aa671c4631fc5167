"""Probabilities from evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from qa_service.engine import Engine
from qa_service.filters.parsing import parse_filter
from qa_service.index.local_snapshot import LocalSnapshot
from qa_service.retrieval import calibration
from qa_service.retrieval.calibration import FEATURES, Adjustment, Judge
from qa_service.retrieval.log_odds import log_odds_of
from qa_service.retrieval.query import Query, Reading
from qa_service.retrieval.ranking import Ranking, rank
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.retrieval.typical import Typical, TypicalPassages
from qa_service.store import collections
from qa_service.text.fold import encoder_fold
from qa_service.types import Ask, Submission

TEXTS = {
    "bridge": "望潮大桥在1998年通车，全长两公里。",
    "copy": "望潮大桥在1998年通车，全长两公里。",
    "tunnel": "城北隧道在2003年开工。",
    "library": "市图书馆周一闭馆。",
}


def ingest(engine: Engine, texts: dict[str, str]) -> None:
    outcomes = engine.ingest([Submission(text.encode(), id=name, charset="utf-8") for name, text in texts.items()], "c")
    assert all(outcome.outcome == "created" for outcome in outcomes)


@contextmanager
def judged(engine: Engine, question: str) -> Iterator[tuple[Judge, Ranking, dict[str, int]]]:
    """Give a question's judge, its ranking and each article's place among the candidates."""
    vector = engine.encoder.encode_queries([encoder_fold(question)])[0]
    query = Query(question, vector, engine.tokenizer.words(question))
    snapshot = engine.opened.snapshot("c")
    assert snapshot is not None
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "c")
        ranking = rank(connection, engine.segments, collection, snapshot, query, Stopwatch())
        assert ranking.evidence is not None
        typical = TypicalPassages(engine.segments).of(connection, snapshot, ranking.evidence.candidates)
        places = {one.article_id: place for place, one in enumerate(ranking.evidence.candidates)}
        yield Judge(ranking, typical, Texts(connection), Adjustment()), ranking, places


def feature(judge: Judge, place: int, name: str, copies: tuple[int, ...] = ()) -> float:
    return float(judge.features(place, copies)[FEATURES.index(name)])


def test_copies_are_no_rivals(engine: Engine) -> None:
    ingest(engine, TEXTS)
    with judged(engine, "望潮大桥哪年通车？") as (judge, ranking, places):
        assert ranking.evidence is not None
        # The same text word for word is none anyway; what only says the same is named.
        alone = feature(judge, places["bridge"], "ahead_of_others")
        assert alone > 0.05
        tunnel = ranking.evidence.candidates[places["tunnel"]].article
        assert feature(judge, places["bridge"], "ahead_of_others", (tunnel,)) > alone


def test_numbers_that_are_not_there_are_noticed(engine: Engine) -> None:
    ingest(engine, TEXTS)
    with judged(engine, "1998年通车的是什么？") as (judge, _, places):
        assert feature(judge, places["bridge"], "numbers") == 1.0
        assert feature(judge, places["bridge"], "missing_numbers") == 0.0
        assert feature(judge, places["tunnel"], "missing_numbers") == 1.0
    with judged(engine, "什么通车了？") as (judge, _, places):
        assert feature(judge, places["bridge"], "numbers") == 0.0
        assert feature(judge, places["bridge"], "missing_numbers") == 0.0


def test_a_changed_number_is_less_probable(engine: Engine) -> None:
    ingest(engine, TEXTS)
    with judged(engine, "望潮大桥在1998年通车吗？") as (judge, _, places):
        right = judge.log_odds(places["bridge"])
    with judged(engine, "望潮大桥在1997年通车吗？") as (judge, _, places):
        assert judge.log_odds(places["bridge"]) < right - 1


def test_scores_never_rise_down_the_ranking(engine: Engine) -> None:
    ingest(engine, TEXTS)
    with judged(engine, "望潮大桥哪年通车？") as (judge, ranking, _):
        backwards = list(judge.scores((place, ()) for place in reversed(ranking.order)))
        assert backwards == sorted(backwards, reverse=True)
        assert all(0 < score < 1 for score in backwards)


@pytest.mark.parametrize("question", ["望潮大桥哪年通车？", "when did the bridge open", "城北隧道", "1998"])
def test_confidence_is_the_same_at_any_top_k(engine: Engine, question: str) -> None:
    ingest(engine, TEXTS | {f"other{number}": f"第{number}号公告：今天停水。" for number in range(30)})
    results = [engine.ask(Ask(question, collection="c", top_k=top_k)) for top_k in (1, 2, 5, 50)]
    assert len({result.confidence for result in results}) == 1
    scores = [passage.score for passage in results[-1].passages]
    assert scores == sorted(scores, reverse=True)
    for result in results:
        assert [passage.score for passage in result.passages] == scores[: len(result.passages)]


def test_one_single_passage_can_be_judged(engine: Engine) -> None:
    ingest(engine, {"only": "市图书馆周一闭馆。"})
    result = engine.ask(Ask("图书馆哪天闭馆？", collection="c"))
    assert 0 <= result.confidence < 1


def test_an_adjustment_moves_the_log_odds() -> None:
    assert Adjustment().probability(0.0) == 0.5
    assert Adjustment(2.0, 0.0).probability(1.0) == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert Adjustment(1.0, -1.0).probability(1.0) == 0.5
    assert 0 < Adjustment().probability(-1e9) < Adjustment().probability(1e9) <= 1


def test_the_background_is_averaged_over_live_passages(engine: Engine) -> None:
    ingest(engine, TEXTS)
    with judged(engine, "望潮大桥哪年通车？") as (_, ranking, _):
        pass
    engine.delete_article("c", "library")
    snapshot = engine.opened.snapshot("c")
    assert snapshot is not None
    assert ranking.evidence is not None
    with engine.catalog.read() as connection:
        alive = TypicalPassages(engine.segments).of(connection, snapshot, ())
        left = [one for one in ranking.evidence.candidates if one.article_id != "library"]
        vectors = [engine.segments.read(one.block) for one in left]
    np.testing.assert_allclose(alive.window, np.mean([block[0] for block in vectors], axis=0), atol=1e-6)
    np.testing.assert_allclose(
        alive.sentence, np.mean(np.concatenate([block[1:] for block in vectors]), axis=0), atol=1e-6
    )


def test_the_background_follows_the_generation(engine: Engine) -> None:
    ingest(engine, {"a": "市图书馆周一闭馆。"})
    typical = TypicalPassages(engine.segments)

    def now() -> Typical:
        snapshot = engine.opened.snapshot("c")
        assert snapshot is not None
        with engine.catalog.read() as connection:
            return typical.of(connection, snapshot, ())

    before = now()
    assert now() is before
    ingest(engine, {"b": "城北隧道在2003年开工。"})
    assert not np.allclose(now().window, before.window)


def test_results_of_a_reranker_keep_their_order(engine: Engine) -> None:
    ingest(engine, TEXTS)
    with judged(engine, "望潮大桥哪年通车？") as (judge, ranking, _):
        turned = replace(ranking, order=list(reversed(ranking.order)))
        scores = list(judge.scores((place, ()) for place in turned.order))
        assert scores == sorted(scores, reverse=True)


def test_what_a_filter_excludes_is_no_rival(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # The usual cosines are the default model's; the toy encoder's are lower.
    monkeypatch.setattr(calibration, "USUAL", ((0.0, 0.0), (0.0, 0.0)))
    monkeypatch.setattr(calibration, "LEAD", 0.0)
    ingest(
        engine,
        {"north": "北岸的大桥在1998年通车，全长两公里。", "south": "南岸的大桥在1999年通车，全长两公里。", **TEXTS},
    )
    question = "大桥全长多少公里？"
    only = parse_filter({"type": "eq", "key": "article_id", "value": "south"})
    described = engine.ask(Ask(question, collection="c", filters=only, explain=True))
    free = engine.ask(Ask(question, collection="c", explain=True))
    assert [one.article_id for one in described.passages] == ["south"]
    # Without the twin, the passage is not less probable than the first of the twins.
    assert (log_odds_of(described) or 0) >= (log_odds_of(free) or 0)


def test_a_follow_up_is_judged_by_what_the_conversation_is_about_too(engine: Engine) -> None:
    ingest(engine, TEXTS)
    with judged(engine, "望潮大桥哪年通车？") as (judge, ranking, places):
        alone = judge.log_odds(places["tunnel"])
        query = replace(ranking.query, reading=Reading("follow_up", "它哪年通车？", "它哪年通车？", 0.9, ()))
        with engine.catalog.read() as connection:
            typical = TypicalPassages(engine.segments).of(connection, opened(engine), ())
            follows = Judge(replace(ranking, query=query), typical, Texts(connection), Adjustment())
            assert follows.log_odds(places["tunnel"]) == pytest.approx(
                calibration.FOLLOWED_SLOPE * alone + calibration.FOLLOWED_OFFSET
            )


def opened(engine: Engine) -> LocalSnapshot:
    snapshot = engine.opened.snapshot("c")
    assert snapshot is not None
    return snapshot
