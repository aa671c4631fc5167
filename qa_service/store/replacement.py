"""Replacing what a data directory holds: wholly or not at all, whenever the process dies.

New content is put together in `.restore/new` and made durable. Then `.restore/journal.json` is written: from here on
the replacement will be carried out. It names what is taken away (into `.restore/old`) and what is put in its place,
each by a rename within the directory, so that the directory itself may be a mount point and the lock files in it stay.
When the new content has opened, the journal is removed, and then the rest of `.restore` with the old content; when it
does not open, the journal is marked `undo` and the renames are undone.

Whoever opens the directory settles what was interrupted, alone, before looking at anything else: a `.restore` without
a journal is left from before or after and is removed; one with a journal is carried out, or undone if it says so. What
was renamed is seen by where it is, so that going through the journal again does no harm.

A successor that has become the truth (see `successor`) moves to the data directory's own place in the same way, with
`successor/` for `new`. Until its journal is gone it stays the truth where it is.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from qa_service.errors import QAError, Unavailable
from qa_service.store import directory_use, files, successor
from qa_service.store import journal as journal_file
from qa_service.store.directory_use import DirectoryUse
from qa_service.store.journal import CONTENT, FOLDER, INDEXED, Journal

logger = logging.getLogger(__name__)

Opens = Callable[[Path], None]
"""Opens a data directory by way of trial. Errors: any, when it cannot be used."""


class Replacement:
    """One replacement of what a directory holds; the caller has the directory alone, and nothing is pending in it."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir
        self._work = data_dir / FOLDER
        self.new = self._work / "new"

    def begin(self) -> None:
        """Make `new`, where the new content is to be put together."""
        files.make_new_directory(self._work)
        files.make_new_directory(self.new)

    def abandon(self) -> None:
        """Let go of what was put together, unless the replacement has begun; then it is settled at the next opening."""
        if not (self._work / journal_file.NAME).exists():
            files.remove(self._work)

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
        files.make_new_directory(self._work / "old")
        files.sync_tree(self.new)
        files.sync_directory(self._dir)
        journal = Journal("swap", take, put)
        journal_file.write(self._work, journal)
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
    journal = journal_file.read(data_dir / FOLDER)
    if journal is None:
        files.remove(data_dir / FOLDER)
        return
    failure = _go_on(data_dir, journal, opens)
    what = "an interrupted restore" if journal.source == "new" else "an interrupted move of a rebuilt index"
    if failure is not None:
        logger.warning("%s was undone, since what it brought cannot be opened: %s", what, failure)
    elif journal.phase == "undo":
        logger.warning("%s was undone", what)
    else:
        logger.warning("%s was finished", what)


def prepare(data_dir: Path, opens: Opens, settle_log: Opens) -> None:
    """Bring what a directory holds into its own place before it is replaced; the caller has the directory alone.

    Errors:
        Unavailable: a successor that is the truth cannot be moved there. Damaged, OSError: as for `settle`.
    """
    if is_pending(data_dir):
        settle(data_dir, opens)
    if successor.is_current(data_dir) and not _fold(data_dir, opens, settle_log):
        raise Unavailable(
            "what a rebuild made cannot be moved to its place",
            field=str(successor.folder(data_dir)),
            remedy="see the log for the reason; or restore into another directory",
        )


def fold(data_dir: Path, opens: Opens, settle_log: Opens) -> bool:
    """Move a successor that is the truth to the data directory's own place; tell whether that was done.

    Nothing is lost where it cannot be done: the content is used where it is. Does nothing while others use the
    directory.

    Args:
        data_dir: the directory.
        opens: tries whether it can be opened then.
        settle_log: brings what is in a catalogue's log into the file itself.
    """
    try:
        alone = directory_use.alone(data_dir, 0.0)
    except Unavailable:
        return False
    try:
        if is_pending(data_dir) or not successor.is_current(data_dir):
            return True
        return _fold(data_dir, opens, settle_log)
    finally:
        alone.release()


def remove_superseded(data_dir: Path) -> bool:
    """Remove, durably, what a successor that is the truth has taken the place of; False while somebody reads it.

    Errors:
        OSError: something cannot be removed.
    """
    if not successor.is_current(data_dir):
        return True
    unread = directory_use.unread(data_dir)
    if unread is None:
        return False
    try:
        if not is_pending(data_dir):
            for name in INDEXED:
                files.remove(data_dir / name)
            files.sync_directory(data_dir)
    finally:
        unread.release()
    return not any(_exists(data_dir / name) for name in INDEXED)


def _fold(data_dir: Path, opens: Opens, settle_log: Opens) -> bool:
    new = successor.folder(data_dir)
    try:
        settle_log(new)
        put = tuple(name for name in INDEXED if (new / name).exists())
        take = tuple(name for name in INDEXED if _exists(data_dir / name))
        files.make_new_directory(data_dir / FOLDER)
        files.make_new_directory(data_dir / FOLDER / "old")
        files.sync_tree(new)
        files.sync_directory(data_dir)
        journal = Journal("swap", take, put, "successor")
        journal_file.write(data_dir / FOLDER, journal)
        failure: Exception | None = _go_on(data_dir, journal, opens)
    except (OSError, QAError) as error:
        failure = error
        if not (data_dir / FOLDER / journal_file.NAME).exists():
            files.remove(data_dir / FOLDER)
    if failure is not None:
        logger.warning("the index that a rebuild made is used where it is, in %s: %s", new, failure)
    return failure is None


def enter(data_dir: Path, opens: Opens, settle_log: Opens = lambda _: None) -> DirectoryUse:
    """Use a directory beside others, once an interrupted replacement in it is settled.

    A successor that is the truth is moved to its place, if nobody else uses the directory.

    Errors:
        Unavailable: a restore is under way, or one that was interrupted cannot be settled since others use the
        directory. Damaged, OSError: as for `settle`.
    """
    use = enter_settled(data_dir, opens)
    if successor.is_current(data_dir):
        use.release()
        fold(data_dir, opens, settle_log)
        use = enter_settled(data_dir, opens)
    return use


def enter_settled(data_dir: Path, opens: Opens) -> DirectoryUse:
    """Use a directory beside others as `enter` does, with a successor left where it is; errors as of that."""
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
    # A successor's folder may be gone already.
    files.make_directory(_source(data_dir, journal))
    if journal.phase == "swap":
        try:
            _swap(data_dir, journal)
            opens(data_dir)
        except (OSError, QAError) as error:
            failure = error
            journal = replace(journal, phase="undo")
            journal_file.write(work, journal)
    if journal.phase == "undo":
        _undo(data_dir, journal)
        if journal.source == "successor":
            successor.put_in_charge(data_dir)
    elif journal.source == "successor":
        successor.discharge(data_dir)
        files.remove(successor.folder(data_dir))
    # Without its journal the folder is remains, whose order of removal does not matter.
    files.remove(work / journal_file.NAME)
    files.sync_directory(work)
    files.remove(work)
    return failure


def _source(data_dir: Path, journal: Journal) -> Path:
    return data_dir / FOLDER / "new" if journal.source == "new" else successor.folder(data_dir)


def _swap(data_dir: Path, journal: Journal) -> None:
    old, new = data_dir / FOLDER / "old", _source(data_dir, journal)
    for name in journal.take:
        if not _exists(old / name):
            files.rename(data_dir / name, old / name)
    _sync(old, data_dir)
    for name in journal.put:
        if _exists(new / name):
            files.rename(new / name, data_dir / name)
    _sync(new, data_dir)


def _undo(data_dir: Path, journal: Journal) -> None:
    """Move back what was moved: first all that is new, so that nothing old is in its way."""
    old, new = data_dir / FOLDER / "old", _source(data_dir, journal)
    for name in journal.put:
        # What is not in `new` was put in place; and not yet moved back, since an old one would be in `old` still.
        if not _exists(new / name) and _exists(data_dir / name):
            files.rename(data_dir / name, new / name)
    _sync(new, data_dir)
    for name in journal.take:
        if _exists(old / name):
            files.rename(old / name, data_dir / name)
    _sync(old, data_dir)


def _sync(*folders: Path) -> None:
    """Make the names in folders durable, so that no later rename can be on disk without an earlier one."""
    for folder in folders:
        files.sync_directory(folder)


def _exists(path: Path) -> bool:
    """Tell whether there is something of that name, be it a link that leads nowhere."""
    return os.path.lexists(path)
