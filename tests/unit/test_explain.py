"""Explanations: every stage reached for real, and the same numbers as the answer gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput, NotFound
from qa_service.explanation import Account, Explanation, Leg, Target
from qa_service.filters.parsing import parse_filter
from qa_service.retrieval import calibration, refinement, strangers
from qa_service.retrieval.fusion import fuse
from qa_service.types import Ask, Freshness, Turn
from tests.conftest import add, article

QUESTION = "第3号仓库存放着多少箱货物?"
STREETS = "东桥西岭湾南湖口北山镇"
STORY = (
    "夜间巴士每二十分钟一班，从火车站开往机场。末班车在凌晨三点开出，票价为十元。周末另有加班车，乘客可以提前预订座位。"
)
MENU = "首页 | 新闻 | 联系我们 | 网站地图"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Engine]:
    """One engine for all, which is only asked: 130 storehouses, 120 articles about something else, and some others."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("explain"), cache_dir=cache_dir, model="toy", min_confidence=0)
    opened = Engine.open(settings, ToyEncoder())
    stores = [
        article(
            f"n{n}",
            f"第{n}号仓库在{STREETS[n % 11]}街，存放着{n * 7}箱货物。",
            metadata={"n": n},
            published_at=f"2024-01-{n % 28 + 1:02}",
        )
        for n in range(130)
    ]
    others = [article(f"z{n}", f"Quite other matters, number z{n}: paint and music {n * 3}.") for n in range(120)]
    copies = [article(f"bus{n}", STORY) for n in range(3)]
    list(opened.ingest([*stores, *others, *copies, article("menu", MENU)]))
    yield opened
    opened.close()


def explain(engine: Engine, question: str = QUESTION, *, top_k: int = 5, **target: str) -> Explanation:
    return engine.explain(Ask(question, top_k=top_k), Target(**target))


def account(explanation: Explanation) -> Account:
    assert explanation.account is not None
    return explanation.account


def legs(explanation: Explanation) -> dict[str, Leg]:
    found = account(explanation).legs
    return {"window": found.window, "sentence": found.sentence, "bm25": found.bm25}


ASKED = [
    Ask(QUESTION, top_k=50),
    Ask("末班车几点开出?", top_k=10),
    Ask("Where is the paint, number z7?", top_k=10),
    Ask(QUESTION, top_k=10, filters=parse_filter({"type": "lt", "key": "n", "value": 40})),
    Ask(QUESTION, top_k=10, freshness=Freshness(5.0, 1.0)),
    Ask(
        "那它存放着多少箱?",
        top_k=10,
        history=(Turn("user", "第8号仓库在哪里?"), Turn("assistant", "第8号仓库在北街。")),
    ),
]


@pytest.mark.parametrize("asked", ASKED, ids=["plain", "copies", "english", "filter", "freshness", "history"])
def test_what_is_returned_has_the_rank_and_score_of_the_answer(engine: Engine, asked: Ask) -> None:
    result = engine.ask(replace(asked, explain=True))
    assert len(result.passages) > 1
    assert result.explain is not None
    explained = {one["passage_id"]: one for one in result.explain["passages"]}  # type: ignore[attr-defined]
    for passage in result.passages:
        for target in (Target(passage_id=passage.passage_id), Target(article_id=passage.article_id)):
            found = engine.explain(asked, target)
            assert found.passage_id == passage.passage_id
            assert (found.result.stage, found.result.rank, found.result.score) == (
                "returned",
                passage.rank,
                passage.score,
            )
            assert found.result.reason
            assert found.coverage == result.explain["coverage"]
            assert found.candidates == result.explain["candidates"]
            ours = account(found)
            theirs = explained[passage.passage_id]
            assert ours.fused is not None
            assert {"rank": ours.fused.rank, "score": ours.fused.score} == theirs["fused"]
            assert (ours.refined and ours.refined.score) == (theirs["refined"] and theirs["refined"]["score"])
            assert ours.features == theirs["features"]
            assert ours.calibration == theirs["calibration"]
            assert ours.history_bonus == theirs["history_bonus"]
            assert ours.freshness_bonus == theirs["freshness_bonus"]
            for leg, given in theirs["legs"].items():
                mine = legs(found)[leg]
                assert (mine.score, mine.nominated, mine.cutoff_score) == (
                    given["score"],
                    given["nominated"],
                    given["cutoff_score"],
                )
                if given["nominated"]:
                    assert mine.rank == given["rank"]
                else:
                    assert given["rank"] is None


def test_the_first_is_given_for_comparison(engine: Engine) -> None:
    result = engine.ask(Ask(QUESTION))
    found = explain(engine, article_id="z5")
    assert found.first is not None
    assert found.first.passage_id == result.passages[0].passage_id
    assert found.first.score == result.confidence
    itself = explain(engine, passage_id=result.passages[0].passage_id)
    assert itself.first is not None
    assert itself.first.account == itself.account
    assert itself.first.closeup == itself.closeup


def test_outranked(engine: Engine) -> None:
    behind = engine.ask(Ask(QUESTION, top_k=20)).passages[12]
    found = explain(engine, passage_id=behind.passage_id)
    assert (found.result.stage, found.result.rank, found.result.score) == ("outranked", 13, behind.score)
    assert found.result.reason.startswith("It came 13th, with a score of ")
    assert "only the first 5 are returned: it lacks words that the first one has (3)" in found.result.reason
    assert explain(engine, passage_id=behind.passage_id, top_k=13).result.stage == "returned"
    assert explain(engine, passage_id=behind.passage_id, top_k=12).result.stage == "outranked"


def test_not_nominated_with_its_true_ranks(engine: Engine) -> None:
    found = explain(engine, article_id="z5")
    assert (found.result.stage, found.result.rank, found.result.score) == ("not_nominated", None, None)
    assert found.result.reason.startswith("None of the three legs has it among its best 100: ")
    assert "has none of the question's words" in found.result.reason
    assert (legs(found)["bm25"].rank, legs(found)["bm25"].score) == (None, 0.0)
    # Counted by hand, from the encoder alone.
    query = engine.encoder.encode_queries([QUESTION])[0]
    texts = [engine.article("default", one.id) for one in all_articles(engine)]
    windows = {one.summary.id: engine.encoder.encode_passages([one.text])[0] @ query for one in texts if one.passages}
    del windows["menu"]
    for leg in ("window", "sentence"):
        if leg == "sentence":
            for name in ("bus0", "bus1", "bus2"):
                sentences = [f"{one}。" for one in STORY.split("。") if one]
                windows[name] = (engine.encoder.encode_passages(sentences) @ query).max()
        own = windows["z5"]
        assert legs(found)[leg].score == pytest.approx(own, abs=1e-5)
        assert not legs(found)[leg].nominated
        assert legs(found)[leg].rank == 1 + sum(other > own + 5e-7 for other in windows.values())
    assert account(found).refined is None
    assert account(found).calibration is None
    assert found.passage_id is not None
    assert explain(engine, passage_id=found.passage_id) == found


def all_articles(engine: Engine) -> list[object]:
    found, cursor = [], None
    while True:
        page = engine.articles("default", 200, cursor)
        found.extend(page.articles)
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_ranks_beyond_the_nominated_are_not_counted_among_too_many(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "EXACT_UP_TO", 100)
    found = explain(engine, article_id="z5")
    assert found.result.stage == "not_nominated"
    assert legs(found)["window"].rank is None
    assert "beyond 100th by its window" in found.result.reason


def test_what_sets_no_scale_changes_no_score() -> None:
    dense, lexical, matched = np.linspace(1.0, 1.9, 120), np.arange(120.0), np.linspace(0, 1, 120)
    alone = fuse(dense[:-1], lexical[:-1], matched[:-1], 0.9)
    assert fuse(dense, lexical, matched, 0.9, setting=119)[:-1].tolist() == alone.tolist()
    assert fuse(dense, lexical, matched, 0.9)[:-1].tolist() != alone.tolist()
    # The best of all, on the scale of the others, is worth as much as their best.
    best = fuse(dense, lexical, np.zeros(120), 0.9, setting=119)[-2:]
    assert best[1] == pytest.approx(best[0], abs=1e-6)


def test_a_passage_that_no_leg_nominated_leaves_the_others_alone(engine: Engine) -> None:
    first = engine.ask(Ask(QUESTION)).passages[0]
    before = account(explain(engine, passage_id=first.passage_id))
    asked = (explain(engine, article_id=f"n{n}") for n in range(129, 0, -1))
    found = next(one for one in asked if one.result.stage == "not_nominated")
    assert found.first is not None
    assert found.first.account == before
    fused = account(found).fused
    assert fused is not None
    assert before.fused is not None
    assert fused.score < before.fused.score
    assert set(account(found).features) == set(refinement.FEATURES)


def test_filtered(engine: Engine) -> None:
    tree = parse_filter(
        {
            "type": "and",
            "filters": [
                {"type": "gt", "key": "n", "value": 50},
                {"type": "not_empty", "key": "n"},
                {
                    "type": "or",
                    "filters": [
                        {"type": "eq", "key": "topic", "value": "a"},
                        {"type": "after", "key": "published_at", "value": "2030"},
                        {"type": "eq", "key": "metadata.title", "value": "a"},
                    ],
                },
            ],
        }
    )
    found = engine.explain(Ask(QUESTION, filters=tree), Target(article_id="n3"))
    assert (found.result.stage, found.result.rank) == ("filtered", None)
    failed = [(one.type, one.key, one.values) for one in found.failed_conditions]
    assert failed == [
        ("gt", "n", ("3",)),
        ("eq", "topic", ()),
        ("after", "published_at", ("2024-01-04",)),
        ("eq", "metadata.title", ()),
    ]
    assert found.result.reason == (
        'The filter leaves it out: it fails `gt` of "n" (it has 3) and `eq` of "topic" (it has none) and `after` of'
        ' "published_at" (it has 2024-01-04) and 1 more.'
    )
    assert found.first is None
    assert account(found).fused is None

    some = parse_filter({"type": "gt", "key": "n", "value": 50})
    found = engine.explain(Ask(QUESTION, filters=some), Target(article_id="n3"))
    assert found.result.stage == "filtered"
    assert found.first is not None
    assert legs(found)["bm25"].rank == 1  # what it would have among those admitted
    admitted = engine.explain(Ask(QUESTION, filters=some), Target(article_id="n51"))
    assert admitted.result.stage in ("returned", "outranked")
    assert not admitted.failed_conditions


def test_copies(engine: Engine) -> None:
    question = "末班车几点开出?"
    [shown] = [one for one in engine.ask(Ask(question)).passages if one.article_id.startswith("bus")]
    stands = explain(engine, question, article_id=shown.article_id)
    assert stands.copies is not None
    assert stands.copies.stood_for_by is None
    assert {(one.article_id, one.start, one.end) for one in stands.copies.stands_for} == {
        (one.article_id, one.start, one.end) for one in shown.also_in
    }
    for other in shown.also_in:
        found = explain(engine, question, article_id=other.article_id)
        assert (found.result.stage, found.result.rank, found.result.score) == ("copy", None, None)
        assert found.copies is not None
        by = found.copies.stood_for_by
        assert by is not None
        assert (by.article_id, by.passage_id, by.rank, by.score) == (
            shown.article_id,
            shown.passage_id,
            shown.rank,
            shown.score,
        )
        assert f'result {shown.rank}, a passage of "{shown.article_id}"' in found.result.reason


def test_a_copy_of_what_is_not_returned_is_outranked(engine: Engine) -> None:
    question = "第3号仓库存放着多少箱货物?票价为几元,末班车几点开出?"
    ranks = {one.article_id: one.rank for one in engine.ask(Ask(question, top_k=50)).passages}
    shown = next(name for name in ranks if name.startswith("bus"))
    assert ranks[shown] > 1
    for name in {"bus0", "bus1", "bus2"} - {shown}:
        found = explain(engine, question, top_k=1, article_id=name)
        assert found.result.stage == "outranked"
        assert found.copies is not None
        assert found.copies.stood_for_by is not None
        assert found.copies.stood_for_by.rank == ranks[shown]
        assert explain(engine, question, top_k=ranks[shown], article_id=name).result.stage == "copy"


def test_not_searched(engine: Engine) -> None:
    found = explain(engine, article_id="menu")
    assert (found.result.stage, found.passage_id, found.account, found.closeup) == ("not_searched", None, None, None)
    assert "furniture" in found.result.reason
    assert found.first is not None
    passages = engine.article("default", "menu").passages
    for passage in passages:
        assert explain(engine, passage_id=passage.passage_id).result.stage == "not_searched"


def test_what_the_index_does_not_have_yet(
    settings: Settings, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, encoder)
    try:
        add(engine, {"old": "第1号仓库存放着7箱货物。"})
        before = engine.opened.snapshot("default")
        add(engine, {"new": "第2号仓库存放着14箱货物。"})
        monkeypatch.setattr(engine.opened, "snapshot", lambda _: before)
        [passage] = engine.article("default", "new").passages
        for target in (Target(article_id="new"), Target(passage_id=passage.passage_id)):
            found = engine.explain(Ask(QUESTION), target)
            assert found.result.stage == "not_searched"
            assert "not have it yet" in found.result.reason
            assert found.article_id == "new"
    finally:
        engine.close()


def test_missing_words_and_best_sentence(engine: Engine) -> None:
    found = explain(engine, article_id="n4")
    assert found.closeup is not None
    missing = {one.word: one for one in found.closeup.missing_words}
    assert set(missing) == {"3", "多少"}
    assert missing["3"].known
    assert not missing["多少"].known
    weights = [one.idf for one in found.closeup.missing_words]
    assert weights == sorted(weights, reverse=True)
    best = found.closeup.best_sentence
    assert best.text == engine.article("default", "n4").text[best.start : best.end]
    assert best.cosine == legs(found)["sentence"].score
    assert set(found.question_words) >= {"3", "多少", "仓库"}


def test_first_without_confidence(engine: Engine) -> None:
    first = engine.ask(Ask(QUESTION)).passages[0]
    found = engine.explain(Ask(QUESTION, min_confidence=1.0), Target(passage_id=first.passage_id))
    assert found.result.stage == "returned"
    assert found.result.reason.endswith("is below 1.00, so that the question counts as not answered.")


def test_features_by_name(engine: Engine) -> None:
    found = explain(engine, article_id="n3")
    assert tuple(account(found).features) == refinement.FEATURES
    named = account(found).calibration
    assert named is not None
    assert tuple(named) == calibration.FEATURES
    assert all(np.isfinite(value) for value in named.values())


def test_unknown_names(engine: Engine) -> None:
    with pytest.raises(NotFound, match="no article 'nowhere'") as caught:
        explain(engine, article_id="nowhere")
    assert caught.value.field == "article_id"
    with pytest.raises(NotFound, match="no passage 'f00'") as caught:
        explain(engine, passage_id="f00")
    assert caught.value.field == "passage_id"
    for target in (Target(), Target("n1", "f00")):
        with pytest.raises(BadInput, match="of article_id and passage_id is given"):
            engine.explain(Ask(QUESTION), target)
    with pytest.raises(NotFound, match="collection"):
        engine.explain(Ask(QUESTION, collection="absent"), Target(article_id="n1"))


def test_empty_collection(settings: Settings, encoder: ToyEncoder) -> None:
    engine = Engine.open(settings, encoder)
    try:
        with pytest.raises(NotFound):
            explain(engine, article_id="n1")
        add(engine, {"menu": MENU})
        found = explain(engine, article_id="menu")
        assert (found.result.stage, found.first) == ("not_searched", None)
    finally:
        engine.close()
