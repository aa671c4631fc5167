"""An evaluation's report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa_service.cli.output import printable, table
from qa_service.evaluation.records import ANCHOR_MEASURES, Record

if TYPE_CHECKING:
    from qa_service.evaluation.bootstrap import Estimate
    from qa_service.evaluation.gate import Comparison
    from qa_service.evaluation.report import Report


def report_text(report: Report) -> str:
    """Lay out a report: what was asked, the measures with their intervals, the times, anchored questions singly."""
    counted = report.conditions.kind == "anchors"
    rows = [
        (
            name,
            _count_text(one) if counted and name in ANCHOR_MEASURES else measure_text(name, one.value),
            interval_text(name, one),
            one.questions,
        )
        for name, one in report.estimates.items()
    ]
    parts = [
        *_head(report),
        "",
        table(("measure", "value", "95% interval", "questions"), rows),
        "",
        f"asking, ms over {report.timed:,} questions:",
        table(
            ("stage", "p50", "p95"),
            [(stage, ms["p50"], ms["p95"]) for stage, ms in report.latencies.percentiles().items()],
        ),
    ]
    if report.conditions.kind == "anchors":
        parts.extend(["", *(_line(record) for record in report.records)])
    return "\n".join(parts)


def comparison_text(comparison: Comparison) -> str:
    """Lay out what became of each measure since the baseline."""
    rows = [
        (
            change.name,
            measure_text(change.name, change.before.value),
            measure_text(change.name, change.now.value),
            _signed(change.name, change.difference.value),
            interval_text(change.name, change.difference),
            "WORSE" if change.fell else "" if change.better == "neither" else "ok",
        )
        for change in comparison.changes
    ]
    head = f"since {printable(comparison.baseline.name)}, over {comparison.questions:,} common questions:"
    return head + "\n" + table(("measure", "before", "now", "difference", "95% interval", ""), rows)


def fallen_text(comparison: Comparison) -> Iterator[str]:
    """Give one line for each measure that got worse beyond noise."""
    for change in comparison.fallen:
        verb = "rose" if change.better == "lower" else "fell"
        yield (
            f"gate: {change.name} {verb} from {measure_text(change.name, change.before.value)}"
            f" to {measure_text(change.name, change.now.value)}"
            f" (difference {_signed(change.name, change.difference.value)},"
            f" 95% interval {interval_text(change.name, change.difference)})"
        )


def measure_text(name: str, value: float | None) -> str:
    """Write a measure's value: lengths in characters, everything else as a share."""
    if value is None:
        return "-"
    return f"{value:.1f}" if "length" in name else f"{value:.4f}"


def interval_text(name: str, one: Estimate) -> str:
    """Write an interval as `low to high`."""
    if one.low is None or one.high is None:
        return "-"
    return f"{measure_text(name, one.low)} to {measure_text(name, one.high)}"


def _count_text(one: Estimate) -> str:
    """Write a share of few questions as a count."""
    return f"{round((one.value or 0.0) * one.questions)} of {one.questions}"


def _head(report: Report) -> Iterator[str]:
    questions = f"{len(report.records):,} questions"
    ingest = report.ingest
    if ingest is None:
        yield f"{printable(report.conditions.dataset)}: {questions}"
    else:
        speed = f"{ingest.passages_per_second:.1f} passages/s"
        yield f"{printable(report.conditions.dataset)}: {questions} on {ingest.articles:,} articles"
        yield f"{ingest.passages:,} passages ingested in {ingest.seconds:.1f} s, {speed}"
    kinds = report.kinds()
    if len(kinds) > 1:
        yield ", ".join(f"{count:,} {printable(kind)}" for kind, count in kinds.items())


def _signed(name: str, value: float | None) -> str:
    text = measure_text(name, value)
    return f"+{text}" if value is not None and not text.startswith("-") else text


def _line(record: Record) -> str:
    if record.answerable:
        verdict = "right" if record.rank == 1 else f"rank {record.rank}" if record.rank else "wrong"
    else:
        verdict = "answered" if record.answered else "silent"
    note = "" if record.anchor_found else " (the anchor stands in none of its articles)"
    return f"{verdict:>8}  {record.confidence:.2f}  {printable(record.question)}{note}"
