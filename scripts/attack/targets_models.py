"""Targets of the files of models and of the calibration: they are refused as damaged or can be worked with."""

from __future__ import annotations

from collections.abc import Iterator

from targets import Target, resealed
from targets_files import folder, refusing

from embeddings import manifest
from embeddings.compiled import cache as prepared
from qa_service.retrieval.calibration import Adjustment
from qa_service.retrieval.saved_adjustment import Fitted, Saved, read_saved, write_saved


def _calibration_seeds() -> Iterator[bytes]:
    path = folder("calibration-seed") / "calibration.json"
    write_saved(path, Saved(Adjustment(1.5, -0.25), Fitted("2025", "default", 5, 6, "m", "e", "w", 0.25)))
    for first in b"\0\1":
        yield bytes([first]) + path.read_bytes()


@refusing
def _calibration(data: bytes) -> None:
    """The first byte says whether the checksum is made right."""
    path = folder("calibration") / "calibration.json"
    path.write_bytes(resealed(data[1:]) if data and data[0] & 1 else data[1:])
    read_saved(path)


def _model_seeds() -> Iterator[bytes]:
    home = folder("model-seed")
    (home / "a.bin").write_bytes(b"abc")
    manifest.write_manifest(home, "m", "s", "l", {})
    yield (home / manifest.MANIFEST).read_bytes()


@refusing
def _model(data: bytes) -> None:
    home = folder("model")
    (home / "a.bin").write_bytes(b"abc")
    (home / manifest.MANIFEST).write_bytes(data)
    found = manifest.read_manifest(home)
    if found is not None:
        manifest.check_files(home, found, full=True)


@refusing
def _prepared(data: bytes) -> None:
    home = folder("prepared")
    (home / prepared.GRAPH).write_bytes(b"graph")
    (home / prepared.RECORD).write_bytes(data)
    prepared.read_prepared(home, prepared.Key(1, "e", "m", "p", "int8"))


def _prepared_seeds() -> Iterator[bytes]:
    home = folder("prepared-seed") / "model-int8"
    prepared.write_prepared(home, prepared.Key(1, "e", "m", "p", "int8"), None, b"graph")
    yield (home / prepared.RECORD).read_bytes()


TARGETS = (
    Target("calibration", _calibration_seeds, _calibration),
    Target("model-manifest", _model_seeds, _model, (b"null", b"[]", b'"../x"', b"\\u0000")),
    Target("prepared", _prepared_seeds, _prepared, (b"null", b"[]", b"{}")),
)
