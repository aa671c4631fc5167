"""Reading a backup, trusting nothing in it: what its manifest says is compared with every byte that follows."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from qa_service.backup.archive import (
    ANOTHER,
    BLOCK,
    END,
    MANIFEST,
    MOST_MANIFEST_BYTES,
    Contents,
    Member,
    not_a_backup,
)
from qa_service.errors import BadInput, Damaged, Incompatible, Unavailable

CHUNK = 1024 * 1024

Sink = Callable[[Member, Iterator[bytes]], None]
"""Takes the content of a member, all of it; its checksum is compared once it has."""


class Archive:
    """A backup opened for reading, of whose manifest names and sizes fit the file."""

    def __init__(self, path: Path, file: BinaryIO, contents: Contents) -> None:
        self.path = path
        self._file = file
        self.contents = contents

    def walk(self, sink: Sink) -> None:
        """Hand every member to a sink, in order.

        Errors:
            Damaged: something differs from what the manifest says. BadInput: it is no member of a backup.
            Unavailable: the file cannot be read.
        """
        with naming(self.path):
            self._walk(sink)

    def _walk(self, sink: Sink) -> None:
        for member in self.contents.members:
            info = _header(self._file)
            if info.name != member.name or info.size != member.bytes:
                raise not_a_backup(f"{info.name[:80]!r} of {info.size:,} bytes stands where {member.name} should")
            digest = hashlib.sha256()
            sink(member, self._content(member, digest.update))
            if digest.hexdigest() != member.sha256:
                raise Damaged("it fails its checksum", field=member.name, remedy=ANOTHER)
            _padding(self._file, member.bytes)
        if self._file.read(len(END) + 1) != END:
            raise Damaged("its end is not as it should be", remedy=ANOTHER)

    def _content(self, member: Member, seen: Callable[[bytes], None]) -> Iterator[bytes]:
        left = member.bytes
        while left:
            data = _exactly(self._file, min(left, CHUNK))
            seen(data)
            left -= len(data)
            yield data


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a backup and check its manifest, and that it has exactly the length that follows from that.

    Errors:
        BadInput: there is no such file, or it is no backup. Incompatible: a newer version made it. Damaged: it is cut
        short or was changed. Unavailable: it cannot be read.
    """
    with ExitStack() as stack:
        with naming(path):
            if not path.is_file():
                raise BadInput("this is not a file" if path.exists() else "there is no such file")
            try:
                file = stack.enter_context(path.open("rb"))
            except OSError as error:
                raise BadInput(f"cannot be read: {error.strerror or error}") from error
            archive = _opened(path, file)
        yield archive


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have errors about a backup name its file."""
    try:
        yield
    except (BadInput, Damaged, Incompatible) as error:
        error.field = f"{path}, {error.field}" if error.field else str(path)
        raise


def verify(path: Path, advance: Callable[[int, int], None]) -> Contents:
    """Read a whole backup and compare everything in it with its checksums; return what it holds.

    Errors:
        as for `open_archive` and `Archive.walk`.
    """
    with open_archive(path) as archive:
        total = archive.contents.size

        def pass_over(_member: Member, content: Iterator[bytes]) -> None:
            for data in content:
                advance(len(data), total)

        archive.walk(pass_over)
        return archive.contents


def looks_like_a_backup(path: Path) -> bool:
    """Tell whether a file starts as a backup does, or is empty."""
    with path.open("rb") as file:
        data = file.read(BLOCK)
    if not data:
        return True
    try:
        return tarfile.TarInfo.frombuf(data, "utf-8", "strict").name == MANIFEST
    except (tarfile.HeaderError, UnicodeDecodeError):
        return False


def _opened(path: Path, file: BinaryIO) -> Archive:
    try:
        info = _header(file)
    except Damaged as error:
        raise not_a_backup("it does not start as one") from error
    if info.name != MANIFEST:
        raise not_a_backup(f"it starts with {info.name[:80]!r}")
    if info.size > MOST_MANIFEST_BYTES:
        raise not_a_backup(f"its manifest has {info.size:,} bytes")
    contents = Contents.from_json(_exactly(file, info.size))
    _padding(file, info.size)
    expected = file.tell() + sum(BLOCK + member.padded for member in contents.members) + len(END)
    found = os.fstat(file.fileno()).st_size
    if found != expected:
        what = "is cut short" if found < expected else "has something behind its end"
        raise Damaged(f"it {what}: {found:,} bytes instead of {expected:,}", remedy=ANOTHER)
    return Archive(path, file, contents)


def _header(file: BinaryIO) -> tarfile.TarInfo:
    """Read the next header, of a regular file and nothing else.

    Errors:
        Damaged: it is none, or was changed. BadInput: it is of something else.
    """
    try:
        info = tarfile.TarInfo.frombuf(_exactly(file, BLOCK), "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise Damaged("a header in it is damaged", remedy=ANOTHER) from error
    if info.type != tarfile.REGTYPE:
        raise not_a_backup(f"{info.name[:80]!r} in it is not a regular file")
    if info.size < 0:
        raise Damaged("a header in it is damaged", remedy=ANOTHER)
    return info


def _padding(file: BinaryIO, size: int) -> None:
    if any(_exactly(file, -size % BLOCK)):
        raise Damaged("there is something between its files", remedy=ANOTHER)


def _exactly(file: BinaryIO, size: int) -> bytes:
    try:
        data = file.read(size)
    except OSError as error:
        raise Unavailable(f"the backup cannot be read: {error.strerror or error}", remedy=ANOTHER) from error
    if len(data) != size:
        raise Damaged("it is cut short", remedy=ANOTHER)
    return data
