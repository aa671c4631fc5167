"""What SQLite says of a catalogue that cannot be read or written, in words of our own."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from qa_service.errors import Damaged, Unavailable

RESTORE = "restore it from a backup"
_UNDECODABLE = "Could not decode to UTF-8"
"""How the library begins its complaint of a text that is not UTF-8; it has no code for it."""


def tell(error: sqlite3.Error, path: Path) -> NoReturn:
    """Tell why the catalogue of a path cannot be read; what is a mistake of ours stays as it is.

    Errors:
        Damaged: the file is not sound. Unavailable: it cannot be read now.
    """
    if str(error).startswith(_UNDECODABLE):
        # Which text is left to `check`: the message may show what only some may see.
        raise Damaged(
            "a text in the catalogue is not as it was written",
            field=str(path),
            remedy="run `qa-service check`, which says where",
        ) from error
    if isinstance(error, sqlite3.OperationalError):
        raise Unavailable(
            f"the catalogue cannot be read now: {error}",
            field=str(path),
            remedy="check the disk and the permissions of the directory, then try again",
        ) from error
    if type(error) is sqlite3.DatabaseError:
        raise Damaged(f"the catalogue cannot be read: {error}", field=str(path), remedy=RESTORE) from error
    raise error


@contextlib.contextmanager
def of_reading(path: Path) -> Iterator[None]:
    """Tell why the catalogue of a path cannot be read, where another one is read at the same time.

    Errors:
        Damaged: the file is not sound. Unavailable: it cannot be read now.
    """
    try:
        yield
    except sqlite3.Error as error:
        tell(error, path)


@contextlib.contextmanager
def of_writing(path: Path, data_dir: Path) -> Iterator[None]:
    """Tell why a batch failed that writes to the catalogue of a path, and to other files of the data directory.

    Errors:
        Damaged: the catalogue is not sound. Unavailable: nothing can be written now.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not str(error).startswith(_UNDECODABLE):
            raise _unwritten(error, data_dir) from error
        tell(error, path)
    except OSError as error:
        raise _unwritten(error, data_dir) from error


def _unwritten(error: Exception, data_dir: Path) -> Unavailable:
    return Unavailable(
        f"writing failed, nothing of this batch was kept: {error}",
        field=str(data_dir),
        remedy="check that the disk has room and the directory can be written, then try again",
    )
