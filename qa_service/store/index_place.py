"""Where the index of a catalogue is, as the catalogue records it."""

from __future__ import annotations

from qa_service.store import facts
from qa_service.store.catalog import Connection, WriteTransaction

_PLACE = "index at"


def read(connection: Connection) -> str | None:
    """Read it; None where it was not recorded."""
    return facts.read(connection, _PLACE)


def forget(tx: WriteTransaction) -> None:
    """Have it be recorded anew by who opens the catalogue next."""
    facts.remove(tx, _PLACE)


def put(tx: WriteTransaction, place: str) -> None:
    """Record it."""
    facts.put(tx, _PLACE, place)
