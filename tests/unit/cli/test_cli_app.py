"""The group itself: help, settings, and one line and an exit code for every error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embeddings.errors import ModelError
from qa_service.cli.app import cli
from qa_service.config import Settings
from qa_service.errors import Damaged, NotFound

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner

ROOT = Path(__file__).resolve().parents[3]


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from qa_service.cli import main; sys.exit(main())", *arguments]


def child_environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def test_help_names_every_command_and_setting(run: Runner) -> None:
    ran = run("--help")
    assert ran.code == 0
    for name in cli.list_commands(None):  # type: ignore[arg-type]
        assert f"\n  {name} " in ran.out
    for name in Settings.model_fields:
        assert f"QA_{name.upper()}" in ran.out
    assert "127.0.0.1" in ran.out


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["ingest"], ["--id-from [name|path]", "[default: name]", "--prune", "Exit code 0"]),
        (["ask"], ["--top-k", "[default: 5; 1<=x<=50]", "--json"]),
        (["serve"], ["[default: 127.0.0.1]", "[default: 8000]", "--no-samples"]),
        (["articles"], ["list", "show", "delete"]),
        (["collections"], ["list", "delete"]),
        (["evaluate"], ["--format [squad|seeds|beir]", "--per-question", "--gate BASELINE", "--html FILE"]),
        (["questions"], ["suggest", "check"]),
        (["check"], ["checksum"]),
        (["rebuild"], ["encoded again"]),
        (["model"], ["info", "build"]),
    ],
)
def test_help_of_each_command(run: Runner, command: list[str], shown: list[str]) -> None:
    ran = run(*command, "--help")
    assert ran.code == 0
    assert "--data DIR" in ran.out
    text = " ".join(ran.out.split())
    for part in shown:
        assert part in text


def test_version(run: Runner) -> None:
    assert run("--version").out.startswith("qa-service, version ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["ask"], "Missing argument 'QUESTION'"),
        (["ask", "q", "--top-k", "0"], "0 is not in the range"),
        (["ask", "q", "--top-k", "51"], "51 is not in the range"),
        (["ask", "q", "--bogus"], "No such option"),
        (["evaluate", "x"], "Missing option '--format'"),
        (["serve", "--port", "x"], "'x' is not a valid integer"),
    ],
)
def test_usage_errors(run: Runner, arguments: list[str], message: str) -> None:
    ran = run.failed(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_data_option_counts_from_the_innermost(run: Runner, tmp_path: Path, docs: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert run("--data", one, "ingest", docs).code == 0
    assert "flu.txt" in run("articles", "list", "--data", one).out
    assert "flu.txt" in run("--data", two, "articles", "--data", one, "list").out
    assert not run.data.exists()
    assert not two.exists()


def test_bad_setting_names_its_variable(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_PORT", "99999")
    ran = run.failed("collections", "list")
    assert ran.code == 2
    assert "QA_PORT" in ran.err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (NotFound("no such thing", field="id", remedy="look"), 2, "error: id: no such thing (look)"),
        (Damaged("broken"), 1, "error: broken"),
        (ModelError("no model", "build it"), 1, "error: no model (build it)"),
        (ValueError("odd\nthing\x1b"), 1, "error: ValueError: odd thing\\x1b (set QA_DEBUG=1 for the traceback)"),
        (PermissionError(13, "Permission denied", "/x"), 1, "error: PermissionError: [Errno 13] Permission denied"),
    ],
)
def test_errors_are_one_line(
    run: Runner, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, line: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("qa_service.engine.Engine.open", fail)
    ran = run.failed("ask", "q")
    assert ran.code == code
    assert ran.err.startswith(line)
    assert ran.err.count("\n") == 1


def test_debug_shows_the_traceback(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("odd")

    monkeypatch.setenv("QA_DEBUG", "1")
    monkeypatch.setattr("qa_service.engine.Engine.open", fail)
    ran = run("ask", "q")
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert ran.err.endswith("error: ValueError: odd\n")


def test_interrupt_is_quiet(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qa_service.engine.Engine.open", interrupt)
    ran = run("ask", "q")
    assert (ran.code, ran.out, ran.err.strip()) == (130, "", "")


def test_broken_pipe_is_quiet() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        ran = subprocess.run(
            command_line("--help"), stdout=pipe, stderr=subprocess.PIPE, env=child_environment(), check=False
        )
    assert ran.stderr == b""


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from qa_service.cli import main; main(['--help']); main(['ingest', '--help'])\n"
        "heavy = {'torch', 'faiss', 'jieba', 'flask', 'numpy', 'transformers', 'tantivy'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, env=child_environment(), check=False)
    assert ran.returncode == 0, ran.stderr


def test_text_that_the_terminal_cannot_show_is_escaped() -> None:
    ran = subprocess.run(
        command_line("ingest", "/疫苗😀"),
        capture_output=True,
        env=child_environment(PYTHONIOENCODING="gbk"),
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: /疫苗\\U0001f600: ".encode("gbk"))
