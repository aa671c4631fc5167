"""The default model: built once, without any network, from the installed packages that carry it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embeddings.durable import exclusive, sync_folder
from embeddings.errors import DamagedModel, ModelError
from embeddings.fingerprint import fingerprint, model_checksums
from embeddings.manifest import FORMAT, check_files, read_manifest, write_manifest
from embeddings.model_folder import TOKENIZER, WEIGHTS, write_settings, write_weights
from embeddings.models import (
    DEFAULT_MODEL,
    DEFAULT_MODEL_SHA256,
    DEFAULT_MODEL_TOKENIZER,
    DEFAULT_MODEL_WEIGHTS,
    ModelDescription,
    SourceFile,
)
from embeddings.q4_file import Q4File
from embeddings.self_test import self_test
from embeddings.sources import locate

Progress = Callable[[str], None]

FOLDER = f"{DEFAULT_MODEL.name}-v{FORMAT}"
_BUILDING = f".{FOLDER}-building-"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The default model's state.

    Attributes:
        description: what it is.
        folder: where it is, or will be built.
        built: whether it is there and its files are as built, of the weights the size.
        problem: why it cannot be used as it is, if it is there and damaged.
        size: bytes on disk, 0 unless built.
        fingerprint: of its vectors with its own prompts; None unless built.
        sources: the package files it is built from, each with what is wrong with it, or None.
    """

    description: ModelDescription
    folder: Path
    built: bool
    problem: str | None
    size: int
    fingerprint: str | None
    sources: tuple[tuple[SourceFile, str | None], ...]


def ensure_default_model(cache_dir: Path, progress: Progress | None = None, *, full: bool = False) -> Path:
    """Return the default model's folder, building it first if it is not there or damaged.

    Two processes may do this at once: the second waits for the first and uses what it built.

    Args:
        cache_dir: where built models live; made if need be. The model takes about 490 MB there.
        progress: told in a sentence what is being done, when anything is.
        full: check every byte of an existing model, also those of the weights.

    Errors:
        ModelError: the packages are missing or not the known ones, the directory cannot be written or is full, or
            the built model does not give the vectors it should. Nothing half-built is left behind.
    """
    say = progress or _silent
    folder = cache_dir / FOLDER
    if _state(folder, full=full) == "ready":
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with exclusive(cache_dir / f".{FOLDER}.lock", lambda: say("waiting for another process to build the model")):
            state = _state(folder, full=full)
            if state != "ready":
                if state != "absent":
                    say(f"the default model is built again: {state}")
                _build(cache_dir, folder, say)
    except OSError as error:
        raise ModelError(
            f"the model directory {cache_dir} cannot be used: {error.strerror or error}",
            "choose a writable directory with 1 GB free as QA_MODEL_DIR",
        ) from error
    return folder


def verify(folder: Path, *, full: bool = False) -> None:
    """Check a built model against its manifest: sizes and checksums of its files, that of the weights only if `full`.

    Errors:
        DamagedModel: a file, or the manifest itself, is missing, truncated or altered.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise DamagedModel(f"{folder} holds no built model", "build it with `qa-service model build`")
    check_files(folder, manifest, full=full)


def model_info(cache_dir: Path) -> ModelInfo:
    """Describe the default model and its sources without loading, building or changing anything."""
    folder = cache_dir / FOLDER
    state = _state(folder, full=False)
    built = state == "ready"
    manifest = read_manifest(folder) if built else None
    return ModelInfo(
        description=DEFAULT_MODEL,
        folder=folder,
        built=built,
        problem=None if built or state == "absent" else state,
        size=sum(record.size for record in manifest.files.values()) if manifest else 0,
        fingerprint=fingerprint(folder, model_checksums(folder), DEFAULT_MODEL) if built else None,
        sources=tuple((source, _problem(source)) for source in (DEFAULT_MODEL_WEIGHTS, DEFAULT_MODEL_TOKENIZER)),
    )


def _silent(_message: str) -> None:
    pass


def _state(folder: Path, *, full: bool) -> str:
    """Return "ready", "absent", or what is wrong with the folder."""
    if not folder.exists():
        return "absent"
    try:
        verify(folder, full=full)
    except DamagedModel as error:
        return error.detail
    return "ready"


def _problem(source: SourceFile) -> str | None:
    try:
        locate(source, full=False)
    except ModelError as error:
        return str(error)
    return None


def _build(cache_dir: Path, folder: Path, say: Progress) -> None:
    say("checking the packages that carry the default model")
    weights, tokenizer = locate(DEFAULT_MODEL_WEIGHTS), locate(DEFAULT_MODEL_TOKENIZER)
    # The lock is held, so what a killed build left behind belongs to nobody.
    for leftover in cache_dir.glob(f"{_BUILDING}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=cache_dir))
    try:
        draft.chmod(0o755)
        say("building the default model from its 4-bit weights")
        _write(draft, weights, tokenizer)
        say("testing the built model against its reference vectors")
        self_test(draft)
        _replace(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    say(f"the default model is ready in {folder}")


def _write(draft: Path, weights: Path, tokenizer: Path) -> None:
    source = Q4File(weights)
    checksum = write_weights(source, draft / WEIGHTS)
    if checksum != DEFAULT_MODEL_SHA256:
        raise ModelError("the rebuilt weights are not the expected ones", "check the disk and the memory; try again")
    write_settings(DEFAULT_MODEL, source.header, tokenizer, draft)
    known = {WEIGHTS: checksum, TOKENIZER: DEFAULT_MODEL_TOKENIZER.sha256}
    write_manifest(draft, DEFAULT_MODEL.name, DEFAULT_MODEL.source, DEFAULT_MODEL.licence, known)
    sync_folder(draft)


def _replace(draft: Path, folder: Path) -> None:
    if folder.exists():
        # A damaged model: whoever has it open keeps it open, and the next to look finds the new one.
        damaged = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=folder.parent))
        folder.rename(damaged / folder.name)
        draft.rename(folder)
        shutil.rmtree(damaged, ignore_errors=True)
    else:
        draft.rename(folder)
    sync_folder(folder.parent, files=False)
