"""What page furniture is learnt from, which articles have which units of text, and what was learnt."""

from __future__ import annotations

from collections.abc import Iterable

from qa_service.store import facts
from qa_service.store.catalog import Connection, WriteTransaction
from qa_service.store.listed import parts
from qa_service.store.packing import Units, unpack_units

_ORPHANS = "collection = ? AND article NOT IN (SELECT row FROM articles WHERE collection = ? AND deleted_seq IS NULL)"


_UNFINISHED = "furniture of collection {} is being learnt"


def begin(tx: WriteTransaction, collection: int) -> None:
    """Note that articles are about to be processed anew because of what was learnt."""
    facts.put(tx, _UNFINISHED.format(collection), "1")


def finish(tx: WriteTransaction, collection: int) -> None:
    """Note that all articles leave out what was learnt."""
    facts.remove(tx, _UNFINISHED.format(collection))


def is_unfinished(connection: Connection, collection: int) -> bool:
    """Tell whether a crash, or somebody at work, left articles that leave out something else than was learnt."""
    return facts.read(connection, _UNFINISHED.format(collection)) is not None


def add(tx: WriteTransaction, collection: int, article: int, prints: Iterable[int]) -> None:
    """Count a new article's distinct prints."""
    add_all(tx, collection, ((number, article) for number in prints))


def add_all(tx: WriteTransaction, collection: int, prints: Iterable[tuple[int, int]]) -> None:
    """Count the distinct prints of new articles, given as (print, article's row)."""
    rows = [(collection, *pair) for pair in sorted(prints)]
    tx.connection.executemany("INSERT INTO lines VALUES (?, ?, ?) ON CONFLICT DO NOTHING", rows)


def remove(tx: WriteTransaction, article: int) -> None:
    """Stop counting an article."""
    tx.connection.execute("DELETE FROM lines WHERE article = ?", (article,))


def holders(connection: Connection, collection: int, site: str, number: int) -> list[int]:
    """Find the live articles of a site that have a print, by row."""
    rows = connection.execute(
        "SELECT a.row FROM lines l JOIN articles a ON a.row = l.article"
        " WHERE l.collection = ? AND l.print = ? AND a.site = ?",
        (collection, number, site),
    )
    return [row for (row,) in rows]


def sample(connection: Connection, collection: int, site: str, number: int, limit: int) -> list[int]:
    """Give live articles of a site that have a print, a selection that does not depend on when they came."""
    rows = connection.execute(
        "SELECT a.row FROM lines l JOIN articles a ON a.row = l.article"
        " WHERE l.collection = ? AND l.print = ? AND a.site = ? ORDER BY a.sha256, a.id LIMIT ?",
        (collection, number, site, limit),
    )
    return [row for (row,) in rows]


def count_by_site(connection: Connection, collection: int, number: int) -> dict[str, int]:
    """Count the live articles that have a print, by site."""
    rows = connection.execute(
        "SELECT a.site, count(*) FROM lines l JOIN articles a ON a.row = l.article"
        " WHERE l.collection = ? AND l.print = ? GROUP BY a.site",
        (collection, number),
    )
    return dict(rows.fetchall())


def site_size(connection: Connection, collection: int, site: str) -> int:
    """Count the live articles of a site."""
    (count,) = connection.execute(
        "SELECT count(*) FROM articles WHERE collection = ? AND site = ? AND deleted_seq IS NULL", (collection, site)
    ).fetchone()
    return int(count)


def held_often(connection: Connection, collection: int, least: int) -> list[int]:
    """Give the prints that at least so many live articles have."""
    rows = connection.execute(
        "SELECT print FROM lines WHERE collection = ? GROUP BY print HAVING count(*) >= ?", (collection, least)
    )
    return [number for (number,) in rows]


def count_holders(connection: Connection, collection: int, prints: Iterable[int], up_to: int) -> dict[int, int]:
    """Count the live articles that have each print, up to a number."""
    count = "SELECT count(*) FROM (SELECT 1 FROM lines WHERE collection = ? AND print = ? LIMIT ?) found"
    return {number: int(connection.execute(count, (collection, number, up_to)).fetchone()[0]) for number in prints}


def prints_of(connection: Connection, article: int) -> set[int]:
    """Give the prints that an article counts for."""
    return {number for (number,) in connection.execute("SELECT print FROM lines WHERE article = ?", (article,))}


def restore(tx: WriteTransaction, collection: int, article: int, prints: Iterable[int]) -> None:
    """Have an article count for these prints and no others."""
    remove(tx, article)
    add(tx, collection, article, prints)


def count_orphans(connection: Connection, collection: int) -> int:
    """Count the lines of articles that are not live."""
    (count,) = connection.execute(f"SELECT count(*) FROM lines WHERE {_ORPHANS}", (collection, collection)).fetchone()
    return int(count)


def remove_orphans(tx: WriteTransaction, collection: int) -> None:
    """Remove the lines of articles that are not live."""
    tx.connection.execute(f"DELETE FROM lines WHERE {_ORPHANS}", (collection, collection))


def not_learnt(connection: Connection, collection: int) -> list[int]:
    """List the live articles that nothing was learnt from yet, by row: new ones, and what a crash left."""
    rows = connection.execute(
        "SELECT row FROM articles WHERE collection = ? AND learnt = 0 AND deleted_seq IS NULL ORDER BY row",
        (collection,),
    )
    return [row for (row,) in rows]


def mark_learnt(tx: WriteTransaction, rows: Iterable[int]) -> None:
    """Note that furniture was learnt from articles."""
    tx.connection.executemany("UPDATE articles SET learnt = 1 WHERE row = ?", ((row,) for row in rows))


def units(connection: Connection, article: int) -> list[Units]:
    """Read what is known of an article's units, a passage after the other."""
    rows = connection.execute("SELECT units FROM passages WHERE article = ? ORDER BY start", (article,))
    return [unpack_units(blob) for (blob,) in rows]


def learnt(connection: Connection, collection: int, site: str | None = None) -> set[tuple[str, int]]:
    """Read what was learnt to be furniture, as (site, print): of one site, or of all."""
    found, values = "SELECT site, print FROM furniture WHERE collection = ?", (collection,)
    rows = (
        connection.execute(found, values)
        if site is None
        else connection.execute(f"{found} AND site = ?", (*values, site))
    )
    return set(rows.fetchall())


def among(connection: Connection, collection: int, site: str, prints: Iterable[int]) -> set[int]:
    """Tell which of the prints were learnt to be furniture of a site."""
    found: set[int] = set()
    for marks, chunk in parts(prints):
        rows = connection.execute(
            f"SELECT print FROM furniture WHERE collection = ? AND site = ? AND print IN ({marks})",
            (collection, site, *chunk),
        )
        found.update(number for (number,) in rows)
    return found


def change(
    tx: WriteTransaction, collection: int, learnt: Iterable[tuple[str, int]], forgotten: Iterable[tuple[str, int]]
) -> None:
    """Add to what was learnt, and take away, given as (site, print)."""
    tx.connection.executemany(
        "INSERT INTO furniture VALUES (?, ?, ?) ON CONFLICT DO NOTHING", ((collection, *pair) for pair in learnt)
    )
    tx.connection.executemany(
        "DELETE FROM furniture WHERE collection = ? AND site = ? AND print = ?",
        ((collection, *pair) for pair in forgotten),
    )
