"""scripts/serve and scripts/test: what they install, when they don't, and what they run, with a stand-in for Python."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BASH = shutil.which("bash")

# Notes each call; makes a "venv" of copies of itself, so that pip, the service and the tools are noted too.
STAND_IN = """#!/bin/sh
name=${0##*/}
case "$name $1 $2" in
"python3 -c import ensurepip"*) exit "${STAND_IN_NO_VENV:-0}" ;;
"python3 -c "*) exit "${STAND_IN_TOO_OLD:-0}" ;;
*--version*) echo "Python 3.12.0"; exit 0 ;;
esac
echo "$name $*" >>"$STAND_IN_LOG"
case "$1 $2" in
"-m venv")
    for last; do :; done
    mkdir -p "$last/bin"; rm -f "$last"/.installing "$last"/.installed-*
    for tool in python qa-service ruff mypy lint-imports pytest; do cp "$0" "$last/bin/$tool"; done ;;
"-m pip") exit "${STAND_IN_PIP:-0}" ;;
esac
case "$name" in "${STAND_IN_FAILING:-none}") echo "$name says no"; exit 3 ;; pytest) echo "== 5 passed ==" ;; esac
"""


class Checkout:
    """A copy of the scripts in a path with a space, and what they called."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a copy"
        self.log = folder / "log"
        self.bin = folder / "bin"
        (self.root / "scripts").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("serve", "test", "environment.sh", "constraints.txt"):
            shutil.copy(ROOT / "scripts" / name, self.root / "scripts" / name)
        shutil.copy(ROOT / "pyproject.toml", self.root)
        (self.bin / "python3").write_text(STAND_IN)
        (self.bin / "python3").chmod(0o755)
        for tool in ("dirname", "rm", "mkdir", "cp", "flock", "sh"):
            found = shutil.which(tool)
            if found:
                (self.bin / tool).symlink_to(found)

    def run(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        assert BASH
        return subprocess.run(
            [BASH, str(self.root / "scripts" / script), *arguments],
            capture_output=True,
            text=True,
            cwd="/",
            env={
                "PATH": str(self.bin),
                "HOME": os.environ.get("HOME", "/"),
                "STAND_IN_LOG": str(self.log),
                **environment,
            },
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """What was called, without the arguments' paths."""
        return [line.replace(str(self.root), "ROOT") for line in self.log.read_text().splitlines()]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    if BASH is None:
        pytest.skip("bash is absent")
    return Checkout(tmp_path)


INSTALL = (
    "python -m pip install -qq --no-input --progress-bar off --log ROOT/.venv/install.log "
    "-c scripts/constraints.txt -e .[{}]"
)


def test_first_start_installs_and_later_ones_do_not(checkout: Checkout) -> None:
    first = checkout.run("serve", "--port", "0")
    assert first.returncode == 0, first.stderr
    assert checkout.calls == [
        "python3 -m venv --clear ROOT/.venv",
        INSTALL.format("bundled-model,formats,mcp"),
        "qa-service model build",
        "qa-service serve --samples --port 0",
    ]
    assert "installing packages" in first.stderr
    second = checkout.run("serve", "--no-samples")
    assert checkout.calls == ["qa-service serve --samples --no-samples"]
    assert (second.returncode, second.stderr) == (0, "")


@pytest.mark.parametrize("changed", ["pyproject.toml", "scripts/constraints.txt"])
def test_a_change_of_what_is_wanted_installs_again(checkout: Checkout, changed: str) -> None:
    checkout.run("serve")
    with (checkout.root / changed).open("a") as file:
        file.write("# changed\n")
    checkout.run("serve")
    assert INSTALL.format("bundled-model,formats,mcp") in checkout.calls
    assert not any("venv" in call.split(" -")[1] for call in checkout.calls if call.startswith("python3"))


def test_the_tests_installation_serves_too_but_not_the_other_way(checkout: Checkout) -> None:
    checkout.run("serve")
    checkout.run("test")
    assert INSTALL.format("bundled-model,formats,mcp,test") in checkout.calls
    shutil.rmtree(checkout.root / ".venv")
    checkout.run("test")
    checkout.run("serve")
    assert checkout.calls == ["qa-service serve --samples"]


def test_a_failed_installation_is_said_and_made_anew(checkout: Checkout) -> None:
    failed = checkout.run("serve", STAND_IN_PIP="1")
    assert failed.returncode == 1
    assert "the installation failed" in failed.stderr
    assert not any(call.startswith("qa-service") for call in checkout.calls)
    assert checkout.run("serve").returncode == 0
    assert checkout.calls[-4:] == [
        "python3 -m venv --clear ROOT/.venv",
        INSTALL.format("bundled-model,formats,mcp"),
        "qa-service model build",
        "qa-service serve --samples",
    ]


def test_a_moved_checkout_installs_again(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run("serve")
    checkout.root = checkout.root.rename(tmp_path / "moved")
    checkout.run("serve")
    assert INSTALL.format("bundled-model,formats,mcp") in checkout.calls


def test_python_too_old(checkout: Checkout) -> None:
    ran = checkout.run("serve", STAND_IN_TOO_OLD="1")
    assert ran.returncode == 1
    assert "needs Python 3.11 or newer" in ran.stderr
    assert checkout.calls == []


def test_python_without_venv(checkout: Checkout) -> None:
    ran = checkout.run("serve", STAND_IN_NO_VENV="1")
    assert ran.returncode == 1
    assert "install the package python3-venv" in ran.stderr
    assert checkout.calls == []


def test_everything_runs_and_pytest_has_the_last_word(checkout: Checkout) -> None:
    ran = checkout.run("test", "-k", "some thing")
    assert ran.returncode == 0
    assert checkout.calls[-5:] == [
        "ruff check .",
        "ruff format --check .",
        "mypy ",
        "lint-imports --no-logo",
        "pytest -n 3 --dist loadfile --no-loadscope-reorder -k some thing",
    ]
    assert ran.stdout == "== 5 passed ==\n"


@pytest.mark.parametrize(("failing", "code"), [("ruff", 1), ("mypy", 1), ("lint-imports", 1), ("pytest", 3)])
def test_every_failure_counts_and_the_rest_still_runs(checkout: Checkout, failing: str, code: int) -> None:
    ran = checkout.run("test", STAND_IN_FAILING=failing)
    assert ran.returncode == code
    assert f"{failing} says no" in ran.stdout
    assert checkout.calls[-1] == "pytest -n 3 --dist loadfile --no-loadscope-reorder"
    if failing != "pytest":
        assert ran.stdout.splitlines()[-1] == "== 5 passed =="
