"""The record beside a built model: what it is, and the size and checksum of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from embeddings.errors import DamagedModel

MANIFEST = "build-manifest.json"
FORMAT = 1
"""Version of the built folder; a folder of another version is built again."""

_CHUNK = 1 << 22
QUICKLY_HASHED = 1 << 25
"""Bytes up to which a file is always compared with its checksum: that takes some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file's length in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a built folder holds; `files` is keyed by path relative to the folder, with slashes."""

    format: int
    name: str
    source: str
    licence: str
    files: Mapping[str, FileRecord]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_manifest(folder: Path, name: str, source: str, licence: str, known: Mapping[str, str]) -> Manifest:
    """Record every file now in `folder`.

    Args:
        folder: the finished model folder.
        name, source, licence: as in ModelDescription.
        known: checksums of files, by relative path, that were computed while writing them.

    Returns:
        What was written.
    """
    files = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_file() and relative != MANIFEST:
            files[relative] = FileRecord(path.stat().st_size, known.get(relative) or sha256_of(path))
    manifest = Manifest(FORMAT, name, source, licence, files)
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of `folder`; None if it has none.

    Errors:
        DamagedModel: it is there but cannot be read, or is of another format version.
    """
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        files = {str(name): FileRecord(int(file["size"]), str(file["sha256"])) for name, file in data["files"].items()}
        manifest = Manifest(int(data["format"]), data["name"], data["source"], data["licence"], files)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedModel(f"{path} cannot be read: {error!r}", _remedy(folder)) from error
    if manifest.format != FORMAT:
        raise DamagedModel(f"{path} has format {manifest.format}, not {FORMAT}", _remedy(folder))
    return manifest


def check_files(folder: Path, manifest: Manifest, *, full: bool) -> None:
    """Compare the files of `folder` with its manifest: their sizes, and their checksums, of the weights only if `full`.

    Errors:
        DamagedModel: a file is missing, truncated or altered; it names the file.
    """
    for name, record in manifest.files.items():
        path = folder / name
        if not name.isprintable():
            raise DamagedModel(f"the manifest of {folder} names {name!r}, which is no file", _remedy(folder))
        try:
            size = path.stat().st_size
            if size != record.size:
                raise DamagedModel(f"{path} has {size} bytes instead of {record.size}", _remedy(folder))
            if (full or size <= QUICKLY_HASHED) and sha256_of(path) != record.sha256:
                raise DamagedModel(f"{path} has been altered: its checksum is wrong", _remedy(folder))
        except FileNotFoundError:
            raise DamagedModel(f"{path} is missing", _remedy(folder)) from None
        except OSError as error:
            raise DamagedModel(f"{path} cannot be read: {error.strerror}", _remedy(folder)) from error


def _remedy(folder: Path) -> str:
    return f"delete {folder}; it is built again at the next start"
