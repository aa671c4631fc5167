"""By what name an index outside the data directory knows this catalogue, and what such an index holds for it besides.

The name is bound to the place of the catalogue (`Catalog.instance`), which a copy does not share: a catalogue that
finds itself elsewhere takes a new name, has nothing published, and leaves what is there under the old name to whom it
may belong. What others hold under names that were this catalogue's, or its successors', is noted until it is removed.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterable

from qa_service.errors import Superseded
from qa_service.store import facts, index_place, publications, whereabouts
from qa_service.store.catalog import Catalog, Connection, WriteTransaction

logger = logging.getLogger(__name__)

_NAME = "known as"
_PLACE = "known at"
_EARLIER = "identity"
"""What an earlier version had in place of both; over PostgreSQL it is the database's own, with dashes."""
_REPLACES = "replaces {}"
_SUCCESSOR = "successor {}"
_NOTES = tuple(note.format("%") for note in (_REPLACES, _SUCCESSOR))
_FORM = re.compile("[0-9a-f]{12}")


def name_of(catalog: Catalog) -> str:
    """Give the name of a catalogue, of 12 hex digits, which it gets if need be.

    The caller does not hold the writer's lock.
    """
    here = catalog.instance()
    with catalog.read() as connection:
        known = _known(connection)
    if known is not None and whereabouts.are_same(known[1], here):
        return known[0]
    with catalog.writer_lock(), catalog.write() as tx:
        name, old = _named(tx, here)
    if old is not None:
        tell_of_copy(catalog.where, old)
    return name


def ensure(connection: Connection, name: str) -> None:
    """Make sure that a catalogue still has the name that it had when it was opened.

    Errors:
        Superseded: it was restored meanwhile, and another service has found that out.
    """
    if facts.read(connection, _NAME) != name:
        raise Superseded("another catalogue is in its place now", field=connection.where, remedy="restart the service")


def owned(connection: Connection, here: str) -> list[str]:
    """List the names under which others hold something for a catalogue and nobody else; none if it is a copy.

    Parameters:
        here: its place.
    """
    known = _known(connection)
    if known is not None and not whereabouts.are_same(known[1], here):
        return []
    earlier = facts.read(connection, _EARLIER)
    names = [known[0]] if known is not None else [earlier] if earlier is not None else []
    return sorted({*names, *replaced(connection), *expected(connection)})


def is_known(connection: Connection) -> bool:
    """Tell whether a catalogue has, or had, a name."""
    return any(facts.read(connection, name) is not None for name in (_NAME, _EARLIER))


def depart(tx: WriteTransaction, heir_to: Iterable[str]) -> str | None:
    """Have a catalogue that was copied be one of its own, which gets a name when it is opened.

    Parameters:
        heir_to: names of the one whose place it takes.

    Returns:
        The name that it had.
    """
    known = _known(tx.connection)
    old = known[0] if known is not None else facts.read(tx.connection, _EARLIER)
    _forget(tx)
    for name in (_NAME, _PLACE, _EARLIER):
        facts.remove(tx, name)
    for name in heir_to:
        _replace(tx, name)
    return old


def left(catalog: Catalog) -> list[str]:
    """List the names under which others hold what nobody asks for any more.

    They are those of catalogues that this one has replaced, and of successors that were given up. One that is not in
    charge has none: what it is to replace is still asked.
    """
    with catalog.read() as connection:
        found, awaited = replaced(connection), expected(connection)
    if not catalog.is_in_charge():
        return []
    # Looked for after the names were read: a successor is there before its name is noted.
    return [*found, *awaited] if awaited and not catalog.has_successor() else found


def replaced(connection: Connection) -> list[str]:
    """List the names of catalogues that this one has replaced, of which others may still hold something."""
    return _noted(connection, _REPLACES)


def expected(connection: Connection) -> list[str]:
    """List the names of successors that were begun."""
    return _noted(connection, _SUCCESSOR)


def expect(catalog: Catalog, name: str) -> None:
    """Note that a successor is being made, in place of any before; its maker holds the successor's lock."""
    with catalog.read() as connection:
        if expected(connection) == [name]:
            return
    with catalog.writer_lock(), catalog.write() as tx:
        for other in expected(tx.connection):
            facts.remove(tx, _SUCCESSOR.format(other))
            _replace(tx, other)
        facts.remove(tx, _REPLACES.format(name))
        facts.put(tx, _SUCCESSOR.format(name), name)


def inherit(catalog: Catalog, replaced_by_it: Catalog) -> None:
    """Note that a catalogue replaces another, once it is in charge, with all that others still hold for that."""
    with replaced_by_it.read() as connection:
        names = owned(connection, replaced_by_it.instance())
    with catalog.writer_lock(), catalog.write() as tx:
        known = _known(tx.connection)
        for name in names:
            if known is None or name != known[0]:
                _replace(tx, name)


def _replace(tx: WriteTransaction, name: str) -> None:
    facts.put(tx, _REPLACES.format(name), name)


def removed(tx: WriteTransaction, name: str) -> None:
    """Note that others hold nothing more under a name."""
    for note in (_REPLACES, _SUCCESSOR):
        facts.remove(tx, note.format(name))


def _known(connection: Connection) -> tuple[str, str] | None:
    name, place = facts.read(connection, _NAME), facts.read(connection, _PLACE)
    return None if name is None or place is None else (name, place)


def _named(tx: WriteTransaction, here: str) -> tuple[str, str | None]:
    """Give the name of a catalogue, and which one it had as somebody else's copy."""
    known = _known(tx.connection)
    if known is not None and whereabouts.are_same(known[1], here):
        return known[0], None  # another was first
    name, old = secrets.token_hex(6), None
    if known is not None:
        old = known[0]
        _forget(tx)
    else:
        name = _adopted(tx) or name
    facts.put(tx, _NAME, name)
    facts.put(tx, _PLACE, here)
    return name, old


def _adopted(tx: WriteTransaction) -> str | None:
    """Give the name that an earlier version gave, which has no place yet; None if it gave none of use."""
    earlier = facts.read(tx.connection, _EARLIER)
    if earlier is None:
        return None
    if _FORM.fullmatch(earlier):
        # That version gives itself another name if it is installed again, and publishes anew.
        facts.remove(tx, _EARLIER)
        return earlier
    if publications.stamps(tx.connection):
        # No Milvus but Milvus Lite takes a name with dashes.
        publications.forget_all(tx)
        _replace(tx, earlier)
    return None


def _forget(tx: WriteTransaction) -> None:
    """Forget all that others hold: they may hold it for another catalogue."""
    publications.forget_all(tx)
    index_place.forget(tx)
    for note in _NOTES:
        tx.connection.execute("DELETE FROM meta WHERE key LIKE ?", (note,))


def _noted(connection: Connection, note: str) -> list[str]:
    rows = connection.execute("SELECT value FROM meta WHERE key LIKE ? ORDER BY key", (note.format("%"),))
    return [str(name) for (name,) in rows]


def tell_of_copy(where: str, old: str) -> None:
    """Say what a copy has left to whom it may belong; `where` is the copy, `old` the name that both had."""
    logger.warning(
        "%s is a copy, or was restored: all of it is published anew under a name of its own; collections in Milvus"
        " whose names begin with qa_%s_ are left there, since the original may use them: drop them if it does not",
        where,
        old,
    )
