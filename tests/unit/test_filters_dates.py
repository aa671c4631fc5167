"""Times in metadata and filters: how they are written, at what precision they compare, and relative ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from qa_service.filters.dates import Moment, read_moment, read_relative, server_now

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2024, 3, 31, 23, 30, tzinfo=CHINA)


def moment(value: object) -> Moment:
    found = read_moment(value)
    assert found is not None, value
    return found


@pytest.mark.parametrize(
    "written",
    [
        "2024-05-31",
        " 2024-05-31 ",
        "20240531",
        "2024/5/31",
        "2024.05.31",
        "2024年5月31日",
        "2024 年 5 月 31",
        "2024-W22-5",
    ],
)
def test_one_day_in_many_ways(written: str) -> None:
    assert moment(written) == moment("2024-05-31")
    assert len(moment(written).parts) == 3


@pytest.mark.parametrize(
    "written",
    [
        "2024-05-31T08:00:00Z",
        "2024-05-31T16:00:00+08:00",
        "2024-05-31 08:00",
        "2024/5/31 8:00",
        "2024年5月31日 08:00:00",
        1717142400,
        1717142400.0,
        1717142400000,
        "1717142400",
        "1717142400000",
    ],
)
def test_one_instant_in_many_ways(written: object) -> None:
    assert moment(written).instant == 1_717_142_400_000_000
    assert not moment(written).before(moment("2024-05-31T08:00Z"))
    assert not moment("2024-05-31T08:00Z").before(moment(written))


@pytest.mark.parametrize(
    "written",
    [
        *("", "soon", "now", "2024-02-30", "2024-13", "2024-05-31T25:00", "31.05.2024", "0000-01-01"),
        *("9" * 70, "2024-05-31" + " " * 60 + "x", "2024-05-31T08:00:00+99:00"),
    ],
)
def test_texts_that_are_no_time(written: str) -> None:
    assert read_moment(written) is None


@pytest.mark.parametrize("value", [True, None, [2024], {}, 10**30, 1e300, -(10**400)])
def test_what_is_no_time(value: object) -> None:
    assert read_moment(value) is None


def test_milliseconds_in_digits_are_not_taken_apart_into_a_date() -> None:
    assert moment("1712010112345").instant == 1_712_010_112_345_000


def test_a_month_in_many_ways() -> None:
    assert moment("2024-05") == moment("2024/5") == moment("2024年5月") == moment("2024 年 05 月")
    assert len(moment("2024-05").parts) == 2


def test_a_year_is_four_digits() -> None:
    assert moment("2024年") == moment("2024")
    assert moment(2024) == moment("2024") == moment(2024.0)
    assert moment("2023-12-31").before(moment(2024))
    assert not moment("2024-01-01").before(moment(2024))
    assert not moment(2024).before(moment("2024-12-31T23:59Z"))
    assert moment(999).instant == 999_000_000


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2024-05-31", "2024-06-01"),
        ("2024-05-31T23:59:59Z", "2024-06-01"),
        ("2024-05", "2024-06-01T00:00Z"),
        ("2024-05-31T08:00+08:00", "2024-05-31T08:00Z"),
        ("1969-12-31", 0),
        (-1, "1970-01-01"),
        ("2024-05-31T08:00:00.000001Z", "2024-05-31T08:00:00.000002Z"),
    ],
)
def test_before(earlier: object, later: object) -> None:
    assert moment(earlier).before(moment(later))
    assert not moment(later).before(moment(earlier))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2024-05-31", "2024-05-31T00:00Z"),
        ("2024-05-31", "2024-05-31T23:59Z"),
        # The day is the one that is written there, not the one in Greenwich.
        ("2024-05-31", "2024-05-31T02:00+08:00"),
        ("2024-05", "2024-05-31"),
        (2024, "2024-05-31T08:00Z"),
    ],
)
def test_the_less_precise_side_decides(one: object, other: object) -> None:
    assert not moment(one).before(moment(other))
    assert not moment(other).before(moment(one))
    assert set(moment(one).sought()) & set(moment(other).tokens())
    assert set(moment(other).sought()) & set(moment(one).tokens())


def test_tokens_tell_different_times_apart() -> None:
    times = ["2024", "2023", "2024-05", "2024-06", "2024-05-31", "2024-05-30", "2024-05-31T08:00Z", "2024-05-31T09:00Z"]
    for one in times:
        for other in times:
            a, b = moment(one), moment(other)
            equal = not a.before(b) and not b.before(a)
            assert bool(set(a.sought()) & set(b.tokens())) == equal, (one, other)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("now", "2024-03-31T23:30+08:00"),
        ("now-7d", "2024-03-24T23:30+08:00"),
        ("NOW - 12h", "2024-03-31T11:30+08:00"),
        ("now+1w", "2024-04-07T23:30+08:00"),
        ("now-1m", "2024-02-29T23:30+08:00"),
        ("now-13m", "2023-02-28T23:30+08:00"),
        ("now-1y", "2023-03-31T23:30+08:00"),
        ("today", "2024-03-31"),
        ("today-31d", "2024-02-29"),
        ("today+1m", "2024-04-30"),
    ],
)
def test_relative(written: str, expected: str) -> None:
    assert read_relative(written, NOW) == moment(expected)


@pytest.mark.parametrize(
    "written",
    ["", "-7d", "now-7", "now-d", "now-7s", "today-5h", "now-999999y", "now+999999w", "yesterday", "now-1.5d"],
)
def test_what_is_not_relative(written: str) -> None:
    assert read_relative(written, NOW) is None


def test_the_server_s_time_has_a_zone_and_whole_minutes() -> None:
    now = server_now()
    assert now.utcoffset() is not None
    assert (now.second, now.microsecond) == (0, 0)
    assert now <= datetime.now(UTC)
