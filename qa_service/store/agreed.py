"""What all services that share a catalogue have agreed on, beside what indexes record."""

from __future__ import annotations

import json
from collections.abc import Mapping

from qa_service.store.catalog import Connection, WriteTransaction

_KEY = "calibration"


def read(connection: Connection) -> dict[str, str] | None:
    """Read with what calibration the services answer; None before the first has said it."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return dict(json.loads(row[0])) if row else None


def put(tx: WriteTransaction, calibration: Mapping[str, str]) -> None:
    """Record it."""
    tx.connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_KEY, json.dumps(calibration)),
    )
