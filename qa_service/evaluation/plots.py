"""The plots of an evaluation, from its records."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from qa_service.evaluation.calibration import Floats, reliability, risk_coverage
from qa_service.evaluation.measures import calibrated, labels, unanswered_kinds
from qa_service.evaluation.records import Record
from qa_service.evaluation.svg import Axis, Plot, percent_axis

HISTOGRAM_BINS = 20
_MOST_POINTS = 200
STYLES = ("one", "two", "three", "four", "five")
"""Classes of the kinds of questions, in their order: answerable first."""


def reliability_plot(records: Sequence[Record], threshold: float) -> str:
    """Draw the share of right first passages against the confidence, with how many questions each dot stands for."""
    confidences, label = _calibrated(records)
    plot = Plot(percent_axis("confidence"), percent_axis("first passage right"), "Reliability diagram")
    plot.line([(0, 0), (1, 1)], "ideal")
    plot.line([(threshold, 0), (threshold, 1)], "threshold")
    bins = reliability(confidences, label)
    most = max((one.questions for one in bins), default=1)
    for one in bins:
        title = f"{one.low:.2f} to {one.high:.2f}: {one.questions} questions, {one.right:.1%} right"
        plot.bar((one.low, 0), (one.high, 0.3 * one.questions / most), "count", title)
    plot.line([(one.confidence, one.right) for one in bins], "line one")
    for one in bins:
        title = f"confidence {one.confidence:.3f}, right {one.right:.3f}, {one.questions} questions"
        plot.dot((one.confidence, one.right), "dot one", title, 3 + 5 * math.sqrt(one.questions / most))
    return plot.svg()


def recall_plot(records: Sequence[Record], depth: int) -> str:
    """Draw recall against how many ranks are looked at, 1 to `depth`, on a logarithmic axis."""
    answerable = [record for record in records if record.answerable]
    curve = recall_curve(answerable, depth)
    low = math.floor(min(curve) * 10) / 10 if min(curve) < 1 else 0.9
    ticks = [(k, f"{k}") for k in (1, 2, 5, 10, 20, 50, 100) if k <= depth]
    plot = Plot(Axis(1, max(depth, 2), ticks, "first k", log=True), percent_axis("recall", low), "Recall at k")
    points = [(float(k), value) for k, value in enumerate(curve, start=1)]
    plot.line(points, "line one")
    for k, value in points:
        if any(k == tick for tick, _ in ticks):
            plot.dot((k, value), "dot one", f"recall at {k:.0f}: {value:.4f}")
    return plot.svg()


def recall_curve(records: Sequence[Record], depth: int) -> list[float]:
    """Average the share of right articles found within the first k, for k = 1 to `depth`.

    Where anchors decide, one right passage is all there is to find.
    """
    found = np.zeros(depth)
    for record in records:
        right = 1 if record.anchors else max(1, len(record.right))
        for rank in record.ranks:
            if rank <= depth:
                found[rank - 1] += 1 / right
    return [float(value) for value in np.cumsum(found) / max(1, len(records))]


def risk_plot(records: Sequence[Record]) -> str:
    """Draw the share of wrong answers against the share of questions answered, as the threshold falls."""
    confidences, label = _calibrated(records)
    points = risk_coverage(confidences, label)
    high = max(0.05, math.ceil(max((risk for _, risk in points), default=0.0) * 20) / 20)
    plot = Plot(percent_axis("answered"), percent_axis("wrong among these", 0.0, high), "Risk against coverage")
    step = max(1, len(points) // _MOST_POINTS)
    plot.line([*points[:-1:step], *points[-1:]], "line one")
    answered = [record for record, counts in zip(records, _counts(records), strict=True) if counts and record.answered]
    if answered:
        coverage = len(answered) / len(confidences)
        risk = sum(not record.right_first for record in answered) / len(answered)
        plot.dot((coverage, risk), "dot two", f"at the threshold: {coverage:.1%} answered, {risk:.1%} of them wrong", 5)
        plot.note((coverage, risk), "threshold", anchor="end", up=10)
    return plot.svg()


def histogram_plot(records: Sequence[Record], threshold: float) -> str:
    """Draw how confidences are spread, kind of question by kind."""
    kinds = kinds_shown(records)
    shares = {kind: _spread([record.confidence for record in records if record.kind == kind]) for kind in kinds}
    high = max((share for spread in shares.values() for share in spread), default=1.0)
    axis = percent_axis("share of the kind", 0.0, min(1.0, math.ceil(high * 10) / 10 or 1.0))
    plot = Plot(percent_axis("confidence"), axis, "Confidences by kind of question")
    width = 1 / HISTOGRAM_BINS
    for number, (kind, spread) in enumerate(shares.items()):
        style = STYLES[number % len(STYLES)]
        for place, share in enumerate(spread):
            if share and number == 0:
                title = f"{kind}, {place * width:.2f} to {(place + 1) * width:.2f}: {share:.1%}"
                plot.bar((place * width, 0), ((place + 1) * width - 0.004, share), f"fill {style}", title)
        if number:
            steps = [
                point for n, share in enumerate(spread) for point in ((n * width, share), ((n + 1) * width, share))
            ]
            plot.line([(0.0, 0.0), *steps, (1.0, 0.0)], f"line {style}")
    plot.line([(threshold, 0), (threshold, axis.high)], "threshold")
    return plot.svg()


def kinds_shown(records: Sequence[Record]) -> list[str]:
    """Name the kinds of questions in the order of `STYLES`."""
    answerable = dict.fromkeys(record.kind for record in records if record.answerable)
    return [*answerable, *unanswered_kinds(records)]


def _calibrated(records: Sequence[Record]) -> tuple[Floats, Floats]:
    """Give confidences and labels of the questions that count for calibration; all answerable ones if none is out."""
    counts = np.array(_counts(records), dtype=np.bool_)
    confidences = np.array([record.confidence for record in records], dtype=np.float64)
    return confidences[counts], labels(records)[counts]


def _counts(records: Sequence[Record]) -> list[bool]:
    counted = calibrated(records).tolist()
    return counted if any(counted) else [record.answerable for record in records]


def _spread(confidences: Sequence[float]) -> list[float]:
    counts, _ = np.histogram(confidences, bins=HISTOGRAM_BINS, range=(0, 1))
    return [float(count) for count in counts / max(1, len(confidences))]
