"""The report as one HTML page that needs nothing else: no scripts, no outside requests, plots as inline SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qa_service.evaluation.bootstrap import RESAMPLES
from qa_service.evaluation.gate import Comparison
from qa_service.evaluation.page_style import STYLE
from qa_service.evaluation.page_tables import change_table, measure_table, time_table, value_text, worst_tables
from qa_service.evaluation.plots import (
    STYLES,
    histogram_plot,
    kinds_shown,
    recall_plot,
    reliability_plot,
    risk_plot,
)
from qa_service.evaluation.report import Report
from qa_service.evaluation.svg import escaped

_HEADLINES = ("nDCG@10", "Right first", "Recall@1", "Answer has gold", "AUROC taken_out", "ECE")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(report: Report, comparison: Comparison | None = None) -> str:
    """Lay a report out as a page.

    Parameters:
        report: of a run.
        comparison: with its baseline, if there was one.

    Returns:
        A whole HTML document. Every text of the set, the articles and the service is escaped.
    """
    name = escaped(report.conditions.dataset)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>Evaluation of {name}</title><style>{STYLE}</style></head><body><main>",
        f'<h1><bdi>{name}</bdi></h1><p class="soft">{escaped(_facts(report))}</p>',
        *_verdict(comparison),
        _tiles(report),
        f"<h2>Measures</h2>{measure_table(report)}",
        *_changes(comparison),
        f'<h2>Plots</h2><div class="plots">{"".join(_plots(report))}</div>',
        f"<h2>Time per question</h2>{time_table(report, comparison)}",
        *worst_tables(report.records),
        "</main></body></html>\n",
    ]
    return "".join(parts)


def _facts(report: Report) -> str:
    kinds = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in report.kinds().items())
    facts = [f"{len(report.records):,} questions ({kinds})"]
    if report.ingest:
        facts.append(f"{report.ingest.articles:,} articles in {report.ingest.passages:,} passages")
    if report.conditions.take_out:
        facts.append(f"{report.conditions.take_out:.0%} of the articles taken out, seed {report.conditions.seed}")
    facts.append(f"threshold {report.threshold:g}")
    return " · ".join(facts)


def _verdict(comparison: Comparison | None) -> Iterator[str]:
    if comparison is None:
        return
    fallen = [change.name.replace("_", " ") for change in comparison.fallen]
    text = (
        f"Worse than the baseline beyond noise: {', '.join(fallen)}" if fallen else "No measure got worse beyond noise"
    )
    yield f'<p class="verdict {"bad" if fallen else "good"}">{escaped(text)}</p>'


def _tiles(report: Report) -> str:
    shown = [(name, report.estimates[name].value) for name in _HEADLINES if name in report.estimates]
    tiles = "".join(
        f'<div class="card"><b>{value_text(name, value)}</b><span>{escaped(name.replace("_", " "))}</span></div>'
        for name, value in shown
    )
    return f'<div class="tiles">{tiles}</div>'


def _changes(comparison: Comparison | None) -> Iterator[str]:
    if comparison is None:
        return
    head = f"{comparison.questions:,} questions in common with {Path(comparison.baseline.name).name}"
    why = (
        f"Differences are paired: both runs are resampled alike, {RESAMPLES:,} times, article by article. "
        "A measure is worse when its whole interval is on the worse side of 0 and the drop is more than the tolerance."
    )
    yield f'<h2>Since the baseline</h2><p class="soft"><bdi>{escaped(head)}</bdi>. {why}</p>{change_table(comparison)}'


def _plots(report: Report) -> Iterator[str]:
    records, threshold = report.records, report.threshold
    answerable = [record for record in records if record.answerable]
    if answerable:
        depth = 10 if report.conditions.kind == "anchors" else 100
        what = "passage" if report.conditions.kind == "anchors" else "article"
        yield _figure("Recall", recall_plot(records, depth), f"Share of right {what}s among the first k.")
    if any(record.taken_out for record in records):
        whose = "Answerable questions and those whose article was taken out."
    else:
        whose = "Answerable questions only; --take-out adds questions without an answer."
    dots = "On the dashed diagonal, confidences are right. Dots and columns grow with the number of questions."
    yield _figure("Reliability", reliability_plot(records, threshold), f"{whose} {dots}")
    fall = "As the threshold falls, more questions are answered, and more of them wrongly."
    yield _figure("Risk and coverage", risk_plot(records), f"{whose} {fall}")
    yield _figure("Confidences", histogram_plot(records, threshold), "", _keys(kinds_shown(records)))


def _keys(kinds: Sequence[str]) -> str:
    names = "".join(
        f'<i class="key {STYLES[number % len(STYLES)]}"></i>{escaped(kind.replace("_", " "))}'
        for number, kind in enumerate(kinds)
    )
    return f"{names}. The dotted line is the threshold."


def _figure(title: str, plot: str, caption: str, more: str = "") -> str:
    return f"<figure><h3>{title}</h3>{plot}<figcaption>{escaped(caption)}{more}</figcaption></figure>"
