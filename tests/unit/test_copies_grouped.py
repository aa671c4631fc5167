"""Copies over the whole path: one result stands for all, and names where else it is said."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import opencc
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.responses import AskResponse
from qa_service.types import Ask, RankedPassage
from tests.conftest import add, article

pytestmark = pytest.mark.both_catalogues

STORY = (
    "青河公园管理处昨天宣布，公园从三月一日起延长开放时间。每天早上六点开门，晚上十点关门。"
    "管理处主任张伟说，延长开放是为了方便附近居民锻炼。公园里不许放风筝，也不许遛狗。儿童票价是五元，老人免费入园。"
)
INTRODUCTION = "本报记者昨天走访了附近的几个小区，居民们议论纷纷。\n"
END = "\n有居民希望公园全天开放，也有人担心夜里太吵，睡不好觉。"
CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号。疫苗接种每周三进行，请带好证件。"
QUESTION = "青河公园的儿童票价是多少?"


def traditional(text: str) -> str:
    return str(opencc.OpenCC("s2t").convert(text))


def with_pinyin(text: str) -> str:
    return traditional(text).replace("開", "開(kāi)").replace("園", "園(yuán)").replace("長", "長(zhǎng)")


def first(engine: Engine, question: str = QUESTION) -> RankedPassage:
    return engine.ask(Ask(question, top_k=1)).passages[0]


def names(engine: Engine, question: str = QUESTION) -> list[list[str]]:
    """Give the articles of each result, the one shown and those it stands for, in order of their names."""
    passages = engine.ask(Ask(question, top_k=50)).passages
    return [sorted({passage.article_id, *(copy.article_id for copy in passage.also_in)}) for passage in passages]


def test_one_result_stands_for_copies_in_other_scripts_and_dirt(engine: Engine) -> None:
    texts = {
        "clean": STORY,
        "traditional": traditional(STORY),
        "dirty": with_pinyin(STORY),
        "quoted": INTRODUCTION + STORY + END,
        "wrapped": "\n".join(STORY[n : n + 17] for n in range(0, len(STORY), 17)),
        "part": STORY[STORY.index("管理处主任") :],
        "clinic": CLINIC,
    }
    add(engine, texts)
    result = engine.ask(Ask(QUESTION, top_k=50))
    assert names(engine) == [["clean", "dirty", "part", "quoted", "traditional", "wrapped"], ["clinic"]]
    shown = result.passages[0]
    assert [copy.article_id for copy in shown.also_in] == sorted(copy.article_id for copy in shown.also_in)
    spans = {copy.article_id: texts[copy.article_id][copy.start : copy.end] for copy in shown.also_in}
    spans[shown.article_id] = shown.text
    if shown.article_id != "quoted":
        assert spans["quoted"] == STORY
    assert spans["part"] == texts["part"]
    assert spans["dirty"] == texts["dirty"]
    assert "copies" in result.timings_ms


@pytest.mark.parametrize(("old", "new"), [("五元", "六元"), ("三月", "四月"), ("张伟", "张磊"), ("也不许", "但可以")])
def test_a_changed_copy_stands_for_itself(engine: Engine, old: str, new: str) -> None:
    changed = STORY.replace(old, new)
    add(engine, {"a": STORY, "b": changed, "c": INTRODUCTION + with_pinyin(changed) + END})
    assert sorted(names(engine)) == [["a"], ["b", "c"]]


def test_top_k_counts_different_things(engine: Engine) -> None:
    add(engine, {f"copy{n}": STORY for n in range(6)} | {"clinic": CLINIC, "bus": "夜间巴士每二十分钟一班。票价十元。"})
    result = engine.ask(Ask(QUESTION, top_k=3))
    assert [len(passage.also_in) for passage in result.passages] == [5, 0, 0]
    assert len({passage.article_id for passage in result.passages}) == 3


def test_another_takes_over_when_the_one_that_stood_for_all_goes(engine: Engine) -> None:
    add(engine, {"a": STORY, "b": STORY, "c": STORY})
    for left in (["a", "b", "c"], ["b", "c"], ["c"]):
        assert names(engine) == [left]
        assert first(engine).article_id == left[0]
        engine.delete_article("default", left[0])
    assert engine.ask(Ask(QUESTION)).passages == ()
    assert engine.check() == []


def test_a_replaced_copy_is_named_no_more(engine: Engine) -> None:
    add(engine, {"a": STORY, "b": STORY})
    add(engine, {"b": CLINIC})
    assert names(engine) == [["a"], ["b"]]


def test_copies_of_other_collections_are_not_named(engine: Engine) -> None:
    add(engine, {"a": STORY}, "north")
    add(engine, {"b": STORY})
    assert names(engine) == [["b"]]


def test_sources_beside_the_candidates_are_named(engine: Engine) -> None:
    others = {f"t{n:03}": long_text(n, 4) + "青河公园的儿童票价是多少？" for n in range(300)}
    add(engine, others | {f"z{n:02}": STORY for n in range(40)})
    assert any(len(one) == 40 for one in names(engine))


def test_passages_of_short_sentences_are_found_too(engine: Engine) -> None:
    add(
        engine,
        {
            "a": "六点开门。十点关门。票价五元。",
            "b": "六點開門。十點關門。票價五元。",
            "c": "六点开门。十点关门。票价六元。",
        },
    )
    assert sorted(names(engine, "票价多少?")) == [["a", "b"], ["c"]]


def long_text(number: int, sentences: int) -> str:
    words = ["仓库", "码头", "车站", "学校", "医院", "河岸", "山谷", "集市", "工厂", "花园", "渔村", "灯塔"]
    rng = random.Random(number)
    return "".join(
        f"{rng.choice(words)}的{rng.choice(words)}在{rng.choice(words)}和{rng.choice(words)}之间，编号是{rng.randrange(10**6)}。"
        for _ in range(sentences)
    )


def test_a_text_repeated_in_its_own_article_is_named_but_never_the_result_itself(engine: Engine) -> None:
    story = STORY + long_text(4, 8)
    text = f"{story}\n\n{long_text(1, 60)}\n\n{story}"
    add(engine, {"a": text})
    shown = first(engine)
    [copy] = shown.also_in
    assert copy.article_id == "a"
    assert copy.end <= shown.start or copy.start >= shown.end
    assert text[copy.start : copy.end] in story


def test_what_is_split_over_two_passages_is_named_once(engine: Engine) -> None:
    story = long_text(2, 24)
    before = long_text(3, 9)
    add(engine, {"whole": story, "shifted": before + story})
    passages = engine.article("default", "shifted").passages
    assert len([one for one in passages if one.end > len(before)]) > 1
    for question in (story[:30], story[-30:]):
        shown = first(engine, question)
        if shown.article_id == "whole":
            assert [(copy.article_id, copy.start >= len(before)) for copy in shown.also_in] == [("shifted", True)]
    covered = {copy.article_id for copy in first(engine, story[-30:]).also_in}
    assert covered == {"whole", "shifted"} - {first(engine, story[-30:]).article_id}


def test_a_copy_that_ranks_by_what_only_it_says_stands_for_itself(engine: Engine) -> None:
    part = STORY[: STORY.index("公园里不许")]
    add(engine, {"part": part, "whole": STORY, "other": part + "公园门口的停车场每小时收费八元。"})
    result = engine.ask(Ask("公园门口的停车场每小时收费多少?", top_k=50))
    assert result.passages[0].article_id == "other"
    assert {copy.article_id for copy in result.passages[0].also_in} == {"part", "whole"}
    # What the question is about now, the whole has all of it.
    assert names(engine) == [["other", "part", "whole"]]


def test_articles_that_copy_rank_right_after_the_one_that_stands_for_them(engine: Engine) -> None:
    add(engine, {"a": STORY, "quoted": INTRODUCTION * 20 + STORY + END * 20, "clinic": CLINIC, "z": STORY})
    ranking = engine.rank(QUESTION)
    assert [article_id for article_id, _ in ranking] == ["a", "z", "quoted", "clinic"]
    scores = [score for _, score in ranking]
    assert scores == sorted(scores, reverse=True)
    # An equal text is a tie, which an evaluation counts against us; what only contains it is none.
    assert scores[0] == scores[1] > scores[2] > scores[3]
    assert [article_id for article_id, _ in engine.rank(QUESTION, depth=2)] == ["a", "z"]


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("copies"), cache_dir=cache_dir, model="toy", min_confidence=0.0)


@pytest.fixture
def opened(module_settings: Settings) -> Iterator[list[Engine]]:
    engines = [Engine.open(module_settings, ToyEncoder())]
    yield engines
    engines[0].close()


@given(st.randoms(use_true_random=False))
@hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_arrival_does_not_matter(opened: list[Engine], rng: random.Random) -> None:
    [engine] = opened
    texts = {
        "a": STORY,
        "b": STORY,
        "c": INTRODUCTION + traditional(STORY),
        "d": STORY.replace("五元", "六元"),
        "e": STORY[:60] + END,
        "f": STORY[40:],
        "g": CLINIC,
        "h": with_pinyin(CLINIC),
    }
    expected = None
    for _ in range(2):
        ids = sorted(texts)
        rng.shuffle(ids)
        engine.delete_collection("default")
        for article_id in ids:
            list(engine.ingest([article(article_id, texts[article_id])]))
        result = engine.ask(Ask(QUESTION, top_k=50))
        found = [(p.article_id, p.start, p.end, p.score, p.also_in) for p in result.passages], engine.rank(QUESTION)
        assert expected is None or found == expected
        expected = found


def test_copies_over_http(engine: Engine) -> None:
    client = create_app(engine.settings, engine).test_client()
    given = [
        {"id": "a", "text": STORY, "title": "公告"},
        {"id": "b", "text": INTRODUCTION + with_pinyin(STORY), "title": "转载", "url": "https://example.org/b"},
        {"id": "c", "text": STORY.replace("五元", "六元")},
    ]
    assert client.post("/v1/articles", json={"articles": given}).status_code == 200
    answer = client.post("/v1/ask", json={"question": QUESTION, "explain": True}).get_json()
    AskResponse.model_validate(answer)
    by_id = {one["article_id"]: one for one in answer["passages"]}
    assert len(by_id) == len(answer["passages"]) == 2
    assert by_id["c"]["also_in"] == []
    [shown] = by_id.keys() - {"c"}
    [copy] = by_id[shown]["also_in"]
    other = next(one for one in given if one["id"] == copy["article_id"])
    assert {shown, copy["article_id"]} == {"a", "b"}
    assert (copy["title"], copy["url"]) == (other["title"], other.get("url"))
    assert other["text"][copy["start"] : copy["end"]] == (STORY if copy["article_id"] == "a" else with_pinyin(STORY))
    explained = [one["passage_id"] for one in answer["explain"]["passages"]]
    assert explained == [one["passage_id"] for one in answer["passages"]]
