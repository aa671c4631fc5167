"""What goes into a backup, opened at one moment: later writes and removals do not concern it."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from qa_service.errors import QAError, Unavailable
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.manifest import FORMAT as INDEX_FORMAT
from qa_service.store.catalog_file import Facts
from qa_service.store.journal import CALIBRATION, KEYS
from qa_service.store.segment_files import HEADER_BYTES


@dataclass(frozen=True, slots=True)
class Part:
    """A member to be: the first `bytes` of a file."""

    name: str
    bytes: int
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Parts:
    """All but the catalogue; `warnings` name what is not as the catalogue has it."""

    small: tuple[Part, ...]
    segments: tuple[Part, ...]
    indexes: tuple[Part, ...]
    index_format: int | None
    warnings: tuple[str, ...]


def open_parts(stack: ExitStack, data_dir: Path, root: Path, facts: Facts, *, indexes: bool) -> Parts:
    """Open everything that belongs to a state of the catalogue.

    The caller holds the writer's lock, under which commits and publications happen: what is published then covers
    nothing that the catalogue has not. Segments only grow past what is committed, index files never change, and both
    may be removed while they are open.

    Args:
        stack: closes what is opened.
        data_dir: has calibration and keys.
        root: has vectors and indexes; see `Catalog`.
        facts: the state.
        indexes: whether the indexes are wanted.

    Errors:
        Unavailable: a file cannot be opened.
    """
    warnings: list[str] = []
    _allow_many_files()
    try:
        small = tuple(_small(data_dir))
        segments = tuple(_segments(stack, root, facts, warnings))
        found = tuple(_indexes(stack, root, facts, warnings)) if indexes else ()
    except OSError as error:
        many = error.errno == errno.EMFILE
        raise Unavailable(
            f"a file cannot be read: {error.strerror or error}",
            field=str(error.filename or data_dir),
            remedy="leave out --indexes, or allow more open files (ulimit -n)" if many else None,
        ) from error
    return Parts(small, segments, found, INDEX_FORMAT if indexes else None, tuple(warnings))


def _small(data_dir: Path) -> Iterator[Part]:
    for name in (CALIBRATION, KEYS):
        with suppress(FileNotFoundError):
            data = (data_dir / name).read_bytes()
            yield Part(name, len(data), io.BytesIO(data))


def _segments(stack: ExitStack, data_dir: Path, facts: Facts, warnings: list[str]) -> Iterator[Part]:
    for segment in facts.segments:
        name = f"vectors/segment-{segment.id:06d}.vec"
        committed = HEADER_BYTES + segment.records * segment.dim * 4
        try:
            part = _opened(stack, data_dir, name, committed)
        except FileNotFoundError:
            warnings.append(f"{name} is missing: run `qa-service check`, then `qa-service rebuild`")
            continue
        if part.bytes < committed:
            warnings.append(f"{name} is too short: run `qa-service check`, then `qa-service rebuild`")
        yield part


def _indexes(stack: ExitStack, data_dir: Path, facts: Facts, warnings: list[str]) -> Iterator[Part]:
    for row, collection, _, _ in facts.collections:
        folder = f"indexes/{row:06d}"
        try:
            yield from [_opened(stack, data_dir, name) for name in _published(data_dir, folder)]
        except (QAError, FileNotFoundError) as error:
            # Made again when the backup is opened, as in the directory itself.
            warnings.append(f"the index of collection {collection} is left out: {error}")


def _published(data_dir: Path, folder: str) -> list[str]:
    """Name the files of the generation that is published."""
    directory = GenerationDir(data_dir / folder)
    manifest = directory.read()
    if manifest is None:
        return []
    current = (directory.root / "CURRENT").read_text(encoding="ascii").split()[0]
    base = [f"{manifest.base.directory}/{file.name}" for file in manifest.base.files] if manifest.base else []
    return [f"{folder}/{name}" for name in ("CURRENT", current, manifest.delta.name, *base)]


def _opened(stack: ExitStack, data_dir: Path, name: str, most: int | None = None) -> Part:
    file = stack.enter_context((data_dir / name).open("rb"))
    size = os.fstat(file.fileno()).st_size
    return Part(name, size if most is None else min(size, most), file)


def _allow_many_files() -> None:
    """Let this process open as many files as the system lets it: an index has some twenty."""
    import resource  # noqa: PLC0415 - absent on Windows

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
