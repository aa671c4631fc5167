"""What all services that share a catalogue have agreed on, beside what indexes record."""

from __future__ import annotations

import json
from collections.abc import Mapping

from qa_service.store import facts
from qa_service.store.catalog import Connection, WriteTransaction

_KEY = "calibration"


def read(connection: Connection) -> dict[str, str] | None:
    """Read with what calibration the services answer; None before the first has said it."""
    found = facts.read(connection, _KEY)
    return dict(json.loads(found)) if found is not None else None


def put(tx: WriteTransaction, calibration: Mapping[str, str]) -> None:
    """Record it."""
    facts.put(tx, _KEY, json.dumps(calibration))
