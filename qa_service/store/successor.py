"""A successor: the index that another model or other settings make, in the data directory beside the one in use.

`successor/` is laid out as the data directory is: a catalogue, `vectors/` and `indexes/`. Files in it tell how far it
is:

- `plan.json`: what it is made with. Without it, the folder is what a removal left.
- `ready`: it has all articles but the last few; a server may take it over.
- `trouble`: why a server could not.
- `damaged`: a server found that it is, so that the next rebuild makes it anew.
- `current`: it is the truth. Whoever opens the data directory from now on opens this; who had opened it before writes
  nothing any more. When nobody uses the directory, the content moves to its own place; see `replacement`.

Each is written whole and made durable. `current` comes into being under the writer's lock, when nothing is missing.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import filelock

from qa_service.errors import Damaged, Incompatible, Unavailable
from qa_service.store import files

FOLDER = "successor"
LOCK = "rebuild.lock"
"""In the data directory: held by who makes a successor or takes it over."""
_PLAN = "plan.json"
_READY = "ready"
_TROUBLE = "trouble"
_DAMAGED = "damaged"
_CURRENT = "current"
_FORMAT = 1


class Busy(Unavailable):
    """Somebody else makes a successor, takes it over or removes it."""


class Unusable(Damaged):
    """What a rebuild has made, and is not in use, is damaged; nothing is lost by making it anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a successor is made with.

    Attributes:
        settings: the settings on which that depends, by name, as JSON has them.
        pipeline: identifies the processing of its articles.
    """

    settings: Mapping[str, str | int | bool | None]
    pipeline: str


def folder(data_dir: Path) -> Path:
    """Give where the successor is, or would be."""
    return data_dir / FOLDER


def root_of(data_dir: Path) -> Path:
    """Give where the content is that counts now: the data directory itself, or the successor in it."""
    return folder(data_dir) if is_current(data_dir) else data_dir


def is_current(data_dir: Path) -> bool:
    """Tell whether the successor is the truth."""
    return (data_dir / FOLDER / _CURRENT).exists()


def offer_stamp(data_dir: Path) -> int | None:
    """Tell when a successor was made ready to be taken over; None when there is none."""
    try:
        return (data_dir / FOLDER / _READY).stat().st_mtime_ns
    except OSError:
        return None


def read_plan(data_dir: Path) -> Plan | None:
    """Read what the successor is made with; None without one, or when that cannot be told any more."""
    try:
        raw = json.loads((folder(data_dir) / _PLAN).read_bytes())
        return Plan(dict(raw["settings"]), str(raw["pipeline"])) if raw["format"] == _FORMAT else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def begin(data_dir: Path, plan: Plan) -> bool:
    """Make a successor, or go on with one of the same plan that is not known to be damaged.

    The caller holds `LOCK`, and none is the truth.

    Returns:
        Whether one is gone on with.
    """
    known = read_plan(data_dir)
    damaged = (folder(data_dir) / _DAMAGED).exists()
    going_on = known is not None and known.pipeline == plan.pipeline and not damaged
    if not going_on:
        remove(data_dir)
    files.make_directory(folder(data_dir))
    _put(data_dir, _PLAN, json.dumps({"format": _FORMAT, "settings": plan.settings, "pipeline": plan.pipeline}))
    return going_on


def offer(data_dir: Path) -> None:
    """Make the successor ready to be taken over."""
    files.remove(folder(data_dir) / _TROUBLE)
    _put(data_dir, _READY, "")


def note_trouble(data_dir: Path, trouble: str) -> None:
    """Leave word why it could not be taken over."""
    _put(data_dir, _TROUBLE, trouble)


def note_damage(data_dir: Path) -> None:
    """Have the next rebuild make it anew."""
    _put(data_dir, _DAMAGED, "")


@contextlib.contextmanager
def judged(data_dir: Path) -> Iterator[None]:
    """Tell damage of a successor that is being made as what it is; for who reads both it and what is in use.

    Errors:
        Unusable: the field of an error lies in the successor, or in no folder that it tells.
    """
    try:
        yield
    except (Damaged, Incompatible) as error:
        place = Path(error.field or data_dir)
        if is_current(data_dir) or (place.is_relative_to(data_dir) and not place.is_relative_to(folder(data_dir))):
            raise
        raise Unusable(
            f"what the rebuild has made so far is damaged: {error.detail}",
            field=error.field,
            remedy="run `qa-service rebuild` again, which makes it anew; what is in use stays as it is",
        ) from error


def trouble(data_dir: Path) -> str | None:
    """Tell why it could not be taken over; None when nothing is known against it."""
    try:
        return (folder(data_dir) / _TROUBLE).read_text(encoding="utf-8")
    except OSError:
        return None


def put_in_charge(data_dir: Path) -> None:
    """Make the successor the truth, durably; the caller holds the writer's lock of what was the truth until now."""
    _put(data_dir, _CURRENT, "")


def discharge(data_dir: Path) -> None:
    """Forget, durably, that there was a successor; its content is in the data directory's own place now."""
    for name in (_READY, _PLAN, _CURRENT):
        files.remove(folder(data_dir) / name)
    files.sync_directory(folder(data_dir))


def remove(data_dir: Path) -> None:
    """Remove a successor that is not the truth; what a crash leaves of it is taken for none.

    Errors:
        Unavailable: it cannot be removed.
    """
    place = folder(data_dir)
    if not place.exists():
        return
    discharge(data_dir)
    files.remove_for_good([place], data_dir)


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Be the only one that makes a successor, takes it over or removes it.

    Errors:
        Busy: somebody else is.
    """
    lock = filelock.FileLock(data_dir / LOCK, is_singleton=False)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        raise Busy(
            "a rebuild with another model or other settings is under way, or its index is just taking over",
            field=str(data_dir),
            remedy="wait for it to end, then try again",
        ) from error
    try:
        yield
    finally:
        lock.release()


def remove_unused(data_dir: Path) -> None:
    """Remove a successor that is not in use, finished or not; the next rebuild begins anew.

    Errors:
        Busy: it is being made.
    """
    if folder(data_dir).exists() and not is_current(data_dir):
        with locked(data_dir):
            if not is_current(data_dir):
                remove(data_dir)


def _put(data_dir: Path, name: str, content: str) -> None:
    files.put(folder(data_dir) / name, content.encode())
    files.sync_directory(folder(data_dir))
