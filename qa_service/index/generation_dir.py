"""Generations on disk: a manifest names immutable files and the write sequence they cover; `CURRENT` names a manifest.

A directory per collection holds `CURRENT`, manifests, delta files and base directories. Everything is written under a
new name and made durable before `CURRENT` is renamed into place, so a reader sees the old generation or the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from qa_service.errors import Damaged, Incompatible
from qa_service.index.manifest import (
    DELTA_MAGIC,
    FORMAT,
    READABLE,
    BaseEntry,
    Delta,
    FileEntry,
    Manifest,
    Versions,
)
from qa_service.store import files

KEEP_GENERATIONS = 3
"""Generations whose files are kept, the current one among them, for readers that are just opening them."""

_MADE_OF = re.compile(r"(?:manifest|delta)-([0-9]{1,18})-")
_REMEDY = "run `qa-service rebuild`"


class GenerationDir:
    """The files of one collection's generations."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._current = root / "CURRENT"

    def stamp(self) -> bytes | None:
        """Tell cheaply whether another generation was published: equal stamps, same `CURRENT`."""
        # What is in it, not when it changed: clocks are set back, and numbers of files are given again.
        try:
            return self._current.read_bytes()
        except FileNotFoundError:
            return None

    def read(self) -> Manifest | None:
        """Read the current manifest; None when nothing was published yet.

        Errors:
            Damaged: `CURRENT` or the manifest cannot be read. Incompatible: a newer version wrote it.
        """
        try:
            name, digest = self._current.read_text(encoding="ascii").split()
            data = (self.root / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != digest:
                raise ValueError("its checksum does not match")
            raw = json.loads(data)
            if not isinstance(raw, dict):
                raise ValueError("it is no JSON object")
        except FileNotFoundError as error:
            if not self._current.exists():
                return None
            raise Damaged(f"a manifest is missing: {error.filename}", field=str(self.root), remedy=_REMEDY) from error
        except (OSError, ValueError) as error:
            raise Damaged(f"the manifest cannot be read: {error}", field=str(self.root), remedy=_REMEDY) from error
        if raw.get("format") not in READABLE:
            raise Incompatible(
                f"the index has format {raw.get('format')}, not {FORMAT}", field=str(self.root), remedy=_REMEDY
            )
        try:
            return _parsed(raw)
        except (KeyError, TypeError, AttributeError) as error:
            reason = f"the manifest is not as it should be: {error!r}"[:200]
            raise Damaged(reason, field=str(self.root), remedy=_REMEDY) from error

    def earlier(self) -> list[Manifest]:
        """Read the manifests that are there, the latest first: those that prove to be what was written."""
        found = []
        for path in sorted(self.root.glob("manifest-*.json"), key=_order, reverse=True):
            try:
                raw = json.loads(path.read_bytes())
                if raw.get("format") in READABLE and raw.pop("checksum", None) == _checksum(raw):
                    found.append(_parsed(raw))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
        return found

    def last_seq(self) -> int:
        """Give the last write that any generation was made of; 0 without one.

        Told by the names of files, of which there is always one: what is in them, `CURRENT` too, may be damaged.
        """
        return max((int(found[1]) for path in self.root.glob("*-*") if (found := _MADE_OF.match(path.name))), default=0)

    def read_delta(self, entry: FileEntry) -> Delta:
        """Read a delta file, checked against its manifest entry."""
        path = self.root / entry.name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Damaged(f"a delta file cannot be read: {error}", field=str(path), remedy=_REMEDY) from error
        if len(data) != entry.bytes or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise Damaged("a delta file fails its checksum", field=str(path), remedy=_REMEDY)
        try:
            counts = np.frombuffer(data, dtype="<i8", count=2, offset=len(DELTA_MAGIC))
            keys = np.frombuffer(data, dtype="<i8", offset=len(DELTA_MAGIC) + counts.nbytes)
            fits = data.startswith(DELTA_MAGIC) and min(counts) >= 0 and int(counts[0]) + int(counts[1]) == len(keys)
        except ValueError:
            fits = False
        if not fits:
            raise Damaged("a delta file is not as it should be", field=str(path), remedy=_REMEDY)
        return Delta(keys[: counts[0]], keys[counts[0] :])

    def write_delta(self, delta: Delta, seq: int, base_seq: int) -> FileEntry:
        """Write a delta file durably."""
        counts = np.array([len(delta.added), len(delta.dead)], dtype="<i8")
        data = b"".join(
            [DELTA_MAGIC, counts.tobytes(), delta.added.astype("<i8").tobytes(), delta.dead.astype("<i8").tobytes()]
        )
        name = f"delta-{seq}-{base_seq}-{_unique()}.bin"
        files.put(self.root / name, data)
        return FileEntry(name, len(data), hashlib.sha256(data).hexdigest())

    def publish(self, manifest: Manifest) -> None:
        """Make a manifest the current one, durably."""
        raw = asdict(manifest)
        data = json.dumps({**raw, "checksum": _checksum(raw)}, indent=1).encode()
        name = f"manifest-{manifest.seq}-{manifest.base.seq if manifest.base else 0}-{_unique()}.json"
        files.put(self.root / name, data)
        files.sync_directory(self.root)
        current = f"{name} {hashlib.sha256(data).hexdigest()}\n".encode()
        try:
            files.put(self._current, current)
        except OSError:
            if self.stamp() != current:
                files.remove(self.root / name)
            raise
        files.sync_directory(self.root)

    def obsolete(self) -> list[Path]:
        """List the files that only superseded generations name, all but the latest few of them, and `strays`.

        Called under the writer's lock, once a generation was published. A base directory that no manifest names yet may
        be under construction; it is never listed here.
        """
        manifests = sorted(self.root.glob("manifest-*.json"), key=_order, reverse=True)
        # A replay of everything has base 0 and sorts below what it replaces: the current one is kept in any case.
        current = self.root / self._current.read_text(encoding="ascii").split()[0]
        kept = {current, *manifests[:KEEP_GENERATIONS]}
        # One with another base too, which takes over when a file of the current one turns out to be damaged.
        base = _base(current)
        others = [path for path in manifests if _base(path) not in ("", base) and (self.root / _base(path)).is_dir()]
        kept.update(others[:1])
        keep = {name for path in kept for name in _names(path)}
        gone = {name for path in manifests if path not in kept for name in _names(path)} - keep
        return [*(self.root / name for name in sorted(gone)), *self.strays()]

    def remove_obsolete(self) -> None:
        """Remove what is obsolete, as far as it can be now; the next publication tries again."""
        with contextlib.suppress(OSError):
            for path in self.obsolete():
                files.remove(path)

    def strays(self) -> list[Path]:
        """List what publications left that failed or were cut off: files that were to be named by a manifest.

        They may be removed under the writer's lock, without which nothing is published.
        """
        named = {name for path in self.root.glob("manifest-*.json") for name in _names(path)}
        deltas = [path for path in self.root.glob("delta-*.bin") if path.name not in named]
        # A base in the making is a directory, and made without that lock.
        return sorted(deltas) + sorted(path for path in self.root.glob("*.tmp") if path.is_file())

    def all_but_current(self) -> list[Path]:
        """List everything that the current generation does not need: to be removed under the writer's lock."""
        name = self._current.read_text(encoding="ascii").split()[0]
        keep = {self._current.name, "compact.lock", *_names(self.root / name)}
        return [path for path in sorted(self.root.iterdir()) if path.name not in keep]

    def orphans(self) -> list[Path]:
        """List base directories that no manifest names: remains of a compaction or a replay that did not end.

        Or of one that has not ended yet: they may be removed by who holds the locks of both.
        """
        named = {name for path in self.root.glob("manifest-*.json") for name in _names(path)}
        return [path for path in self.root.glob("base-*") if path.name not in named]


def every_directory(root: Path) -> list[GenerationDir]:
    """List the directories of all collections of the index in a folder, those too that its catalogue does not know."""
    return [GenerationDir(path) for path in sorted((root / "indexes").glob("*")) if path.name.isdigit()]


def _parsed(raw: dict[str, Any]) -> Manifest:
    """Build a manifest. Errors: KeyError, TypeError, AttributeError, if it is of another shape."""
    base = raw["base"]
    return Manifest(
        format=raw["format"],
        collection=raw["collection"],
        seq=raw["seq"],
        created_at=raw["created_at"],
        versions=Versions(**raw["versions"]),
        base=BaseEntry.parse(base) if base else None,
        delta=FileEntry(**raw["delta"]),
    )


def _unique() -> str:
    """Tell files of the same sequence apart, the later one greater: nothing published is ever overwritten."""
    return str(time.time_ns())


def _order(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.stem.split("-")[1:])


def _names(manifest: Path) -> set[str]:
    """Name what a manifest needs: itself, its delta and its base directory; a damaged one needs nothing else."""
    try:
        raw = json.loads(manifest.read_bytes())
        return {manifest.name, raw["delta"]["name"]} | ({raw["base"]["directory"]} if raw["base"] else set())
    except (OSError, ValueError, TypeError, KeyError):
        return {manifest.name}


def _base(manifest: Path) -> str:
    """Name the base directory of a manifest; "" if it has none or is damaged."""
    return next((name for name in _names(manifest) if name.startswith("base-")), "")


def _checksum(raw: dict[str, Any]) -> str:
    """Give the checksum that a manifest carries, of all else in it: `CURRENT` vouches for the current one only."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
