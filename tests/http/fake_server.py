"""Serves the fake engine as `qa-service serve` would the real one: `python fake_server.py DIRECTORY`.

The engine opens once a file `open` is in the directory, and the file `closed` says that it was closed.
A question of `wait` is answered once a file `answer` is there; files `asked`, `asked-1`, ... say that it was asked.
Reranking by it ends then too, having made a file `reranking`, or before when it is not to go on: `given-up` says so.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import SimpleNamespace

from qa_service.config import Settings
from qa_service.http.failure import HttpProblem
from qa_service.http.server import serve
from qa_service.long_work import go_on
from qa_service.types import Ask, Result
from tests.http.fake_engine import FakeEngine

PLACE = Path(sys.argv[1])
NUMBERS = count(1)


def wait_for(name: str) -> None:
    """Block until the test makes this file."""
    while not (PLACE / name).exists():
        time.sleep(0.02)


class ServedEngine(FakeEngine):
    """The fake engine, with its steps under the test's control."""

    @classmethod
    def open(cls, _: Settings) -> ServedEngine:
        wait_for("open")
        return cls()

    def ask(self, ask: Ask) -> Result:
        if ask.question == "wait":
            (PLACE / f"asked-{next(NUMBERS)}").touch()
            (PLACE / "asked").touch()
            wait_for("answer")
        return super().ask(ask)

    def rerank(self, question: str, documents: Sequence[str]) -> list[tuple[int, float]]:
        if question == "wait":
            (PLACE / "reranking").touch()
            try:
                while not (PLACE / "answer").exists():
                    go_on()
                    time.sleep(0.02)
            except HttpProblem:
                (PLACE / "given-up").touch()
                raise
        return super().rerank(question, documents)

    def close(self) -> None:
        (PLACE / "closed").touch()


sys.modules["qa_service.engine"] = SimpleNamespace(Engine=ServedEngine)  # type: ignore[assignment]
sys.exit(serve(Settings(port=0, access_log=True)))
