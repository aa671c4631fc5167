"""Replacing what a data directory holds: wholly or not at all, whenever the process dies.

New content is put together in `.restore/new` and made durable. Then `.restore/journal.json` is written: from here on
the replacement will be carried out. It names what is taken away (into `.restore/old`) and what is put in its place,
each by a rename within the directory, so that the directory itself may be a mount point and the lock files in it stay.
When the new content has opened, the journal is removed, and then the rest of `.restore` with the old content; when it
does not open, the journal is marked `undo` and the renames are undone.

Whoever opens the directory settles what was interrupted, alone, before looking at anything else: a `.restore` without
a journal is left from before or after and is removed; one with a journal is carried out, or undone if it says so. What
was renamed is seen by where it is, so that going through the journal again does no harm.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from embeddings.durable import sync_folder
from qa_service.errors import Damaged, QAError, Unavailable
from qa_service.store import directory_use
from qa_service.store.directory_use import DirectoryUse

logger = logging.getLogger(__name__)

FOLDER = ".restore"
CATALOG = "catalog.sqlite3"
CALIBRATION = "calibration.json"
KEYS = "keys.json"
CONTENT = (CATALOG, f"{CATALOG}-wal", f"{CATALOG}-shm", "vectors", "indexes", CALIBRATION, KEYS)
"""What is replaced, by its name in the data directory; whatever else lies there stays."""
_JOURNAL = "journal.json"
_FORMAT = 1

Opens = Callable[[Path], None]
"""Opens a data directory by way of trial. Errors: any, when it cannot be used."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What is being done: `take` goes to `old`, then `put` comes from `new`; or both are undone."""

    phase: Literal["swap", "undo"]
    take: tuple[str, ...]
    put: tuple[str, ...]


class Replacement:
    """One replacement of what a directory holds; the caller has the directory alone, and nothing is pending in it."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir
        self._work = data_dir / FOLDER
        self.new = self._work / "new"

    def begin(self) -> None:
        """Make `new`, where the new content is to be put together."""
        self.new.mkdir(parents=True)

    def abandon(self) -> None:
        """Let go of what was put together, unless the replacement has begun; then it is settled at the next opening."""
        if not (self._work / _JOURNAL).exists():
            shutil.rmtree(self._work, ignore_errors=True)

    def carry_out(self, opens: Opens, keep: Collection[str] = ()) -> None:
        """Put the new content in the place of the old.

        Args:
            opens: tries whether the directory can be opened then; if not, the old content is put back.
            keep: names in the directory that stay, unless there is something new of that name.

        Errors:
            whatever `opens` raises, or OSError; the directory is then as it was.
        """
        put = tuple(name for name in CONTENT if (self.new / name).exists())
        take = tuple(name for name in CONTENT if _exists(self._dir / name) and (name in put or name not in keep))
        (self._work / "old").mkdir()
        sync_folder(self.new)
        sync_folder(self._dir, files=False)
        journal = Journal("swap", take, put)
        _write(self._work, journal)
        failure = _go_on(self._dir, journal, opens)
        if failure is not None:
            raise failure


def is_pending(data_dir: Path) -> bool:
    """Tell whether a replacement was interrupted."""
    return (data_dir / FOLDER).exists()


def settle(data_dir: Path, opens: Opens) -> None:
    """Finish or undo an interrupted replacement; the caller has the directory alone.

    Errors:
        Damaged: its journal cannot be read. OSError: a file cannot be moved; the next attempt goes on from there.
    """
    journal = _read(data_dir / FOLDER)
    if journal is None:
        shutil.rmtree(data_dir / FOLDER, ignore_errors=True)
        return
    failure = _go_on(data_dir, journal, opens)
    if failure is not None:
        logger.warning("an interrupted restore was undone, since what it brought cannot be opened: %s", failure)
    elif journal.phase == "undo":
        logger.warning("an interrupted restore was undone")
    else:
        logger.warning("an interrupted restore was finished")


def enter(data_dir: Path, opens: Opens) -> DirectoryUse:
    """Use a directory beside others, once an interrupted replacement in it is settled.

    Errors:
        Unavailable: a restore is under way, or one that was interrupted cannot be settled since others use the
        directory. Damaged, OSError: as for `settle`.
    """
    while True:
        use = directory_use.shared(data_dir)
        if not is_pending(data_dir):
            return use
        use.release()
        alone = directory_use.alone(data_dir)
        try:
            if is_pending(data_dir):
                settle(data_dir, opens)
            if is_pending(data_dir):
                raise Unavailable(
                    "what an interrupted restore left cannot be removed",
                    field=str(data_dir / FOLDER),
                    remedy="make the directory writable",
                )
        finally:
            alone.release()


def _go_on(data_dir: Path, journal: Journal, opens: Opens) -> Exception | None:
    """Carry a journal out, or undo it; give the reason when it had to be undone."""
    work = data_dir / FOLDER
    failure: Exception | None = None
    if journal.phase == "swap":
        try:
            _swap(data_dir, journal)
            opens(data_dir)
        except (OSError, QAError) as error:
            failure = error
            journal = Journal("undo", journal.take, journal.put)
            _write(work, journal)
    if journal.phase == "undo":
        _undo(data_dir, journal)
    # Without its journal the folder is remains, whose order of removal does not matter.
    (work / _JOURNAL).unlink()
    sync_folder(work, files=False)
    shutil.rmtree(work, ignore_errors=True)
    return failure


def _swap(data_dir: Path, journal: Journal) -> None:
    old, new = data_dir / FOLDER / "old", data_dir / FOLDER / "new"
    for name in journal.take:
        if not _exists(old / name):
            (data_dir / name).rename(old / name)
    _sync(old, data_dir)
    for name in journal.put:
        if _exists(new / name):
            (new / name).rename(data_dir / name)
    _sync(new, data_dir)


def _undo(data_dir: Path, journal: Journal) -> None:
    """Move back what was moved: first all that is new, so that nothing old is in its way."""
    old, new = data_dir / FOLDER / "old", data_dir / FOLDER / "new"
    for name in journal.put:
        # What is not in `new` was put in place; and not yet moved back, since an old one would be in `old` still.
        if not _exists(new / name) and _exists(data_dir / name):
            (data_dir / name).rename(new / name)
    _sync(new, data_dir)
    for name in journal.take:
        if _exists(old / name):
            (old / name).rename(data_dir / name)
    _sync(old, data_dir)


def _sync(*folders: Path) -> None:
    """Make the names in folders durable, so that no later rename can be on disk without an earlier one."""
    for folder in folders:
        sync_folder(folder, files=False)


def _write(work: Path, journal: Journal) -> None:
    draft = work / f"{_JOURNAL}.draft"
    with draft.open("w", encoding="ascii") as file:
        json.dump({"format": _FORMAT, **asdict(journal)}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(work / _JOURNAL)
    sync_folder(work, files=False)


def _read(work: Path) -> Journal | None:
    path = work / _JOURNAL
    try:
        raw = json.loads(path.read_bytes())
        journal = Journal(raw["phase"], tuple(raw["take"]), tuple(raw["put"]))
        if raw["format"] != _FORMAT or journal.phase not in ("swap", "undo"):
            raise ValueError("it is of another version")
        if not {*journal.take, *journal.put} <= set(CONTENT):
            raise ValueError("it names something else than content")
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged(
            f"the journal of an interrupted restore cannot be read: {error}",
            field=str(path),
            remedy=f"the content before it is in {work / 'old'}, what it brought in {work / 'new'}: move one of them"
            " into the data directory, then remove the folder",
        ) from error
    return journal


def _exists(path: Path) -> bool:
    """Tell whether there is something of that name, be it a link that leads nowhere."""
    return os.path.lexists(path)
