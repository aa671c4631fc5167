"""An adjustment on disk: what it is, what it was fitted on, and a checksum over both."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_type_hints

from embeddings.durable import replacing, sync_folder
from qa_service.errors import Damaged, Unavailable
from qa_service.readers.formats import parse_json
from qa_service.retrieval.calibration import Adjustment

NAME = "calibration.json"
FORMAT = 1
LEAST_SLOPE, MOST_SLOPE, MOST_OFFSET = 0.01, 100.0, 100.0
"""Beyond these, log-odds and answers have nothing to do with each other, or the file is wrong."""
REMEDY = "run `qa-service calibrate` with your questions again, or `qa-service calibrate --reset`"
_KEYS = {"format", "slope", "offset", "fitted"}
_MOST_BYTES = 65_536
_MOST_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Fitted:
    """What an adjustment was fitted on.

    Attributes:
        at: when, ISO 8601.
        collection: which collection was asked.
        questions: how many questions with answers.
        unanswered: how many questions were asked that had no answer, those without their articles among them.
        model, encoder: the encoder's name and fingerprint.
        weights: identifies the package's own calibration, whose log-odds are adjusted.
        min_confidence: the threshold that was proposed with it.
    """

    at: str
    collection: str
    questions: int
    unanswered: int
    model: str
    encoder: str
    weights: str
    min_confidence: float


@dataclass(frozen=True, slots=True)
class Saved:
    """An adjustment and what it was fitted on."""

    adjustment: Adjustment
    fitted: Fitted


def write_saved(path: Path, saved: Saved) -> None:
    """Replace an adjustment file, whole and durably or not at all.

    Errors:
        ValueError: the adjustment is out of bounds.
        Unavailable: the file cannot be written; the one before stays.
    """
    body = {"format": FORMAT, **asdict(saved.adjustment), "fitted": asdict(saved.fitted)}
    content = json.dumps({**body, "sha256": _checksum(body)}, ensure_ascii=False, indent=2, allow_nan=False).encode()
    _parse(content)
    try:
        with replacing(path) as file:
            file.write(content + b"\n")
    except OSError as error:
        raise Unavailable(f"cannot be written: {error.strerror or error}", field=str(path)) from error


def read_saved(path: Path) -> Saved | None:
    """Read an adjustment file; None when there is none.

    Errors:
        Damaged: it cannot be read or is not what was written.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(f"cannot be read: {error.strerror or error}", field=str(path), remedy=REMEDY) from error
    try:
        return _parse(content)
    except ValueError as error:
        raise Damaged(f"is damaged: {error}", field=str(path), remedy=REMEDY) from error


def remove(path: Path) -> bool:
    """Remove an adjustment file, damaged or not; tell whether there was one.

    Errors:
        Unavailable: it cannot be removed.
    """
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Unavailable(f"cannot be removed: {error.strerror or error}", field=str(path)) from error
    sync_folder(path.parent, files=False)
    return True


def in_bounds(adjustment: Adjustment) -> bool:
    """Tell whether an adjustment can be taken: finite, rising, and not beyond all sense."""
    return LEAST_SLOPE <= adjustment.slope <= MOST_SLOPE and abs(adjustment.offset) <= MOST_OFFSET


def _checksum(body: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _parse(content: bytes) -> Saved:
    """Read the file's content. Errors: ValueError, with what is wrong."""
    if len(content) > _MOST_BYTES:
        raise ValueError("it is too long")
    body = parse_json(content)
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    if body.pop("sha256", None) != _checksum(body):
        raise ValueError("its checksum does not match")
    fitted, hints = body.get("fitted"), get_type_hints(Fitted)
    if set(body) != _KEYS or not isinstance(fitted, dict) or set(fitted) != set(hints):
        raise ValueError("it lacks something or holds something else")
    for name, kind in hints.items():
        if type(fitted[name]) is not kind:
            raise ValueError(f"fitted.{name} is not of its type")
    if not all(len(value) <= _MOST_CHARS and value.isprintable() for value in fitted.values() if type(value) is str):
        raise ValueError("it holds text that cannot be shown")
    numbers = (body["slope"], body["offset"])
    if not all(type(number) is float and math.isfinite(number) for number in numbers):
        raise ValueError("slope and offset must be numbers")
    adjustment = Adjustment(*numbers)
    if not in_bounds(adjustment):
        raise ValueError("slope or offset is out of bounds")
    return Saved(adjustment, Fitted(**fitted))
