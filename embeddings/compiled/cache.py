"""A prepared model on disk: its graph where it was quantised, and the record of how it compared with float32."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from embeddings.compiled.validation import Validation
from embeddings.durable import exclusive, sync_folder
from embeddings.errors import DamagedModel
from embeddings.manifest import FileRecord

FORMAT = 1
"""Version of the prepared folder and of how a graph is built and quantised; others are prepared again."""

RECORD = "prepared.json"
GRAPH = "model.blob"


@dataclass(frozen=True, slots=True)
class Key:
    """What a prepared model holds for: another engine, model or processor needs another one."""

    format: int
    engine: str
    model: str
    processor: str
    precision: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """The record of a prepared model.

    Attributes:
        key: what it holds for.
        validation: how it compared with float32; None for float32 itself.
        graph: the length and checksum of the compiled graph's file.
    """

    key: Key
    validation: Validation | None
    graph: FileRecord


def read_record(folder: Path) -> Prepared | None:
    """Read the record in `folder`, of whatever it holds for; None if there is nothing.

    Errors:
        DamagedModel: it is there but damaged; the detail says what is wrong.
    """
    path = folder / RECORD
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        validation = Validation(**data["validation"]) if data["validation"] is not None else None
        return Prepared(Key(**data["key"]), validation, FileRecord(**data["graph"]))
    except FileNotFoundError:
        if not folder.exists():
            return None
        raise DamagedModel(f"{path} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedModel(f"{path} cannot be read: {error!r}") from error


def read_prepared(folder: Path, key: Key) -> tuple[Prepared, bytes] | None:
    """Read what is in `folder`, the record and the compiled graph; None if there is nothing.

    Errors:
        DamagedModel: it is there but damaged, or holds for something else; the detail says what is wrong.
    """
    prepared = read_record(folder)
    if prepared is None:
        return None
    if prepared.key != key:
        raise DamagedModel(f"{folder} was prepared for {_difference(prepared.key, key)}")
    path = folder / GRAPH
    try:
        graph = path.read_bytes()
    except OSError as error:
        raise DamagedModel(f"{path} cannot be read: {error.strerror}") from error
    if len(graph) != prepared.graph.size:
        raise DamagedModel(f"{path} has {len(graph)} bytes instead of {prepared.graph.size}")
    if hashlib.sha256(graph).hexdigest() != prepared.graph.sha256:
        raise DamagedModel(f"{path} has been altered: its checksum is wrong")
    return prepared, graph


def write_prepared(folder: Path, key: Key, validation: Validation | None, graph: bytes) -> None:
    """Put a prepared model at `folder`, whole or not at all, in place of what is there.

    Args:
        folder: where; its parent exists.
        key: what it holds for.
        validation: as in `Prepared`.
        graph: the compiled graph. The caller holds the lock of `preparing`.

    Errors:
        OSError: it cannot be written.
    """
    # The lock is held, so what a killed process left behind belongs to nobody.
    for leftover in folder.parent.glob(f".{folder.name}-building-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-building-", dir=folder.parent))
    try:
        draft.chmod(0o755)
        (draft / GRAPH).write_bytes(graph)
        prepared = Prepared(key, validation, FileRecord(len(graph), hashlib.sha256(graph).hexdigest()))
        record = json.dumps(asdict(prepared), indent=2)
        (draft / RECORD).write_text(record + "\n", encoding="utf-8")
        sync_folder(draft)
        if folder.exists():
            # Whoever has the old files open keeps them open.
            shutil.rmtree(folder.rename(draft / "old"))
        draft.rename(folder)
        sync_folder(folder.parent, files=False)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def preparing(folder: Path, waiting: Callable[[], None]) -> AbstractContextManager[None]:
    """Hold the lock under which `folder` is prepared; see `exclusive`."""
    return exclusive(folder.parent / f".{folder.name}.lock", waiting)


def _difference(found: Key, wanted: Key) -> str:
    pairs = zip(asdict(found).items(), asdict(wanted).values(), strict=True)
    return ", ".join(f"{name} {mine!r} instead of {other!r}" for (name, mine), other in pairs if mine != other)
