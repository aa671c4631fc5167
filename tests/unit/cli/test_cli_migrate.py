"""`qa-service migrate`, from one data directory to another: what it prints, and how it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_nothing_to_move_is_bad_input(run: Runner, docs: Path) -> None:
    assert run("ingest", docs).code == 0
    assert run.failed("migrate", "--to", "local").code == 2


def test_passwords_are_not_shown(run: Runner, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg", reason="psycopg is absent")
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "1")
    assert run("ingest", docs).code == 0
    ran = run.failed("migrate", "--to", "local", "--catalog", "postgresql://me:geheim@127.0.0.1:1/x")
    assert ran.code == 1 and "geheim" not in ran.err + ran.out
