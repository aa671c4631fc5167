"""`backup`, `backup --verify` and `restore` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_service.cli.byte_progress import byte_progress, size
from qa_service.store import directory_use
from tests.conftest import add

# `run` is the fixture of this folder.


@pytest.fixture
def file(run, tmp_path: Path) -> Path:
    with run.engine() as engine:
        add(engine, {"bus": "公交二路自九月起延长到火车站。首班车六点发车。"})
    return tmp_path / "b.tar"


def test_there_and_back(run, file: Path, tmp_path: Path) -> None:
    ran = run("backup", file)
    assert ran.code == 0
    assert f"{file}: " in ran.out
    assert "1 article in 1 collection, without indexes" in ran.out
    ran = run("backup", file, "--verify")
    assert ran.code == 0
    assert ran.out.startswith("all is well: 1 article in 1 collection")
    ran = run("restore", file, "--data", tmp_path / "elsewhere")
    assert (ran.code, ran.err) == (0, "")
    assert "indexes are made again" in ran.out
    assert "bus" in run("articles", "list", "--data", tmp_path / "elsewhere").out
    assert run("ask", "首班车几点发车?", "--data", tmp_path / "elsewhere").code == 0
    assert run("check", "--data", tmp_path / "elsewhere").code == 0


def test_an_index_in_it(run, file: Path) -> None:
    assert "with indexes" in run("backup", file, "--indexes").out


def test_replacing(run, file: Path) -> None:
    run("backup", file)
    with run.engine() as engine:
        add(engine, {"since": "新的文章。"})
    ran = run.failed("restore", file)
    assert ran.code == 2
    assert "--replace" in ran.err
    assert run("restore", file, "--replace").code == 0
    assert run.ids() == ["bus"]


def test_exit_codes(run, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_use, "WAIT_S", 0.1)
    run("backup", file)
    assert run.failed("backup", file, "--verify", "--indexes").code == 2
    assert run.failed("backup", tmp_path / "c.tar", "--data", tmp_path / "absent").code == 2
    assert run.failed("backup", tmp_path / "absent.tar", "--verify").code == 2
    assert run.failed("restore", tmp_path / "absent.tar", "--replace").code == 2
    with run.engine():
        ran = run.failed("restore", file, "--replace")
        assert ran.code == 1
        assert "stop it" in ran.err
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    for arguments in (("backup", file, "--verify"), ("restore", file, "--replace")):
        ran = run.failed(*arguments)
        assert ran.code == 1
        assert str(file) in ran.err
    assert run.ids() == ["bus"]


def test_a_warning_of_lost_vectors(run, file: Path) -> None:
    (run.data / "vectors" / "segment-000001.vec").unlink()
    ran = run("backup", file)
    assert ran.code == 0
    assert ran.err.startswith("warning: vectors/segment-000001.vec is missing")


def test_a_name_that_a_terminal_would_obey(run, file: Path, tmp_path: Path) -> None:
    strange = tmp_path / "b\x1b[31m.tar"
    assert "\x1b" not in run("backup", strange).out
    strange.write_bytes(b"x" * 2000)
    assert "\x1b" not in run.failed("backup", strange, "--verify").err


def test_progress_off_a_terminal_is_told_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 6.0, 7.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with byte_progress("backing up") as advance:
        for _ in range(3):
            advance(1_000_000, 10_000_000)
    assert capsys.readouterr().err == "backing up: 2.0 MB of 10.0 MB after 6 s\n"


def test_progress_on_a_terminal_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with byte_progress("backing up") as advance:
        advance(5_000_000, 10_000_000)
    assert "backing up" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (3_200_000_000, "3.2 GB"), (7 * 10**15, "7,000.0 TB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
