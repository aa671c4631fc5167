"""Relative freshness: newer passages first among alike ones, never at the price of answerable or of confidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qa_service.engine import Engine
from qa_service.filters.parsing import parse_filter
from qa_service.types import Ask, Freshness, Result
from tests.conftest import article

pytestmark = pytest.mark.both_catalogues

QUESTION = "衡川市的创业担保贷款最多能借多少?"
TEXT = "衡川市的创业担保贷款最多能借{0}万元，{1}年起执行。申请人到{2}路的人社局窗口办理。"
DATES = {"old": "2019-03-01", "mid": "2021-03-01T08:00:00+08:00", "new": "2023-03-01", "undated": None}


@pytest.fixture
def loans(engine: Engine) -> Engine:
    """The same notice of several years, each with another figure."""
    given = [
        article(name, TEXT.format(10 + 5 * n, 2019 + 2 * n, "和平青年人民中山"[2 * n : 2 * n + 2]), published_at=date)
        for n, (name, date) in enumerate(DATES.items())
    ]
    filler = [article(f"f{n}", f"第{n}号仓库存放着{n * 7}箱货物。", published_at="2022-01-01") for n in range(30)]
    assert all(one.outcome == "created" for one in engine.ingest([*given, *filler]))
    return engine


def ask(engine: Engine, freshness: Freshness | None = None, **given: Any) -> Result:
    return engine.ask(Ask(QUESTION, freshness=freshness, top_k=50, **given))


def order(result: Result) -> list[str]:
    return [passage.article_id for passage in result.passages if passage.article_id in DATES]


def test_newer_ones_come_first_among_alike_ones(loans: Engine) -> None:
    result = ask(loans, Freshness(30, weight=1.0))
    assert [name for name in order(result) if name != "undated"] == ["new", "mid", "old"]
    scores = [passage.score for passage in result.passages]
    assert scores == sorted(scores, reverse=True)
    assert result.confidence == scores[0]
    assert min(scores) >= 0 and max(scores) <= ask(loans).confidence


def test_without_weight_nothing_changes(loans: Engine) -> None:
    assert ask(loans, Freshness(30, weight=0.0)).passages == ask(loans).passages


def test_results_do_not_depend_on_top_k(loans: Engine) -> None:
    fresh = Freshness(365, weight=0.5)
    one = loans.ask(Ask(QUESTION, freshness=fresh, top_k=1))
    assert one.passages == ask(loans, fresh).passages[:1]
    assert (one.confidence, one.answer) == (ask(loans, fresh).confidence, ask(loans, fresh).answer)


def test_what_is_new_is_relative_to_the_newest_found(loans: Engine) -> None:
    tree = parse_filter({"type": "before", "key": "published_at", "value": "2022"})
    assert order(ask(loans, Freshness(30, weight=1.0), filters=tree)) == ["mid", "old"]


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize(("half_life", "weight"), [(1, 0.2), (365, 0.2), (365, 1.0), (36_500, 1.0)])
def test_age_alone_never_changes_whether_there_is_an_answer(
    loans: Engine, half_life: float, weight: float, copied: bool
) -> None:
    first = ask(loans).passages[0]
    if copied:
        list(loans.ingest([article(f"copy{n}", first.text, published_at=f"20{n}-01-01") for n in (10, 24)]))
    plain = ask(loans)
    assert len(plain.passages[0].also_in) == (2 if copied else 0)
    thresholds = {score for p in plain.passages for score in (p.score, p.score + 1e-6, max(p.score - 1e-6, 0))}
    for threshold in sorted({0.0, *thresholds, 1.0}):
        before = ask(loans, min_confidence=threshold)
        after = ask(loans, Freshness(half_life, weight), min_confidence=threshold)
        assert after.answerable == before.answerable, threshold
        assert after.confidence <= before.confidence
        assert {p.text for p in after.passages} == {p.text for p in before.passages}


def test_undated_passages_are_neutral(loans: Engine) -> None:
    explain = ask(loans, Freshness(730, weight=1.0), explain=True).explain
    assert explain is not None
    shown = [passage.article_id for passage in ask(loans, Freshness(730, weight=1.0)).passages]
    added = dict(zip(shown, explain["freshness"]["added"], strict=True))  # type: ignore[index]
    assert added["new"] == 1.0
    assert added["undated"] == 0.5
    assert added["mid"] == pytest.approx(0.5, abs=0.001)
    assert added["old"] == pytest.approx(0.25, abs=0.001)
    assert explain["freshness"]["newest"] == "2023-03-01"  # type: ignore[index]


def test_dates_far_ahead_of_the_clock_are_mistakes(loans: Engine) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    list(loans.ingest([article("ahead", TEXT.format(99, 2099, "海河"), published_at=ahead)]))
    result = ask(loans, Freshness(30, weight=1.0), explain=True)
    assert result.explain is not None
    assert result.explain["freshness"]["newest"] == "2023-03-01"  # type: ignore[index]
    assert [name for name in order(result) if name != "undated"] == ["new", "mid", "old"]


def test_without_any_date_nothing_changes(engine: Engine) -> None:
    list(engine.ingest([article(f"f{n}", f"第{n}号仓库存放着{n * 7}箱货物。") for n in range(5)]))
    plain, fresh = (engine.ask(Ask("第3号仓库", freshness=one, explain=True)) for one in (None, Freshness(30)))
    assert fresh.passages == plain.passages
    assert fresh.explain is not None
    expected = {"half_life_days": 30, "weight": 0.2, "newest": None, "dated": 0, "added": []}
    assert fresh.explain["freshness"] == expected
