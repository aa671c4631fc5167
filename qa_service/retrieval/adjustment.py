"""The adjustment of confidences to a user's own questions, as a small file beside the catalogue.

Written by `qa-service calibrate`; read anew whenever it was replaced, so that a running server needs no restart.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from embeddings.encoder import Encoder
from qa_service.errors import Damaged
from qa_service.retrieval.calibration import FEATURES, VERSION, Adjustment, shipped_weights
from qa_service.retrieval.saved_adjustment import NAME, REMEDY, Fitted, Saved, read_saved, write_saved

_STAND_INS = frozenset({"toy"})
"""Encoders for tests: nobody relies on their confidences, so nobody is warned of them."""
_Stamp = tuple[int, int, int]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _State:
    """What the file was when it was last read: its stamp, None without a file, and what came of it."""

    stamp: _Stamp | None
    adjustment: Adjustment
    problem: str | None = None
    applies: bool = False


@cache
def weights_id() -> str:
    """Identify the package's own calibration: an adjustment belongs to the log-odds it was fitted on."""
    weights = shipped_weights()
    content = [VERSION, FEATURES, weights.foreign.tolist(), weights.native.tolist(), weights.encoder]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


class AdjustmentFile:
    """The file of one data directory, for one encoder. Safe for threads.

    Parameters:
        data_dir: need not hold the file: without it, nothing is adjusted.
        encoder: whose confidences are adjusted.
    """

    def __init__(self, data_dir: Path, encoder: Encoder) -> None:
        self.path = data_dir / NAME
        self._model = encoder.description.name
        self._encoder = encoder.fingerprint
        self._state: _State | None = None

    def read(self) -> Adjustment:
        """Give the adjustment in force: the file's, read anew if it was replaced, or none.

        A damaged file leaves the last good one in force, and one that was made with another encoder or for another
        calibration of the package is ignored; `warnings` tells.
        """
        return self._current().adjustment

    def warnings(self) -> list[str]:
        """Say why confidences may be off, if they may."""
        state = self._current()
        if state.problem is not None:
            return [state.problem]
        if state.applies or self.calibrated:
            return []
        remedy = "run `qa-service calibrate` with questions of your own"
        return [f"confidences are not calibrated for the model {self._model}: {remedy}"]

    @property
    def calibrated(self) -> bool:
        """Whether the package's own calibration was fitted on this model."""
        return self._model in (shipped_weights().encoder, *_STAND_INS)

    @property
    def applies(self) -> bool:
        """Whether there is an adjustment that was fitted for this model and the package's present calibration."""
        return self._current().applies

    def check(self) -> None:
        """Refuse a damaged file.

        Errors:
            Damaged: it cannot be read or is not what was written.
        """
        read_saved(self.path)
        self._current()

    def problems(self) -> list[str]:
        """Say what is wrong with the file, with the remedy; nothing if it is sound or not there."""
        try:
            read_saved(self.path)
        except Damaged as error:
            return [str(error)]
        return []

    def fitted(self, *, at: str, collection: str, questions: int, unanswered: int, min_confidence: float) -> Fitted:
        """Describe a fit with this encoder and the package's present calibration."""
        return Fitted(at, collection, questions, unanswered, self._model, self._encoder, weights_id(), min_confidence)

    def write(self, adjustment: Adjustment, fitted: Fitted) -> None:
        """Put an adjustment in force, here and in every process that has this data directory open.

        Errors:
            ValueError: it is out of bounds.
            Unavailable: the file cannot be written; the one before stays.
        """
        write_saved(self.path, Saved(adjustment, fitted))

    def _current(self) -> _State:
        stamp, state = _stamp(self.path), self._state
        if state is None or state.stamp != stamp:
            # Two threads may both read it; they come to the same.
            state = self._state = self._load(stamp, state.adjustment if state else Adjustment())
        return state

    def _load(self, stamp: _Stamp | None, last: Adjustment) -> _State:
        try:
            saved = read_saved(self.path) if stamp is not None else None
        except Damaged as error:
            _log.warning("%s; the adjustment before it stays in force", error)
            return _State(stamp, last, f"{NAME} {error.detail}; the adjustment before it stays in force: {REMEDY}")
        if saved is None:
            return _State(stamp, Adjustment())
        made_for = saved.fitted
        if made_for.encoder != self._encoder:
            other = f"the model {made_for.model}" if made_for.model != self._model else "other settings of the model"
            return _State(stamp, Adjustment(), f"{NAME} was fitted with {other} and is ignored: {REMEDY}")
        if made_for.weights != weights_id():
            problem = f"{NAME} was fitted with another version of qa-service and is ignored: {REMEDY}"
            return _State(stamp, Adjustment(), problem)
        return _State(stamp, saved.adjustment, applies=True)


def _stamp(path: Path) -> _Stamp | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return (0, 0, 0)
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
