"""The engine over the toy encoder: what goes in is found, exactly, and nothing else is."""

from __future__ import annotations

import pytest

from embeddings.toy import ToyEncoder
from qa_service.engine import Engine
from qa_service.errors import BadInput, NotFound
from qa_service.types import Ask, Submission
from tests.conftest import add, article

pytestmark = pytest.mark.both_catalogues

PARK = "青河公园每天早上六点开门。晚上十点关门。公园里禁止放风筝。\n\n儿童票价是五元。"
CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号。疫苗接种每周三进行。"
BUS = "The night bus N7 leaves the harbour at 23:40. It runs on Fridays and Saturdays only."


def test_an_answer_is_an_exact_slice_of_the_original(engine: Engine) -> None:
    texts = {"park": PARK, "clinic": CLINIC, "bus": BUS}
    assert [outcome.outcome for outcome in add(engine, texts)] == ["created"] * 3
    result = engine.ask(Ask("第二社区医院的院长是谁?"))
    assert result.answerable
    assert result.answer is not None
    assert result.answer.article_id == "clinic"
    assert result.answer.text == "第二社区医院的院长是林月华。"
    for passage in result.passages:
        original = texts[passage.article_id]
        assert passage.text == original[passage.start : passage.end]
        for span in passage.highlights:
            assert passage.start <= span.start < span.end <= passage.end
    assert result.passages[0].passage_id == result.answer.passage_id
    assert set(result.timings_ms) >= {"encode", "tokenize", "nominate", "score", "render", "total"}


def test_results_do_not_depend_on_top_k(engine: Engine) -> None:
    add(engine, {f"a{n}": f"第{n}号仓库存放着{n * 7}箱货物。仓库管理员的电话是{n}。" for n in range(30)})
    one, many = engine.ask(Ask("第7号仓库有多少箱货物?", top_k=1)), engine.ask(Ask("第7号仓库有多少箱货物?", top_k=50))
    assert one.passages == many.passages[:1]
    assert (one.confidence, one.answerable, one.answer) == (many.confidence, many.answerable, many.answer)
    scores = [passage.score for passage in many.passages]
    assert scores == sorted(scores, reverse=True)
    assert len(many.passages) == 30


def test_unchanged_articles_are_not_encoded_again(engine: Engine, encoder: ToyEncoder) -> None:
    add(engine, {"park": PARK, "clinic": CLINIC})
    encoded, generation = encoder.passages_encoded, engine.ask(Ask("公园")).generation
    assert [outcome.outcome for outcome in add(engine, {"park": PARK, "clinic": CLINIC})] == ["unchanged"] * 2
    assert encoder.passages_encoded == encoded
    assert engine.ask(Ask("公园")).generation == generation


def test_new_metadata_updates_without_encoding(engine: Engine, encoder: ToyEncoder) -> None:
    add(engine, {"park": PARK})
    encoded, before = encoder.passages_encoded, engine.ask(Ask("公园票价")).passages[0]
    [outcome] = engine.ingest([article("park", PARK, title="青河公园", metadata={"区": "东"})])
    after = engine.ask(Ask("公园票价")).passages[0]
    assert outcome.outcome == "updated"
    assert encoder.passages_encoded == encoded
    assert (after.title, after.metadata) == ("青河公园", {"区": "东"})
    assert after.passage_id == before.passage_id


def test_the_same_text_under_another_id_is_not_encoded_again(engine: Engine, encoder: ToyEncoder) -> None:
    add(engine, {"park": PARK})
    encoded = encoder.passages_encoded
    add(engine, {"copy": PARK}, "other")
    assert encoder.passages_encoded == encoded
    assert engine.ask(Ask("公园票价", collection="other")).passages[0].article_id == "copy"


def test_a_replaced_article_answers_with_its_new_text_only(engine: Engine) -> None:
    add(engine, {"clinic": CLINIC, "park": PARK})
    add(engine, {"clinic": CLINIC.replace("林月华", "赵子安")})
    result = engine.ask(Ask("第二社区医院的院长是谁?", top_k=50))
    assert result.answer is not None
    assert "赵子安" in result.answer.text
    assert not any("林月华" in passage.text for passage in result.passages)
    assert engine.collections()[0].articles == 2


def test_a_deleted_article_is_gone_from_answers_and_counts(engine: Engine) -> None:
    add(engine, {"clinic": CLINIC, "park": PARK})
    engine.delete_article("default", "clinic")
    assert {passage.article_id for passage in engine.ask(Ask("院长是谁", top_k=50)).passages} == {"park"}
    with pytest.raises(NotFound):
        engine.article("default", "clinic")
    with pytest.raises(NotFound):
        engine.delete_article("default", "clinic")
    assert engine.check() == []


def test_collections_are_separate(engine: Engine) -> None:
    add(engine, {"clinic": CLINIC}, "north")
    add(engine, {"park": PARK}, "south")
    assert {p.article_id for p in engine.ask(Ask("院长是谁", collection="south", top_k=50)).passages} == {"park"}
    engine.delete_collection("north")
    with pytest.raises(NotFound):
        engine.ask(Ask("院长是谁", collection="north"))
    add(engine, {"park": PARK}, "north")
    assert {p.article_id for p in engine.ask(Ask("院长是谁", collection="north", top_k=50)).passages} == {"park"}


def test_default_exists_and_comes_back_empty(engine: Engine) -> None:
    assert engine.ask(Ask("有人吗?")).passages == ()
    add(engine, {"park": PARK})
    engine.delete_collection("default")
    result = engine.ask(Ask("公园"))
    assert (result.passages, result.confidence, result.answerable, result.answer) == ((), 0.0, False, None)


def test_prune_deletes_what_is_not_kept(engine: Engine) -> None:
    add(engine, {"clinic": CLINIC, "park": PARK, "bus": BUS})
    assert engine.prune("default", {"park"}) == ["bus", "clinic"]
    assert [row.id for row in engine.articles("default").articles] == ["park"]
    assert engine.prune("default", {"park"}) == []


def test_listing_pages_through_all_ids_in_order(engine: Engine) -> None:
    ids = sorted(["a/b", "中文.txt", "..", "x?y", "Z", "é"])
    add(engine, {key: f"{key}的正文在这里。" for key in ids})
    seen, cursor = [], None
    while True:
        page = engine.articles("default", limit=2, cursor=cursor)
        seen += [row.id for row in page.articles]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == ids
    with pytest.raises(BadInput):
        engine.articles("default", limit=0)


@pytest.mark.parametrize("question", ["", " \n\t", "院长\x00是谁", "\ud800", "问" * 4001])
def test_bad_questions_are_refused(engine: Engine, question: str) -> None:
    with pytest.raises(BadInput) as caught:
        engine.ask(Ask(question))
    assert caught.value.field == "question"
    assert caught.value.remedy


def test_bad_articles_are_recorded_and_the_rest_goes_on(engine: Engine) -> None:
    given = [
        Submission(b"", id="empty"),
        Submission(b" \n\t ", id="blank"),
        Submission(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), id="picture"),
        Submission("有字".encode(), id="x" * 513),
        Submission("有字".encode(), id="new\nline"),
        Submission("好文章在这里。".encode(), id="good"),
        Submission("又来一次。".encode(), id="good"),
        Submission(b"", id="row", rejection="rows.jsonl:3: not an object"),
    ]
    outcomes = list(engine.ingest(given))
    assert [outcome.outcome for outcome in outcomes] == ["rejected"] * 5 + ["created"] + ["rejected"] * 2
    assert all(outcome.reason for outcome in outcomes if outcome.outcome == "rejected")
    assert [row.id for row in engine.articles("default").articles] == ["good"]
    assert engine.check() == []


def test_nothing_is_made_of_a_collection_when_every_article_is_rejected(engine: Engine) -> None:
    assert [o.outcome for o in engine.ingest([Submission(b"", id="empty")], "fresh")] == ["rejected"]
    with pytest.raises(NotFound):
        engine.ask(Ask("有人吗?", collection="fresh"))


def test_a_million_times_one_character_is_taken(engine: Engine) -> None:
    [outcome] = engine.ingest([article("a", "啊" * 1_000_000)])
    assert outcome.outcome == "created"
    assert outcome.passages > 2000
    passage = engine.ask(Ask("啊啊")).passages[0]
    assert passage.text == "啊" * (passage.end - passage.start)


def test_explain_shows_every_leg(engine: Engine) -> None:
    add(engine, {"clinic": CLINIC, "park": PARK})
    explain = engine.ask(Ask("第二社区医院的院长是谁?", explain=True)).explain
    assert explain is not None
    assert 0 < float(str(explain["coverage"])) <= 1
    [first, *_] = explain["passages"]  # type: ignore[misc]
    assert {"legs", "fused", "refined", "features", "calibration"} <= set(first)
    assert set(first["legs"]) == {"window", "sentence", "bm25"}
