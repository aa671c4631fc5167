"""In what the live articles of one catalogue's collection differ from those of another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qa_service.store import telling
from qa_service.store.catalog import Connection


@dataclass(frozen=True, slots=True)
class Divergence:
    """What is missing or other in a copy, as rows of the original, oldest first; and ids of what it has too many."""

    fresh: tuple[int, ...]
    gone: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.fresh) + len(self.gone)


def compare(original: Connection, row: int, copy: Connection, copy_row: int) -> Divergence:
    """Compare collections, given by row, by what their articles were given as, however it was processed.

    Errors:
        Damaged, Unavailable: one of the catalogues cannot be read; its path is told.
    """
    fresh: list[int] = []
    gone: list[str] = []
    theirs, ours = _live(original, row), _live(copy, copy_row)
    one, other = next(theirs, None), next(ours, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            fresh.append(one[1])
            one = next(theirs, None)
        elif one is None or other[0] < one[0]:
            gone.append(other[0])
            other = next(ours, None)
        else:
            if one[2:] != other[2:]:
                fresh.append(one[1])
            one, other = next(theirs, None), next(ours, None)
    return Divergence(tuple(sorted(fresh)), tuple(gone))


def _live(connection: Connection, collection: int) -> Iterator[tuple[str, int, bytes, bytes]]:
    """Read id, row, checksum of the content and hash of the attributes, in order of the ids."""
    with telling.of_reading(Path(connection.where)):
        rows = connection.execute(
            "SELECT id, row, sha256, attributes FROM articles WHERE collection = ? AND deleted_seq IS NULL ORDER BY id",
            (collection,),
        )
        # By `map`: given up, a generator closes what it yields from, and a cursor may be of a closed connection then.
        yield from map(tuple, rows)
