"""The page shows what was measured, needs nothing from outside, and lets no text become markup."""

from __future__ import annotations

import re

import pytest
from lxml import etree
from lxml import html as lxml_html

from qa_service.evaluation.gate import Baseline, compare
from qa_service.evaluation.page import page
from qa_service.evaluation.plots import recall_curve
from qa_service.evaluation.records import Record
from qa_service.evaluation.report import Conditions
from qa_service.evaluation.svg import escaped
from tests.unit.evaluated import CONDITIONS, mixed, record, report, unanswered

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;]]>\x1b[2J\u202e\x00"


def text_of(document: str) -> str:
    return " ".join(lxml_html.document_fromstring(document).text_content().split())


def test_page_holds_measures_intervals_plots_and_the_worst_questions() -> None:
    run = report(mixed())
    document = page(run)
    text = text_of(document)
    for name, one in run.estimates.items():
        assert name.replace("_", " ") in text
        assert one.value is not None
    assert f"{run.estimates['nDCG@10'].value:.4f}" in text
    for part in ("Recall", "Reliability", "Risk and coverage", "Confidences", "The right one is not first", "p95 ms"):
        assert part in text
    assert document.count('<svg class="plot"') == 4
    worst = next(one for one in run.records if one.answerable and not one.ranks)
    assert worst.question in text
    assert "prefers-color-scheme:dark" in document


def test_page_with_a_baseline_says_what_fell() -> None:
    records = mixed()
    worse = [record(n, 3, 0.9, cluster=n // 5) if one.answerable else one for n, one in enumerate(records)]
    baseline = Baseline("old.json", CONDITIONS, tuple(records), {"total": {"p50": 9.0, "p95": 11.0}})
    text = text_of(page(report(worse), compare(baseline, report(worse))))
    assert re.search(r"Worse than the baseline beyond noise: .*nDCG@10", text)
    assert "300 questions in common with old.json" in text
    assert " worse " in text
    same = text_of(page(report(records), compare(baseline, report(records))))
    assert "No measure got worse beyond noise" in same


def test_hostile_text_is_shown_and_never_markup() -> None:
    records = [
        record(1, None, question=HOSTILE, right=(HOSTILE,), first=(HOSTILE,), cluster=HOSTILE),
        record(2, 1, answer_has_gold=False, question=HOSTILE, answer=HOSTILE),
        unanswered(1, 0.99, HOSTILE, question=HOSTILE, answer=HOSTILE),
        unanswered(2, 0.1, question=HOSTILE),
    ]
    run = report(records, Conditions(HOSTILE, "ranking", 0.5))
    baseline = Baseline(HOSTILE, run.conditions, tuple(records), {HOSTILE: {"p50": 1.0}})
    document = page(run, compare(baseline, run))
    tree = lxml_html.document_fromstring(document)
    assert not tree.xpath("//script|//img|//iframe|//object|//embed|//link|//@href|//@src|//@onerror|//@onload")
    assert "alert(1)" in tree.text_content()
    assert "\x1b" not in document
    assert "\x00" not in document
    document.encode("utf-8")


def test_page_asks_for_nothing_from_outside() -> None:
    document = page(report(mixed(40)))
    assert "default-src 'none'" in document
    assert not re.search(r"https?://|url\(|@import|<script|javascript:", document)


@pytest.mark.parametrize(
    "records",
    [
        [record(1)],
        [record(1, None), record(2, None)],
        [record(1), unanswered(1, 0.0)],
        [record(1, 2, anchors=("a",), values={"Right first": 0.0, "Right in 5": 1.0, "Right in 10": 1.0})],
    ],
)
def test_small_runs_have_a_page(records: list[Record]) -> None:
    kind = "anchors" if records[0].anchors else "ranking"
    document = page(report(records, Conditions("small", kind)))
    for plot in re.findall(r"<svg.*?</svg>", document):
        etree.fromstring(plot)
    assert "nan" not in document.casefold()


def test_recall_curve_counts_every_right_article() -> None:
    both = record(1, right=("a", "b"), ranks=(1, 3))
    assert recall_curve([both, record(2, 2)], 4) == [0.25, 0.75, 1.0, 1.0]
    assert recall_curve([record(3, None)], 2) == [0.0, 0.0]


def test_escaped_takes_anything() -> None:
    assert escaped("<a href='x'>&\x1b\ud800") == "&lt;a href=&#x27;x&#x27;&gt;&amp;\ufffd\ufffd"
