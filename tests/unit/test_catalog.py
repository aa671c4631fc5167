"""What the catalogue asks of SQLite, on which every acknowledgement rests."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

from qa_service.store.sqlite_catalog import SqliteCatalog

FULL = 2


def settings_of(catalog: SqliteCatalog) -> tuple[str, int]:
    with catalog.read() as connection:
        return (
            connection.execute("PRAGMA journal_mode").fetchone()[0],
            connection.execute("PRAGMA synchronous").fetchone()[0],
        )


def test_a_commit_is_on_disk_when_it_returns_in_every_thread(tmp_path: Path) -> None:
    """With `synchronous` NORMAL, SQLite's own default in some builds, a power cut would undo the last commits."""
    found: list[tuple[str, int]] = []
    with closing(SqliteCatalog(tmp_path)) as catalog:
        for _ in range(2):
            thread = threading.Thread(target=lambda: found.append(settings_of(catalog)))
            thread.start()
            thread.join()
        found.append(settings_of(catalog))
    assert found == [("wal", FULL)] * 3
