"""Data directories with the toy encoder, whose content is known: what the fault scripts write and look through."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.types import Submission

_PAUSE_S = 0.05
"""Between two articles that are written, so that not all time goes into looking them through."""


def text(number: int, version: int = 0) -> str:
    """Give the text of an article."""
    return f"第{number}号仓库在{number % 7}区。第{number}号仓库的负责人编号是{number * 13 + version}。"


def numbered(*numbers: int) -> dict[str, str]:
    """Give articles by id."""
    return {f"a{number:06d}": text(number) for number in numbers}


@dataclass(slots=True)
class Findings:
    """What was counted, and all that is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def expect(self, holds: object, what: str) -> None:
        """Note what should hold and does not."""
        if not holds:
            self.wrong.append(what)
            print(f"wrong: {what}", file=sys.stderr, flush=True)


def settings_of(data: Path, model: str = "toy") -> Settings:
    """Give the settings with which a directory is opened."""
    return Settings(data_dir=data, model=model, min_confidence=0, background="thread", question_cache=0)


@contextlib.contextmanager
def opened(data: Path, model: str = "toy") -> Iterator[Engine]:
    """Open a data directory with a toy encoder."""
    engine = Engine.open(settings_of(data, model))
    try:
        yield engine
    finally:
        engine.close()


def add(engine: Engine, texts: dict[str, str]) -> None:
    """Ingest texts by id."""
    given = [Submission(content=value.encode(), id=key, charset="utf-8") for key, value in texts.items()]
    for outcome in engine.ingest(given):
        assert outcome.outcome in ("created", "updated"), outcome


def held(data: Path, findings: Findings, what: str, model: str = "toy") -> dict[str, str]:
    """Open a directory as the next command does, have it checked, and read all of it."""
    with opened(data, model) as engine:
        problems = engine.check()
        findings.expect(not problems, f"{what}: {problems}")
        texts: dict[str, str] = {}
        cursor = None
        while True:
            page = engine.articles("default", 200, cursor)
            texts.update((row.id, engine.article("default", row.id).text) for row in page.articles)
            cursor = page.next_cursor
            if cursor is None:
                break
    findings.expect(not (data / ".restore").exists(), f"{what}: .restore is left")
    return texts


def write_on(data: Path, acknowledged: Path) -> None:
    """Add articles and note each once it is acknowledged, until killed: article n is written after all before it."""
    with opened(data) as engine, acknowledged.open("a", encoding="ascii", buffering=1) as notes:
        number = last_of(acknowledged) + 1
        while True:
            add(engine, numbered(number))
            notes.write(f"{number}\n")
            number += 1
            time.sleep(_PAUSE_S)


def last_of(acknowledged: Path) -> int:
    """Tell which article was acknowledged last."""
    lines = acknowledged.read_text(encoding="ascii").split("\n")[:-1] if acknowledged.exists() else []
    return int(lines[-1]) if lines else -1


def is_prefix(texts: dict[str, str], least: int, most: int | None = None) -> bool:
    """Tell whether texts are those of articles 0..n, n being `least` at least and `most` at most."""
    count = len(texts)
    right = texts == numbered(*range(count))
    return right and count > least and (most is None or count <= most + 1)
