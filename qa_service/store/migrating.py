"""The format of the catalogue: numbered migrations, never edited once released, and how a file comes to the last."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from importlib import resources
from pathlib import Path

from qa_service.errors import Incompatible

_MIGRATION = re.compile(r"(\d{4})_\w+\.sql")


@cache
def migrations() -> list[str]:
    """Read the migrations, the first first."""
    folder = resources.files("qa_service.store") / "migrations"
    named = sorted((entry.name, entry) for entry in folder.iterdir() if _MIGRATION.fullmatch(entry.name))
    return [entry.read_text(encoding="utf-8") for _, entry in named]


def format_of(connection: sqlite3.Connection) -> int:
    """Tell how many migrations a catalogue has had."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the catalogue of this path to the last format; the caller holds the writer's lock.

    Errors:
        Incompatible: a newer version of the service made it.
    """
    done = format_of(connection)
    scripts = migrations()
    if done > len(scripts):
        raise Incompatible(
            f"it has format {done}, this version knows up to {len(scripts)}",
            field=str(path),
            remedy="install the version of qa-service that made it, or a later one",
        )
    for number, script in enumerate(scripts[done:], start=done + 1):
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
