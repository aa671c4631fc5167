"""Runs a function on untrusted bytes in another process, with bounded time and memory, and lives on if that dies.

File formats are read by large libraries, some of them native. One hostile file may make them loop, eat all memory
or crash; none of that can be caught inside the process. A few worker processes are kept and used again, so that a
call costs about a millisecond once its worker has loaded the library.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from qa_service.errors import Rejected, Unavailable

_HEADER_BYTES = 8
_HERE = str(Path(__file__).resolve().parents[1])
_SPLIT = "split it, or send its text"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use.

    Attributes:
        cpu_seconds: processor time, which a busy machine does not stretch.
        wall_seconds: time on the clock, for what waits instead of working.
        memory_bytes: address space of the process.
    """

    cpu_seconds: int = 60
    wall_seconds: int = 600
    memory_bytes: int = 2 * 1024**3


class Sandbox:
    """A few processes that run functions; safe to use from several threads."""

    def __init__(self, limits: Limits | None = None, processes: int = 2) -> None:
        self._limits = limits or Limits()
        self._processes = processes
        self._forget()
        if hasattr(os, "register_at_fork"):
            # A forked child must not share the pipes of its parent's workers.
            os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    def call(self, function: str, content: bytes, arguments: Mapping[str, str | None]) -> dict[str, object]:
        """Run a function on bytes.

        Parameters:
            function: `package.module:name`; called as `name(content, **arguments)`, returns a JSON object.
            content: its input.
            arguments: further ones by name.

        Errors:
            Rejected: the function refused the content, failed on it, or went over a limit.
        Unavailable: no process can be started.
        """
        request = json.dumps({"function": function, "arguments": dict(arguments)}).encode()
        with self._free:
            worker = self._idle.pop() if self._idle else _Worker(self._limits)
            try:
                reply = worker.ask(request, content)
            except BaseException:
                worker.close()
                raise
            if reply is None or reply.get("retire"):
                worker.close()
            else:
                self._idle.append(worker)
        if reply is None:
            raise worker.failure()
        refused = reply.get("rejected")
        if isinstance(refused, dict):
            raise Rejected(str(refused["detail"]), field=refused.get("field"), remedy=refused.get("remedy"))
        result = reply.get("result")
        return result if isinstance(result, dict) else {}

    def close(self) -> None:
        """End the idle processes; a later call starts new ones."""
        while self._idle:
            self._idle.pop().close()

    def _forget(self) -> None:
        self._idle: list[_Worker] = []
        self._free = threading.BoundedSemaphore(self._processes)


class _Worker:
    """One process that answers one request at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._late = False
        self._ready = False
        command = "from qa_service.sandbox_worker import main; main()"
        self._process = subprocess.Popen(  # noqa: S603 - the interpreter itself, with arguments of our own
            [sys.executable, "-P", "-c", command, str(limits.cpu_seconds), str(limits.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in (_HERE, *sys.path) if path)},
        )

    def ask(self, request: bytes, content: bytes) -> dict[str, object] | None:
        """Send a request and wait for its reply; None when the process died or was ended for taking too long.

        Errors:
            Unavailable: it never started.
        """
        timer = threading.Timer(self._limits.wall_seconds, self._end)
        timer.daemon = True
        timer.start()
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        try:
            # It says one word when it has started: that it does not is no fault of the content.
            self._ready = self._ready or read_frame(replies) is not None
            if not self._ready:
                raise Unavailable("the process that reads files does not start", remedy="check the installation")
            for part in (request, content):
                write_frame(requests, part)
            requests.flush()
            frame = read_frame(replies)
        except OSError:
            frame = None
        finally:
            timer.cancel()
        reply = None if frame is None else json.loads(frame)
        return reply if isinstance(reply, dict) else None

    def close(self) -> None:
        """End the process and wait for its end."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        self._process.wait()

    def failure(self) -> Rejected:
        """Say why a closed process gave no reply."""
        code = self._process.returncode
        if self._late or code == -getattr(signal, "SIGXCPU", 0):
            limit = self._limits.wall_seconds if self._late else self._limits.cpu_seconds
            return Rejected(f"reading it took more than {limit} seconds", remedy=_SPLIT)
        return Rejected("the library that reads it crashed or ran out of memory", remedy=_SPLIT)

    def _end(self) -> None:
        self._late = True
        self._process.kill()


def write_frame(file: IO[bytes], data: bytes) -> None:
    """Write bytes with their length before them."""
    file.write(len(data).to_bytes(_HEADER_BYTES, "big"))
    file.write(data)


def read_frame(file: IO[bytes]) -> bytes | None:
    """Read what `write_frame` wrote; None when the other side has gone."""
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return None
    size = int.from_bytes(header, "big")
    data = file.read(size)
    return data if len(data) == size else None
