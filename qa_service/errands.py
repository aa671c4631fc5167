"""Long work in processes of their own, at the lowest priority, so that it takes little from who waits for an answer.

A process is started for one errand and ends with it. It reads its order from its standard input, which then stays open:
when that closes, whoever gave the order stops or has died, and so does the errand. Whatever it leaves half done is
taken up by the next, as after a crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from qa_service.config import SECRET_SETTINGS, Settings
from qa_service.errors import Unavailable
from qa_service.index.manifest import Versions

GRACE_S = 2.0
"""How long an errand may go on after it was told to stop."""
_HERE = str(Path(__file__).resolve().parents[1])

Work = Literal["jobs", "compaction"]


class NotStarted(Exception):
    """No process can do the errand here."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: all jobs, or the compaction of one collection; and to the index in which folder."""

    work: Work
    settings: Settings
    versions: Versions
    root: Path
    collection: str | None = None

    def to_json(self) -> str:
        """Write it in one line; keys are left out, errands need none."""
        settings = self.settings.model_dump(mode="json", exclude=set(SECRET_SETTINGS))
        given = {"work": self.work, "settings": settings, "versions": asdict(self.versions)}
        return json.dumps({**given, "root": str(self.root), "collection": self.collection})

    def secrets(self) -> dict[str, str]:
        """Give, for the environment, what the errand needs and `to_json` leaves out: where catalogue and index are."""
        given = {"QA_CATALOG": self.settings.catalog, "QA_INDEX": self.settings.index}
        return {name: value.get_secret_value() for name, value in given.items() if value is not None}

    @staticmethod
    def from_json(line: str) -> Order:
        """Undo `to_json`."""
        given = json.loads(line)
        versions = Versions(**given["versions"])
        root = Path(given["root"])
        return Order(given["work"], Settings(**given["settings"]), versions, root, given["collection"])


class Errands:
    """Starts a process for one errand at a time. `stop` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def run(self, order: Order) -> None:
        """Have something done and wait for it; returns early when stopped.

        Errors:
            NotStarted: no process can be started, or it cannot do this. Unavailable: it failed or died.
        """
        process = self._start(order)
        if process is None:
            return
        replies: dict[str, str] = {}
        with process:
            assert process.stdin is not None
            with contextlib.suppress(OSError, ValueError):  # it died, or was stopped: its exit code tells
                process.stdin.write(order.to_json() + "\n")
                process.stdin.flush()
            with contextlib.suppress(OSError):
                replies = _replies(process)
            with contextlib.suppress(OSError, ValueError):  # closing writes what is left, and fails as writing did
                process.stdin.close()
        with self._lock:
            self._process = None
            stopped = self._stopped
        if stopped or process.returncode == 0:
            return
        # One that was killed might have done it, and the next one may.
        if process.returncode > 0 and ("started" not in replies or "cannot" in replies):
            raise NotStarted(replies.get("cannot", f"it ended with code {process.returncode}"))
        raise Unavailable(replies.get("failed", f"its process ended with code {process.returncode}"))

    def stop(self) -> None:
        """Have the running errand leave off, wait for its end, and start no other."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(OSError, ValueError):
            process.stdin.close()
        try:
            process.wait(GRACE_S + 1)
        except subprocess.TimeoutExpired:
            process.kill()

    def _start(self, order: Order) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._stopped:
                return None
            path = os.pathsep.join(filter(None, (_HERE, *sys.path)))
            first = "from qa_service.priority import lower_priority; lower_priority()"
            path = os.pathsep.join(path for path in (_HERE, *sys.path) if path)
            command = f"{first}; from qa_service.errand_process import main; main()"
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the interpreter itself, with arguments of our own
                    [sys.executable, "-P", "-c", command],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    env={**os.environ, **order.secrets(), "PYTHONPATH": path},
                )
            except OSError as error:
                raise NotStarted(str(error)) from error
            return self._process


def _replies(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read what a process has to say until it ends."""
    replies: dict[str, str] = {}
    assert process.stdout is not None
    for line in process.stdout:
        with contextlib.suppress(ValueError, AttributeError):
            replies.update(json.loads(line))
    return replies
