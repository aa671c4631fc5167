"""The measures of a run, each as a function of how often every question counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qa_service.evaluation.calibration import (
    Floats,
    Mask,
    auroc,
    calibration_error,
    equal_mass_bins,
    equal_width_bins,
    weighted_mean,
    weighted_median,
)
from qa_service.evaluation.datasets import TAKEN_OUT
from qa_service.evaluation.records import Record

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a run.

    Attributes:
        name: how it is shown.
        better: which way is better; `neither` is reported and never gated.
        of: weights (b, n) of the run's questions -> its values (b,), NaN where undefined.
        counts: of how many questions it tells.
    """

    name: str
    better: Better
    of: Callable[[Floats], Floats]
    counts: int


def measures_of(records: Sequence[Record]) -> list[Measure]:
    """List the measures that the records allow, in the order in which they are shown."""
    confidences = np.array([record.confidence for record in records], dtype=np.float64)
    return [*_retrieval(records), *_answers(records), *_confidence(records, confidences)]


def labels(records: Sequence[Record]) -> Floats:
    """Give 1 for each record whose first passage is right, else 0."""
    return np.array([record.right_first for record in records], dtype=np.float64)


def calibrated(records: Sequence[Record]) -> Mask:
    """Tell which records count for the calibration: all but those of files, if any article was taken out."""
    if not any(record.taken_out for record in records):
        return np.zeros(len(records), dtype=np.bool_)
    return np.array([record.answerable or record.taken_out for record in records], dtype=np.bool_)


def unanswered_kinds(records: Sequence[Record]) -> list[str]:
    """Name the kinds of unanswered questions: those taken out first, then the others as they come."""
    kinds = dict.fromkeys(record.kind for record in records if not record.answerable)
    return sorted(kinds, key=lambda kind: kind != TAKEN_OUT)


def _retrieval(records: Sequence[Record]) -> Iterator[Measure]:
    answerable = _mask(records, lambda record: record.answerable)
    names = next((list(record.values) for record in records if record.answerable), [])
    for name in names:
        yield _mean(name, "higher", [record.values.get(name, 0.0) for record in records], answerable)


def _answers(records: Sequence[Record]) -> Iterator[Measure]:
    judged = _mask(records, lambda record: record.answer_has_gold is not None)
    if not judged.any():
        return
    yield _mean("Answer has gold", "higher", [bool(record.answer_has_gold) for record in records], judged)
    yield _mean("First sentence has gold", "higher", [bool(record.sentence_has_gold) for record in records], judged)
    lengths = [len(record.answer or "") for record in records]
    yield _mean("Answer length, mean", "neither", lengths, judged)
    median = partial(weighted_median, np.array(lengths, dtype=np.float64), judged)
    yield Measure("Answer length, median", "neither", median, int(judged.sum()))


def _confidence(records: Sequence[Record], confidences: Floats) -> Iterator[Measure]:
    answerable = _mask(records, lambda record: record.answerable)
    right = _mask(records, lambda record: record.right_first)
    answered = [record.answered for record in records]
    if right.any():
        yield _mean("Right kept", "higher", answered, right)
    for kind in unanswered_kinds(records):
        of_kind = np.array([record.kind == kind for record in records], dtype=np.bool_)
        yield _mean(f"Answered {kind}", "lower", answered, of_kind)
        if answerable.any():
            area = partial(auroc, confidences, answerable, of_kind)
            yield Measure(f"AUROC {kind}", "higher", area, int((answerable | of_kind).sum()))
    counted = calibrated(records)
    if not counted.any():
        return
    label, count = labels(records), int(counted.sum())
    widths, masses = equal_width_bins(confidences), np.zeros(len(records), dtype=np.intp)
    masses[counted] = equal_mass_bins(confidences[counted])
    for name, bins in (("ECE", widths), ("ECE, equal mass", masses)):
        yield Measure(name, "lower", partial(_error, confidences, label, bins, counted), count)
    # Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.
    yield _mean("Brier", "lower", ((confidences - label) ** 2).tolist(), counted)


def _error(confidences: Floats, label: Floats, bins: NDArray[np.intp], counted: Mask, weights: Floats) -> Floats:
    return calibration_error(confidences, label, bins, weights * counted)


def _mask(records: Sequence[Record], test: Callable[[Record], bool]) -> Mask:
    return np.array([test(record) for record in records], dtype=np.bool_)


def _mean(name: str, better: Better, values: Sequence[float], counted: Mask) -> Measure:
    return Measure(
        name, better, partial(weighted_mean, np.array(values, dtype=np.float64), counted), int(counted.sum())
    )
