"""`qa-service migrate`, from one data directory to another: what it prints, and how it refuses."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from qa_service.asked import AskedQuestion
from qa_service.store.question_log import NAME, QuestionLog
from tests.unit.cli.conftest import Runner


def test_a_data_directory_moves_without_being_encoded(run: Runner, docs: Path, tmp_path: Path) -> None:
    assert run("ingest", docs).code == 0
    assert run("keys", "add", "reader").code == 0
    encoded = run.encoder.passages_encoded
    ran = run("migrate", "--to", "local", "--data-to", tmp_path / "new")
    assert ran.code == 0, ran
    assert run.encoder.passages_encoded == encoded
    first, rows, passages, compared, *others = ran.out.splitlines()
    assert first.startswith(f"moved to {tmp_path / 'new'}, index local in ")
    assert " rows with their vectors copied in " in rows
    assert passages.startswith("2 passages indexed in ")
    assert compared == "2 questions were answered alike"
    assert others[:3] == ["start the services with", f"  QA_DATA_DIR={tmp_path / 'new'}", "  QA_INDEX=local"]
    assert others[3:] == ["keys.json copied"]
    moved, here = (run("ask", "首班车几点发车？", *more).out for more in (("--data", tmp_path / "new"), ()))
    # The last line tells the time it took.
    assert moved.splitlines()[:-1] == here.splitlines()[:-1]
    assert run("check", "--data", tmp_path / "new").code == 0


def test_what_is_there_already_is_not_written_over(run: Runner, docs: Path, tmp_path: Path) -> None:
    assert run("ingest", docs).code == 0
    assert run("ingest", docs / "bus.txt", "--data", tmp_path / "other").code == 0
    ran = run.failed("migrate", "--to", "local", "--data-to", tmp_path / "other")
    assert ran.code == 2 and "it holds articles already (name an empty database, or an empty directory)" in ran.err


def test_a_source_that_is_not_there_is_refused_and_nothing_is_made(run: Runner, tmp_path: Path) -> None:
    ran = run.failed("migrate", "--to", "local", "--data", tmp_path / "typo", "--data-to", tmp_path / "new")
    assert ran.code == 2 and "QA_DATA_DIR: there are no articles in " in ran.err and "--data" in ran.err
    assert not (tmp_path / "typo").exists() and not (tmp_path / "new").exists()
    with run.engine():  # An empty one.
        pass
    assert run.failed("migrate", "--to", "local", "--data-to", tmp_path / "new").code == 2
    assert not (tmp_path / "new").exists()


def test_the_question_log_is_copied(run: Runner, docs: Path, tmp_path: Path) -> None:
    assert run("ingest", docs).code == 0
    asked = AskedQuestion("q1", "default", "首班车几点发车？", 1e9, True, 0.5, False, ())
    with closing(QuestionLog(run.data)) as log:
        log.add([asked])
        # A service goes on asking meanwhile.
        ran = run("migrate", "--to", "local", "--data-to", tmp_path / "new")
        assert ran.out.splitlines()[-1] == "questions.sqlite3, the question log, copied"
    path = tmp_path / "new" / NAME
    assert path.stat().st_mode & 0o777 == 0o600
    with closing(QuestionLog(tmp_path / "new")) as log:
        assert log.collection_of("q1") == "default" and log.problems() == []


def test_nothing_to_move_is_bad_input(run: Runner, docs: Path) -> None:
    assert run("ingest", docs).code == 0
    assert run.failed("migrate", "--to", "local").code == 2


def test_passwords_are_not_shown(run: Runner, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg", reason="psycopg is absent")
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "1")
    assert run("ingest", docs).code == 0
    ran = run.failed("migrate", "--to", "local", "--catalog", "postgresql://me:geheim@127.0.0.1:1/x")
    assert ran.code == 1 and "geheim" not in ran.err + ran.out
