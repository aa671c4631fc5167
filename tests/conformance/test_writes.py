"""Adding, replacing and deleting mean the same everywhere, at once, and for every service that shares the stores."""

from __future__ import annotations

import json

import pytest

from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Incompatible, Unavailable
from qa_service.index.milvus import publishing
from qa_service.index.milvus.client import MilvusServer
from qa_service.index.milvus.collection import MilvusCollection
from qa_service.index.milvus.indexes import MilvusIndexes
from qa_service.types import Submission
from tests.conformance.articles import QUESTIONS, ask, shown, submission
from tests.conformance.conftest import Opened
from tests.conftest import add


def ids(engine: Engine, question: str, **more: object) -> list[str]:
    return [one.article_id for one in engine.ask(ask(question, **more)).passages]


def test_what_is_taken_in_is_found_when_that_is_told(engine: Engine) -> None:
    outcomes = list(engine.ingest(map(submission, range(10))))
    assert [one.outcome for one in outcomes] == ["created"] * 10
    assert sorted(ids(engine, "编号")) == sorted(f"a{n}" for n in range(10))
    assert [one.outcome for one in engine.ingest(map(submission, range(10)))] == ["unchanged"] * 10


def test_a_replaced_article_shows_its_new_text_only(engine: Engine) -> None:
    list(engine.ingest(map(submission, range(10))))
    add(engine, {"a3": "岭南的荔枝在四月成熟。"})
    found = [one for one in engine.ask(ask("荔枝何时成熟？")).passages if one.article_id == "a3"]
    assert [one.text for one in found] == ["岭南的荔枝在四月成熟。"]
    assert len(ids(engine, "编号")) == len(set(ids(engine, "编号"))) == 10


def test_a_deleted_article_is_gone_when_that_is_told(engine: Engine) -> None:
    list(engine.ingest(map(submission, range(10))))
    engine.delete_article("default", "a4")
    assert "a4" not in ids(engine, "编号")
    add(engine, {"a4": "岭南的荔枝在四月成熟。"})
    assert "a4" in ids(engine, "荔枝")


def test_copies_are_grouped(engine: Engine) -> None:
    text = "岭南的荔枝在四月成熟。它由果农在清晨采摘，当天送往城里。城里的人把它浸在井水里，第二天再吃。"
    add(engine, {"first": text, "second": text, "other": "江南的枇杷在五月成熟。果农把它装在竹篮里。"})
    result = engine.ask(ask("荔枝何时成熟？"))
    [shared] = [one for one in result.passages if one.also_in]
    assert {shared.article_id, *(one.article_id for one in shared.also_in)} == {"first", "second"}


def test_collections_are_apart_and_go_as_a_whole(engine: Engine) -> None:
    add(engine, {"here": "岭南的荔枝在四月成熟。"})
    add(engine, {"there": "岭南的荔枝在五月成熟。"}, "others")
    assert ids(engine, "荔枝", collection="others") == ["there"]
    engine.delete_collection("others")
    add(engine, {"late": "岭南的荔枝在六月成熟。"}, "others")
    assert ids(engine, "荔枝", collection="others") == ["late"]
    assert ids(engine, "荔枝") == ["here"]


def test_compacting_and_erasing_change_no_answer(engine: Engine) -> None:
    list(engine.ingest(map(submission, range(20))))
    list(engine.ingest([submission(n, version=1) for n in range(0, 20, 3)]))
    engine.delete_article("default", "a5")
    before = [shown(engine.ask(ask(question))) for question in QUESTIONS]
    engine.compact_everything(erase=True)
    assert [shown(engine.ask(ask(question))) for question in QUESTIONS] == before
    assert engine.check() == []


def test_a_second_service_shows_what_the_first_has_written(opened: Opened, stored: Settings) -> None:
    if stored.milvus is None:
        pytest.skip("services with indexes of their own see each other's writes by looking, a moment later")
    one, other = opened(), opened()
    add(one, {"a": "岭南的荔枝在四月成熟。"})
    assert ids(other, "荔枝") == ["a"]
    add(other, {"a": "岭南的荔枝在五月成熟。", "b": "枇杷在六月成熟。"})
    assert [p.text for p in one.ask(ask("荔枝何时成熟？")).passages if p.article_id == "a"] == [
        "岭南的荔枝在五月成熟。"
    ]
    one.delete_article("default", "b")
    assert ids(other, "枇杷") == ["a"]


def test_what_was_written_is_there_after_a_start(opened: Opened) -> None:
    first = opened()
    list(first.ingest(map(submission, range(10))))
    answers = [shown(first.ask(ask(question))) for question in QUESTIONS]
    first.close()
    again = opened()
    assert [shown(again.ask(ask(question))) for question in QUESTIONS] == answers
    assert again.check() == []


def test_an_index_of_other_settings_is_refused(opened: Opened) -> None:
    first = opened()
    add(first, {"a": "岭南的荔枝在四月成熟。"})
    first.close()
    with pytest.raises(Incompatible) as caught:
        opened(repair=False)
    assert "rebuild" in str(caught.value.remedy)


def milvus_of(engine: Engine) -> MilvusIndexes:
    if not isinstance(engine.generations, MilvusIndexes):
        pytest.skip("of Milvus alone")
    return engine.generations


def test_a_write_that_cannot_be_published_is_told_and_published_later(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    milvus_of(engine)
    add(engine, {"a": "岭南的荔枝在四月成熟。"})

    def fail(*_: object) -> None:
        raise Unavailable("Milvus cannot be used now")

    with monkeypatch.context() as patch:
        patch.setattr(MilvusServer, "upsert", fail)
        with pytest.raises(Unavailable, match="what was written is kept"):
            add(engine, {"b": "江南的枇杷在五月成熟。"})
    assert ids(engine, "枇杷") == ["a"]
    assert [
        one.outcome
        for one in engine.ingest([Submission(content="江南的枇杷在五月成熟。".encode(), id="b", charset="utf-8")])
    ] == ["unchanged"]
    assert sorted(ids(engine, "枇杷")) == ["a", "b"]


@pytest.mark.parametrize("step", ["upsert", "delete"])
def test_a_service_that_dies_within_a_publication_leaves_nothing_half_done(
    opened: Opened, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened()
    milvus_of(engine)
    list(engine.ingest(map(submission, range(6))))

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(MilvusServer, step, die)
        patch.setattr(publishing, "GRACE_S", 0.0)
        with pytest.raises(Killed):
            list(engine.ingest([submission(2, version=1)]))
    again = opened()
    assert sorted(ids(again, "编号")) == sorted(f"a{n}" for n in range(6))
    wanted = submission(2, version=1).content.decode()
    assert "".join(p.text for p in again.ask(ask("编号")).passages if p.article_id == "a2") == wanted
    assert again.check() == []


def test_rows_that_milvus_lost_are_told_and_made_again(engine: Engine) -> None:
    indexes = milvus_of(engine)
    list(engine.ingest(map(submission, range(6))))
    published = indexes.current(1)
    assert published is not None
    there: MilvusCollection = indexes.collection(1)
    indexes.server.delete(there.name("windows", published.build), [2, 3])
    indexes.server.delete(there.name("sentences", published.build), [5 << 10])
    problems = engine.check()
    assert [problem for problem in problems if "2 passages lack windows" in problem]
    assert [problem for problem in problems if "1 passages lack sentences" in problem]
    engine.rebuild()
    assert engine.check() == []
    assert sorted(ids(engine, "编号")) == sorted(f"a{n}" for n in range(6))


def test_a_start_makes_up_for_what_milvus_lost(opened: Opened) -> None:
    engine = opened()
    indexes = milvus_of(engine)
    list(engine.ingest(map(submission, range(6))))
    indexes.collection(1).drop()
    engine.close()
    again = opened()
    assert sorted(ids(again, "编号")) == sorted(f"a{n}" for n in range(6))
    assert again.check() == []


def test_a_rebuilt_index_takes_over_at_once(engine: Engine) -> None:
    indexes = milvus_of(engine)
    list(engine.ingest(map(submission, range(6))))
    before = [shown(engine.ask(ask(question))) for question in QUESTIONS]
    engine.compact_everything(erase=True)
    published = indexes.current(1)
    assert published is not None and published.build == 2 and published.retired == ()
    assert indexes.server.meant_by(indexes.collection(1).alias("windows")) == indexes.collection(1).name("windows", 2)
    assert [shown(engine.ask(ask(question))) for question in QUESTIONS] == before
    assert all("_1_windows_1" not in name for name in indexes.server.collections())


def test_the_address_of_the_index_is_never_shown_with_its_password(stored: Settings) -> None:
    settings = stored.model_copy(update={"index": Settings(index="milvus://me:geheim@db.example:1/x").index})
    assert "geheim" not in repr(settings) + json.dumps(settings.model_dump(mode="json"), default=str)
