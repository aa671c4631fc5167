"""The journal of a replacement: what is moved where, so that whoever comes after a crash finishes or undoes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from qa_service.errors import Damaged
from qa_service.store import files, successor

FOLDER = ".restore"
CATALOG = "catalog.sqlite3"
CALIBRATION = "calibration.json"
KEYS = "keys.json"
CONTENT = (CATALOG, f"{CATALOG}-wal", f"{CATALOG}-shm", "vectors", "indexes", CALIBRATION, KEYS)
"""What is replaced, by its name in the data directory; whatever else lies there stays."""
INDEXED = CONTENT[:5]
"""What a successor has of it: calibration and keys are the data directory's."""
NAME = "journal.json"
_FORMAT = 1
_SUCCESSION_FORMAT = 2
"""Of journals that name where the new content comes from; a version that knows nothing of it must not act on one."""

Source = Literal["new", "successor"]


@dataclass(frozen=True, slots=True)
class Journal:
    """What is being done: `take` goes to `old`, then `put` comes from `source`; or both are undone."""

    phase: Literal["swap", "undo"]
    take: tuple[str, ...]
    put: tuple[str, ...]
    source: Source = "new"


def write(work: Path, journal: Journal) -> None:
    """Write a journal, whole and durably."""
    format_ = _FORMAT if journal.source == "new" else _SUCCESSION_FORMAT
    files.put(work / NAME, json.dumps({"format": format_, **asdict(journal)}).encode("ascii"))
    files.sync_directory(work)


def read(work: Path) -> Journal | None:
    """Read a journal; None when there is none.

    Errors:
        Damaged: it cannot be read.
    """
    path = work / NAME
    try:
        raw = json.loads(path.read_bytes())
        source: Source = raw["source"] if raw["format"] == _SUCCESSION_FORMAT else "new"
        journal = Journal(raw["phase"], tuple(raw["take"]), tuple(raw["put"]), source)
        known = raw["format"] in (_FORMAT, _SUCCESSION_FORMAT) and source in ("new", "successor")
        if not known or journal.phase not in ("swap", "undo"):
            raise ValueError("it is of another version")
        if not {*journal.take, *journal.put} <= set(CONTENT):
            raise ValueError("it names something else than content")
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        what, remedy = _by_hand(work)
        raise Damaged(f"the journal of {what} cannot be read: {error}", field=str(path), remedy=remedy) from error
    return journal


def _by_hand(work: Path) -> tuple[str, str]:
    """Tell what was interrupted, and how its end is brought about without its journal, however far it had come.

    Only a restore has put something together in `new`. It is begun again, since parts of both contents may lie under
    their names by now. What a rebuild made stays the truth where it was made, for as long as all of it is there.
    """
    if (work / "new").exists():
        return "an interrupted restore", (
            f"move {work} out of the data directory and keep it (some of what was there before is in its folder old),"
            " then restore the backup again with --replace"
        )
    made = successor.folder(work.parent)
    return "an interrupted move of a rebuilt index", (
        f"move those of catalog.sqlite3, vectors and indexes that {made} lacks from the data directory into it, then"
        f" remove {work}"
    )
