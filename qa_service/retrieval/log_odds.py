"""What the first result's score is made from, as `explain` gives it and `calibrate` takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from qa_service.retrieval.calibration import Judge
from qa_service.retrieval.grouping import Group
from qa_service.types import Result

_KEY = "confidence"


def describe_confidence(judge: Judge | None, groups: Sequence[Group]) -> dict[str, object]:
    """Give the first result's log-odds and the adjustment that makes them its score; nothing without a result."""
    if judge is None or not groups:
        return {}
    log_odds = judge.log_odds(groups[0].place, {source.article for source in groups[0].sources})
    return {_KEY: {"log_odds": round(log_odds, 6), **asdict(judge.adjustment)}}


def log_odds_of(result: Result) -> float | None:
    """Give the first passage's log-odds before any adjustment, from an explained result; None without a passage."""
    described = (result.explain or {}).get(_KEY)
    return float(described["log_odds"]) if isinstance(described, Mapping) else None
