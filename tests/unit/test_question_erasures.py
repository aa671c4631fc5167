"""Erasures from the question log by several processes at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from qa_service.asked import AskedQuestion
from qa_service.store.question_log import NAME, QuestionLog


def asked(number: int) -> AskedQuestion:
    return AskedQuestion(f"q{number}", "default", f"问题{number}" + "长" * 300, 1e9, True, 0.5, False, ())


class Interrupted:
    """A log's connection, with something that another process does right after the file is written anew."""

    def __init__(self, connection: sqlite3.Connection, then: Callable[[], None]) -> None:
        self._connection = connection
        self._then = then

    def execute(self, sql: str, *given: object) -> sqlite3.Cursor:
        cursor = self._connection.execute(sql, *given)  # type: ignore[arg-type]
        if sql == "VACUUM":
            self._then()
        return cursor

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


@pytest.mark.parametrize("finished", [False, True], ids=["first goes on", "first was finished by the other"])
def test_of_two_erasures_at_once_neither_ends_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: bool
) -> None:
    log, other = QuestionLog(tmp_path), QuestionLog(tmp_path)
    log.add([asked(n) for n in range(50)])

    def erase_meanwhile() -> None:
        if finished:
            other.finish_erasure()
        with monkeypatch.context() as patch:
            patch.setattr(QuestionLog, "finish_erasure", lambda _: None)
            assert other.erase(question_id="q8") == 1

    with monkeypatch.context() as patch:
        patch.setattr(log, "_connection", Interrupted(log._connection, erase_meanwhile))
        assert log.erase(question_id="q7") == 1
    with other.reading() as connection:
        assert connection.execute("SELECT count(*) FROM unfinished").fetchone() == (1,)
    other.finish_erasure()
    with other.reading() as connection:
        assert connection.execute("SELECT count(*) FROM unfinished").fetchone() == (0,)
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    log.close()
    other.close()
    assert not [n for n in (7, 8) if f"问题{n}长".encode() in (tmp_path / NAME).read_bytes()]
