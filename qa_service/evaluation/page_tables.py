"""The tables of the evaluation page. Every text that is not the page's own is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from qa_service.evaluation.bootstrap import Estimate
from qa_service.evaluation.gate import Change, Comparison
from qa_service.evaluation.records import Record
from qa_service.evaluation.report import Report
from qa_service.evaluation.svg import escaped

WORST = 40
"""Questions shown in each list of what went wrong."""
_TEXT = 300
_BAR = 160


def value_text(name: str, value: float | None) -> str:
    """Write a value: lengths in characters, everything else as a share."""
    if value is None:
        return "–"
    return f"{value:.1f}" if "length" in name else f"{value:.4f}"


def measure_table(report: Report) -> str:
    """Give the measures with their intervals, as numbers and as bars."""
    rows = [
        (
            escaped(name.replace("_", " ")),
            value_text(name, one.value),
            _interval(name, one),
            _bar(one) if "length" not in name else "",
            f"{one.questions:,}",
        )
        for name, one in report.estimates.items()
    ]
    return _table((("measure", ""), ("value", "n"), ("95% interval", "n"), ("0 to 1", "bar"), ("questions", "n")), rows)


def change_table(comparison: Comparison) -> str:
    """Give what became of each measure, with the paired difference and its interval."""
    widest = max((abs(end or 0) for change in comparison.changes for end in _ends(change)), default=0) or 0.01
    rows = [
        (
            escaped(change.name.replace("_", " ")),
            value_text(change.name, change.before.value),
            value_text(change.name, change.now.value),
            _signed(change),
            _interval(change.name, change.difference),
            _difference_bar(change, widest) if "length" not in change.name else "",
            _tag(change),
        )
        for change in comparison.changes
    ]
    head = (
        ("measure", ""),
        ("before", "n"),
        ("now", "n"),
        ("difference", "n"),
        ("95% interval", "n"),
        ("", "bar"),
        ("", ""),
    )
    return _table(head, rows)


def time_table(report: Report, comparison: Comparison | None) -> str:
    """Give the times of each stage, beside the baseline's; they are never gated."""
    before = comparison.baseline.latencies if comparison else {}
    rows = []
    for stage, ms in report.latencies.percentiles().items():
        was = before.get(stage, {})
        earlier = [f"{was[name]:.1f}" if name in was else "–" for name in ("p50", "p95")] if comparison else []
        rows.append((escaped(stage), f"{ms['p50']:.1f}", f"{ms['p95']:.1f}", *earlier))
    head = [("stage", ""), ("p50 ms", "n"), ("p95 ms", "n")]
    if comparison:
        head += [("p50 before", "n"), ("p95 before", "n")]
    return _table(head, rows)


def worst_tables(records: Sequence[Record]) -> Iterator[str]:
    """List what went wrong: missed answers, answers without the gold, and questions that should not be answered."""
    missed = sorted(
        (record for record in records if record.answerable and not record.right_first),
        key=lambda record: -(record.rank or 10**6),
    )
    if missed:
        yield _listed(
            "The right one is not first", missed, _missed, ("rank", "confidence", "question", "right", "first")
        )
    without = [record for record in records if record.answer_has_gold is False]
    if without:
        without.sort(key=lambda record: -record.confidence)
        yield _listed("Answers without the gold answer", without, _without, ("confidence", "question", "answer"))
    loud = [record for record in records if not record.answerable and record.answered]
    if loud:
        loud.sort(key=lambda record: -record.confidence)
        yield _listed("Answered without an answer", loud, _loud, ("confidence", "kind", "question", "answer"))


def _missed(record: Record) -> Sequence[str]:
    right = ", ".join(record.anchors or record.right)
    rank = str(record.rank) if record.rank else "–"
    return rank, f"{record.confidence:.2f}", _words(record.question), _words(right), _words(", ".join(record.first[:1]))


def _without(record: Record) -> Sequence[str]:
    return f"{record.confidence:.2f}", _words(record.question), _words(record.answer or "")


def _loud(record: Record) -> Sequence[str]:
    kind = escaped(record.kind.replace("_", " "))
    return f"{record.confidence:.2f}", kind, _words(record.question), _words(record.answer or "")


def _listed(title: str, records: Sequence[Record], row: Callable[[Record], Sequence[str]], names: Sequence[str]) -> str:
    head = [(name, "n" if name in ("rank", "confidence") else "words") for name in names]
    count = f"the worst {WORST} of {len(records):,}" if len(records) > WORST else f"{len(records):,}"
    return f'<h2>{title} <span class="soft">({count})</span></h2>' + _table(head, [row(one) for one in records[:WORST]])


def _table(head: Iterable[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    """Lay out cells that are HTML already, under names with their cells' class."""
    columns = list(head)
    top = "".join(f'<th scope="col" class="{style}">{name}</th>' for name, style in columns)
    body = "".join(
        "<tr>" + "".join(f'<td class="{columns[i][1]}">{cell}</td>' for i, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f'<div class="card scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _words(text: str) -> str:
    shown = " ".join(text.split())
    return f"<bdi>{escaped(shown if len(shown) <= _TEXT else shown[: _TEXT - 1] + '…')}</bdi>"


def _interval(name: str, one: Estimate) -> str:
    if one.low is None or one.high is None:
        return "–"
    return f"{value_text(name, one.low)} to {value_text(name, one.high)}"


def _signed(change: Change) -> str:
    text = value_text(change.name, change.difference.value)
    return f"+{text}" if change.difference.value is not None and not text.startswith("-") else text


def _ends(change: Change) -> Sequence[float | None]:
    return () if "length" in change.name else (change.difference.low, change.difference.high, change.difference.value)


def _tag(change: Change) -> str:
    if change.better == "neither":
        return ""
    return '<span class="tag bad">worse</span>' if change.fell else '<span class="tag good">held</span>'


def _bar(one: Estimate) -> str:
    if one.value is None:
        return ""
    low, high = (one.value if end is None else end for end in (one.low, one.high))
    return _strip((low, one.value, high), "one")


def _difference_bar(change: Change, widest: float) -> str:
    one = change.difference
    if one.value is None or one.low is None or one.high is None:
        return ""
    low, value, high = (0.5 + 0.5 * end / widest for end in (one.low, one.value, one.high))
    return _strip((low, value, high), "bad" if change.fell else "one", middle=True)


def _strip(places: tuple[float, float, float], style: str, *, middle: bool = False) -> str:
    """Draw an interval and its value on a strip, each given as a share of its width."""
    low, value, high = (round(6 + max(0.0, min(1.0, place)) * (_BAR - 12), 1) for place in places)
    tick = f'<line class="track" x1="{_BAR / 2}" x2="{_BAR / 2}" y1="1" y2="15"/>' if middle else ""
    return (
        f'<svg viewBox="0 0 {_BAR} 16" width="100%" height="16" aria-hidden="true">'
        f'<line class="track" x1="6" x2="{_BAR - 6}" y1="8" y2="8"/>{tick}'
        f'<line class="span {style}" x1="{low}" x2="{high}" y1="8" y2="8"/>'
        f'<circle class="dot {style}" cx="{value}" cy="8" r="4.5"/></svg>'
    )
