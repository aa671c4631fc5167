"""The sandbox: a function's answer, its refusals, and every way to die or to take too much."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_service.errors import Rejected, Unavailable
from qa_service.sandbox import Limits, Sandbox

ECHO = "tests.unit.sandboxed:echo"
MISBEHAVE = "tests.unit.sandboxed:misbehave"
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(Limits(cpu_seconds=2, wall_seconds=120, memory_bytes=1024**3))
    yield made
    made.close()


def works(sandbox: Sandbox) -> bool:
    return sandbox.call(ECHO, b"abc", {"note": "ü"})["note"] == "ü"


def test_answers_and_uses_a_process_again(sandbox: Sandbox) -> None:
    content = os.urandom(3_000_000)
    first = sandbox.call(ECHO, content, {"note": None})
    assert (first["length"], first["start"]) == (3_000_000, content[:20].decode("latin-1"))
    assert first["pid"] == sandbox.call(ECHO, b"", {"note": None})["pid"] != os.getpid()


@pytest.mark.parametrize(
    ("how", "reason"),
    [("raise", "damaged or malformed .ZeroDivisionError"), ("recurse", "nested too deeply"), ("exit", "crashed")],
)
def test_failures_become_refusals_and_the_next_call_works(sandbox: Sandbox, how: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason) as caught:
        sandbox.call(MISBEHAVE, b"", {"how": how})
    assert caught.value.remedy
    assert works(sandbox)


@posix_only
@pytest.mark.parametrize(
    ("how", "reason"), [("hoard", "memory"), ("spin", "more than 2 seconds"), ("crash", "crashed")]
)
def test_limits(sandbox: Sandbox, how: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        sandbox.call(MISBEHAVE, b"", {"how": how})
    assert works(sandbox)


def test_a_process_is_used_again_however_large_its_parent_is() -> None:
    ballast = b"x" * 600_000_000
    own = Sandbox()
    assert len({own.call(ECHO, ballast[:9], {"note": None})["pid"] for _ in range(3)}) == 1
    own.close()


def test_a_process_that_does_not_start_is_no_fault_of_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    own = Sandbox()
    with pytest.raises(Unavailable, match="does not start"):
        own.call(ECHO, b"", {"note": None})
    monkeypatch.undo()
    assert works(own)
    own.close()


def test_a_refusal_keeps_its_parts(sandbox: Sandbox) -> None:
    with pytest.raises(Rejected) as caught:
        sandbox.call(MISBEHAVE, b"", {"how": "refuse"})
    assert (caught.value.detail, caught.value.field, caught.value.remedy) == ("no", "f", "r")


def test_what_only_waits_is_ended_by_the_clock() -> None:
    sandbox = Sandbox(Limits(wall_seconds=1))
    with pytest.raises(Rejected, match="more than 1 seconds"):
        sandbox.call(MISBEHAVE, b"", {"how": "sleep"})
    sandbox.close()


def test_what_is_printed_is_no_answer(sandbox: Sandbox) -> None:
    assert sandbox.call(MISBEHAVE, b"", {"how": "print"}) == {"done": "print"}


@posix_only
def test_nothing_is_written_to_files(sandbox: Sandbox, tmp_path: Path) -> None:
    target = tmp_path / "made"
    with pytest.raises(Rejected):
        sandbox.call(MISBEHAVE, str(target).encode(), {"how": "write"})
    assert not target.exists() or target.stat().st_size == 0


def test_threads_share_it(sandbox: Sandbox) -> None:
    found: list[object] = []

    def ask(number: int) -> None:
        found.append(sandbox.call(ECHO, b"x" * number, {"note": str(number)})["note"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == sorted(map(str, range(12)))


def test_a_closed_sandbox_starts_again(sandbox: Sandbox) -> None:
    before = sandbox.call(ECHO, b"", {"note": None})["pid"]
    sandbox.close()
    assert sandbox.call(ECHO, b"", {"note": None})["pid"] != before
