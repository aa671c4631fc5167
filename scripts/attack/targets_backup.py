"""Targets of backups: whatever an archive holds, it is refused with its reason, or every byte of it is as it was."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path

from targets import REFUSED, TAKEN, Target, promise, resealed

from qa_service.errors import QAError
from qa_service.store.sqlite_catalog import SqliteCatalog

_FROM_MANIFEST = 1


def _silent(_done: int, _total: int) -> None:
    pass


@functools.cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="qa-fuzz-backup-"))


@functools.cache
def _good() -> bytes:
    from qa_service.backup.making import make  # noqa: PLC0415

    data = _folder() / "data"
    data.mkdir()
    SqliteCatalog(data).close()
    path = _folder() / "good.tar"
    make(data, path, indexes=False, advance=_silent)
    return path.read_bytes()


def _manifest() -> bytes:
    size = int(_good()[124:135], 8)
    return _good()[512 : 512 + size]


def _seeds() -> Iterator[bytes]:
    yield bytes([_FROM_MANIFEST]) + _manifest()
    # The catalogue is megabytes of zeros and says nothing here: a few blocks of an archive do.
    yield b"\0" + _good()[:8192]


def _check(data: bytes) -> str:
    """The first byte says whether the rest is the archive, or the manifest of a good one, its checksum made right."""
    from qa_service.backup.reading import verify  # noqa: PLC0415

    path = _folder() / "tried.tar"
    path.write_bytes(_with_manifest(data[1:]) if data and data[0] & _FROM_MANIFEST else data[1:])
    try:
        verify(path, _silent)
    except QAError as error:
        promise(error.detail and "\n" not in str(error), "a refusal is one line")
        return REFUSED
    return TAKEN


def _with_manifest(content: bytes) -> bytes:
    from qa_service.backup.archive import END, MANIFEST, header  # noqa: PLC0415

    content = resealed(content)
    rest = _good()[512 + -(-len(_manifest()) // 512) * 512 :]
    return header(MANIFEST, len(content), 0) + content + bytes(-len(content) % 512) + (rest or END)


TARGETS = (Target("backup", _seeds, _check, (b"null", b"[]", b"{}", b'"../x"', b"-1", b"1e9")),)
