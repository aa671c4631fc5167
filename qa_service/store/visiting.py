"""Using the small files of a data directory, such as its keys, without opening its catalogue.

They are replaced by a restore like everything else. So whoever reads or changes them first finishes or undoes one that
was interrupted, and keeps others from beginning meanwhile, as who opens the catalogue does.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from qa_service.errors import Unavailable
from qa_service.store import catalog_file, files, replacement
from qa_service.store.directory_use import DirectoryUse
from qa_service.store.journal import FOLDER


@contextlib.contextmanager
def changing(data_dir: Path) -> Iterator[None]:
    """Use a directory, which is made if need be, to change something in it.

    Other locks are taken within this one, never around it.

    Errors:
        Unavailable: a restore is under way, or one that was interrupted cannot be settled. Damaged: nor is it known
            what that one did. OSError: the directory cannot be written.
    """
    files.make_data_directory(data_dir)
    use = replacement.enter_settled(data_dir, catalog_file.opens)
    try:
        yield
    finally:
        use.release()


@contextlib.contextmanager
def reading(data_dir: Path) -> Iterator[None]:
    """Use a directory, if there is one, to read something in it; it need not be writable.

    Errors:
        Unavailable: a restore is under way, or one that was interrupted cannot be settled. Damaged: nor is it known
            what that one did.
    """
    use = _settled(data_dir) if os.path.isdir(data_dir) else None  # noqa: PTH112 - Path's raises where it may not look
    try:
        yield
    finally:
        if use is not None:
            use.release()


def _settled(data_dir: Path) -> DirectoryUse | None:
    """Hold a directory in which nothing is pending; None where that needs no lock, which cannot be made there."""
    try:
        return replacement.enter_settled(data_dir, catalog_file.opens)
    except OSError as error:
        if os.path.lexists(data_dir / FOLDER):
            raise Unavailable(
                f"what an interrupted restore left cannot be settled: {error.strerror or error}",
                field=str(data_dir / FOLDER),
                remedy="make the data directory writable, or do this as the user that serves",
            ) from error
        return None
