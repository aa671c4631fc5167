"""What a generation is: a manifest names immutable files, the write sequence they cover, and how well they find."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.ivf_index import Effort

FORMAT = 4
READABLE = (2, 3, 4)
"""Format 2 had exact bases only, without the places of their passages; format 3 legs without a reach."""
DELTA_MAGIC = b"QADELTA1"


@dataclass(frozen=True, slots=True)
class Versions:
    """Everything that decides what the vectors and words of a passage are."""

    encoder: str
    model: str
    dim: int
    query_prompt: str
    passage_prompt: str
    extraction: str
    repair: str
    fold: str
    splitter: str
    tokenizer: str
    furniture: str
    prints: str

    @property
    def pipeline(self) -> str:
        """Identify the processing an article went through."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def differences(self, other: Versions) -> list[str]:
        """Name the fields in which two differ."""
        mine, theirs = asdict(self), asdict(other)
        return [name for name in mine if mine[name] != theirs[name]]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a generation, relative to the collection's directory."""

    name: str
    bytes: int
    sha256: str

    @property
    def entries(self) -> int:
        """Count the keys of a delta file."""
        return (self.bytes - len(DELTA_MAGIC) - 16) // 8


@dataclass(frozen=True, slots=True)
class LegEntry:
    """How a base finds vectors of one kind, and how well.

    Attributes:
        kind: "exact", or "ivf-rabitq" for inverted lists of codes whose hits are scored anew.
        vectors: how many there are.
        lists, probes, fetched: all lists, those looked into, and the hits scored anew; 0 if exact.
        reach: which of these lists are looked into, see `Effort`; None for all.
        trained_on: how many vectors there were when the lists were trained.
        recall: the share of the exact 10 best that is found, None if not measured; 1 if exact.
        queries: how many questions that was measured with, among `measured_on` vectors, at `measured_at` (UTC).
    """

    kind: str
    vectors: int
    lists: int = 0
    probes: int = 0
    fetched: int = 0
    reach: float | None = None
    trained_on: int = 0
    recall: float | None = 1.0
    queries: int = 0
    measured_on: int = 0
    measured_at: str | None = None

    @property
    def effort(self) -> Effort:
        """What a search of inverted lists takes."""
        return Effort(self.probes, self.fetched, math.inf if self.reach is None else self.reach)


@dataclass(frozen=True, slots=True)
class BaseEntry:
    """The base indexes: every passage live at `seq`.

    `windows` and `sentences` are None in format 2. `lingering` counts the passages that its word index holds though
    they are gone.
    """

    directory: str
    seq: int
    passages: int
    files: tuple[FileEntry, ...]
    windows: LegEntry | None = None
    sentences: LegEntry | None = None
    lingering: int = 0

    @staticmethod
    def parse(raw: dict[str, Any]) -> BaseEntry:
        """Read one from a manifest."""
        legs = {name: LegEntry(**raw[name]) if raw.get(name) else None for name in ("windows", "sentences")}
        return BaseEntry(**{**raw, **legs, "files": tuple(FileEntry(**file) for file in raw["files"])})


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. `delta` names what was added and deleted after the base, up to `seq`."""

    format: int
    collection: int
    seq: int
    created_at: str
    versions: Versions
    base: BaseEntry | None
    delta: FileEntry

    @property
    def name(self) -> str:
        """The generation's name as the API shows it."""
        return f"{self.collection}-{self.seq}-{self.base.seq if self.base else 0}"


@dataclass(frozen=True, slots=True)
class Delta:
    """Keys added since the base and live, and keys of the base that are dead; both in increasing order."""

    added: NDArray[np.int64]
    dead: NDArray[np.int64]
