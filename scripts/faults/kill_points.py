"""Processes that are killed at a point: at the n-th change of the file system, or after a time."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Work = Callable[[], None]

_CHANGES = frozenset(
    {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree", "sqlite3.connect"}
)
"""Audit events of the interpreter before which a process may be killed."""
_REPORT = struct.Struct("<qd")
_PATIENCE_S = 60.0


class Failed(Exception):
    """Work that was not killed did not succeed, or never ended."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far some work goes: its changes of the file system, and its seconds."""

    changes: int
    seconds: float


def measure(work: Work) -> Extent:
    """Have a child do all of some work.

    Errors:
        Failed: it did not succeed.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run(work, -1, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        report = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0 or len(report) != _REPORT.size:
        raise Failed(f"status {status}")
    return Extent(*_REPORT.unpack(report))


def killed(work: Work, extent: Extent, rng: Random) -> bool:
    """Have a child do some work and kill it at a random point; tell whether it was killed before its end.

    Errors:
        Failed: it failed of itself, or hangs.
    """
    by_change = rng.random() < 0.5
    child = os.fork()
    if child == 0:
        _run(work, rng.randrange(extent.changes) if by_change else -1, None)
    if not by_change:
        time.sleep(rng.random() * extent.seconds * 1.1)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    status = _waited(child)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status != 0:
        raise Failed(f"status {status}")
    return False


def _run(work: Work, last: int, report: int | None) -> None:
    """Do some work in this process, which ends here; at its change number `last` it is killed."""
    changes = 0

    def see(event: str, _arguments: tuple[object, ...]) -> None:
        nonlocal changes
        if event in _CHANGES:
            if changes == last:
                os.kill(os.getpid(), signal.SIGKILL)
            changes += 1

    code = 1
    try:
        sys.addaudithook(see)
        started = time.perf_counter()
        work()
        if report is not None:
            os.write(report, _REPORT.pack(changes, time.perf_counter() - started))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _waited(child: int) -> int:
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        if time.monotonic() > give_up:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise Failed(f"it did not end within {_PATIENCE_S:.0f} s")
        time.sleep(0.002)
