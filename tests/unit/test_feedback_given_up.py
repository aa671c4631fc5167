"""Feedback whose sender was told that it failed is not kept: sent again, it would count twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from embeddings.toy import ToyEncoder
from qa_service import log_writer
from qa_service.asked import Feedback
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Overloaded
from qa_service.log_writer import Wanted
from qa_service.store import question_groups
from qa_service.store.question_log import NAME, QuestionLog
from tests.conftest import add

FEEDBACK = Feedback(True, question="末班车几点发车?")


@pytest.fixture
def noting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(log_writer, "SHORT_PATIENCE_S", 0.2)
    engine = Engine.open(settings.model_copy(update={"question_log": True}), ToyEncoder())
    add(engine, {"bus": "夜班车每二十分钟一班。末班车凌晨三点发车。"})
    engine.start_workers()
    yield engine
    engine.close()


def judged(engine: Engine) -> tuple[int, int]:
    return engine.questions.writer.call(question_groups.count)


def test_behind_others_in_the_queue(noting: Engine) -> None:
    held, go_on = threading.Event(), threading.Event()

    def hold(_: QuestionLog) -> None:
        held.set()
        assert go_on.wait(60)

    holder = threading.Thread(target=noting.questions.writer.call, args=(hold,))
    holder.start()
    assert held.wait(60)
    for _ in range(2):
        with pytest.raises(Overloaded, match="is behind") as refusal:
            noting.feedback(FEEDBACK)
        assert refusal.value.retry_after
    go_on.set()
    holder.join()
    assert judged(noting) == (0, 0)


def test_while_another_process_has_the_file(noting: Engine) -> None:
    assert judged(noting) == (0, 0)
    path = noting.settings.data_dir / NAME
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Overloaded, match="is behind"):
            noting.feedback(FEEDBACK)
        other.rollback()
    assert judged(noting) == (0, 0)
    noting.feedback(FEEDBACK)
    assert judged(noting) == (1, 1)


def test_what_is_being_committed_is_waited_for(noting: Engine) -> None:
    """Its outcome is known only then: to call it failed would be wrong as often as not."""
    begun, go_on = threading.Event(), threading.Event()
    wanted = Wanted()

    def what(_: QuestionLog) -> str:
        assert wanted.do()
        begun.set()
        assert go_on.wait(60)
        return "done"

    found: list[str] = []
    caller = threading.Thread(target=lambda: found.append(noting.questions.writer.call(what, wanted)))
    caller.start()
    assert begun.wait(60)
    caller.join(0.5)
    assert caller.is_alive()
    go_on.set()
    caller.join(60)
    assert found == ["done"]


def test_who_decides_first_has_decided() -> None:
    one, other = Wanted(), Wanted()
    assert (one.do(), one.give_up(), one.do()) == (True, False, True)
    assert (other.give_up(), other.do(), other.give_up()) == (True, False, True)


def test_readers_are_waited_for_before_the_commit(noting: Engine) -> None:
    """Else a commit would wait for them, at a time when it cannot be given up any more."""
    assert judged(noting) == (0, 0)
    with closing(sqlite3.connect(noting.settings.data_dir / NAME, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM questions").fetchone()
        with pytest.raises(Overloaded, match="is behind"):
            noting.feedback(FEEDBACK)
        other.rollback()
    assert judged(noting) == (0, 0)
