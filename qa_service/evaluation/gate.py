"""Compares a run with an earlier one: what fell beyond noise?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa_service.errors import BadInput
from qa_service.evaluation.datasets import read_json_file
from qa_service.evaluation.records import Record
from qa_service.evaluation.report import REPORT, REPORT_VERSION, Conditions, Report

if TYPE_CHECKING:
    from qa_service.evaluation.bootstrap import Estimate
    from qa_service.evaluation.measures import Better

TOLERANCE = 0.002
_AGAIN = "write one with --save FILE"


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier run: its name, conditions and questions, and the median and 95th percentile of each stage in ms."""

    name: str
    conditions: Conditions
    records: tuple[Record, ...]
    latencies: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a measure over the questions that both runs asked; `fell` if it got worse beyond noise."""

    name: str
    better: Better
    before: Estimate
    now: Estimate
    difference: Estimate
    fell: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside its baseline, over their common questions."""

    baseline: Baseline
    questions: int
    changes: tuple[Change, ...]

    @property
    def fallen(self) -> tuple[Change, ...]:
        """The measures that got worse beyond noise."""
        return tuple(change for change in self.changes if change.fell)

    def as_dict(self) -> dict[str, object]:
        """Give the machine form."""
        return {
            "baseline": self.baseline.name,
            "common_questions": self.questions,
            "passed": not self.fallen,
            "changes": {
                change.name: {
                    "before": change.before.value,
                    "now": change.now.value,
                    "difference": change.difference.value,
                    "interval": [change.difference.low, change.difference.high],
                    "fell": change.fell,
                }
                for change in self.changes
            },
        }


def load_baseline(path: Path) -> Baseline:
    """Read a report that an earlier run wrote.

    Errors:
        BadInput: it cannot be read, is no report, or is one of another version.
    """
    found = read_json_file(path)
    if not isinstance(found, dict) or found.get("report") != REPORT:
        raise BadInput("is no report of an evaluation", field=str(path), remedy=_AGAIN)
    if found.get("version") != REPORT_VERSION:
        problem = f"is a report of version {found.get('version')!r:.20}, this program compares version {REPORT_VERSION}"
        raise BadInput(problem, field=str(path), remedy="write it anew, with --save FILE and the release to compare")
    return _baseline(path, found)


def check_comparable(baseline: Baseline, conditions: Conditions, questions: Iterable[tuple[str, str]]) -> None:
    """Refuse a baseline that a run cannot be compared with; before the run, which may take long.

    Parameters:
        baseline: what is to be compared with.
        conditions: of the run.
        questions: (id, text) of its questions.

    Errors:
        BadInput: it is of another set, of the same with other articles taken out, or shares no question.
    """
    was = baseline.conditions
    if (was.dataset, was.kind) != (conditions.dataset, conditions.kind):
        problem = f"is of another set: {was.dataset!r:.120}, not {conditions.dataset!r:.120}"
        raise BadInput(problem, field=baseline.name, remedy="name a report of the same set")
    if was != conditions:
        made = f"with --take-out {was.take_out:g} --seed {was.seed}" if was.take_out else "without --take-out"
        problem = f"was made {made}"
        raise BadInput(problem, field=baseline.name, remedy="use the same, or write another baseline with --save FILE")
    if {(record.id, record.question) for record in baseline.records}.isdisjoint(questions):
        remedy = "name a report on the same questions"
        raise BadInput("has no question in common with this run", field=baseline.name, remedy=remedy)


def compare(baseline: Baseline, report: Report, tolerance: float = TOLERANCE) -> Comparison:
    """Compare a run with its baseline, question by question.

    A measure fell when the 95% interval of its paired difference lies wholly on the worse side of 0 and the
    difference itself is more than the tolerance. Measures with no better side never fall; nor do latencies.

    Parameters:
        baseline: of the same set.
        report: the run.
        tolerance: the drop that does not matter, in the measures' unit.

    Errors:
        BadInput: as of `check_comparable`.
    """
    from qa_service.evaluation.bootstrap import estimate_differences  # noqa: PLC0415 - loads numpy
    from qa_service.evaluation.measures import measures_of  # noqa: PLC0415

    check_comparable(baseline, report.conditions, ((record.id, record.question) for record in report.records))
    known = {(record.id, record.question): record for record in baseline.records}
    now = [record for record in report.records if (record.id, record.question) in known]
    before = [known[record.id, record.question] for record in now]
    old, new = measures_of(before), measures_of(now)
    better = {measure.name: measure.better for measure in new}
    found = estimate_differences(old, new, [record.cluster for record in now])
    changes = tuple(
        Change(name, better[name], *estimates, fell=_fell(better[name], estimates[2], tolerance))
        for name, estimates in found.items()
    )
    return Comparison(baseline, len(now), changes)


def _fell(better: Better, difference: Estimate, tolerance: float) -> bool:
    if better == "neither" or difference.value is None or difference.low is None or difference.high is None:
        return False
    if better == "lower":
        return difference.low > 0 and difference.value > tolerance
    return difference.high < 0 and -difference.value > tolerance


def _baseline(path: Path, found: Mapping[str, Any]) -> Baseline:
    from pydantic import BaseModel, TypeAdapter, ValidationError  # noqa: PLC0415

    class Saved(BaseModel, strict=True, allow_inf_nan=False):
        dataset: str
        kind: str
        take_out: float = 0.0
        seed: int = 0
        ask_ms: dict[str, dict[str, float]] = {}

    try:
        saved = Saved.model_validate(found)
        rows = TypeAdapter(list[Record]).validate_python([_row(row) for row in found.get("per_question", ())])
    except (ValidationError, TypeError, ValueError) as error:
        where = ""
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            where = f": {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise BadInput(f"is a damaged report{where}", field=str(path), remedy=_AGAIN) from error
    conditions = Conditions(saved.dataset, saved.kind, saved.take_out, saved.seed)
    return Baseline(str(path), conditions, tuple(rows), saved.ask_ms)


def _row(row: object) -> dict[str, object]:
    """Take from a saved question what a record holds; the rest is for readers."""
    if not isinstance(row, dict):
        raise TypeError("a question must be an object")
    return {name: value for name, value in row.items() if name in Record.__dataclass_fields__}
