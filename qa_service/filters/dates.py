"""Points and stretches of time as they are written in metadata and in filters."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from qa_service.filters.values import Number, Token, read_number

MAX_DATE_CHARS = 64
MILLISECONDS_FROM = 10**11
"""Unix times of this size are milliseconds: as seconds they would lie after the year 5000."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799
"""Unix seconds of the years 1 to 9999."""
_YEAR = re.compile(r"([1-9][0-9]{3})\s?年?")
_MONTH = re.compile(r"([1-9][0-9]{3})\s?[-/年]\s?([0-9]{1,2})\s?月?")
_WRITTEN = re.compile(
    r"([1-9][0-9]{3})\s?[/.年]\s?([0-9]{1,2})\s?[/.月]\s?([0-9]{1,2})\s?日?(?:\s+([0-9]{1,2}):([0-9]{2}):?([0-9]{2})?)?"
)
_RELATIVE = re.compile(r"(now|today)(?:\s?([+-])\s?([0-9]{1,6})\s?([hdwmy]))?")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as precisely as it is written: its year, month, day as there, and instant, each a running number.

    A year alone has one part, a month two, a date three. The instant counts microseconds since 1970 in UTC.
    """

    parts: tuple[int, ...]

    def before(self, other: Moment) -> bool:
        """Tell whether it lies before another, at the precision of the less precise."""
        level = min(len(self.parts), len(other.parts)) - 1
        return self.parts[level] < other.parts[level]

    @property
    def instant(self) -> int | None:
        """Microseconds since 1970 in UTC, the first of the day for a date; None for a month or year."""
        if len(self.parts) < 3:
            return None
        if len(self.parts) == 4:
            return self.parts[3]
        return (self.parts[2] - _EPOCH.toordinal()) * 86_400_000_000

    def sought(self) -> Iterator[Token]:
        """Give the tokens of the times that equal it as one of a filter."""
        level = len(self.parts) - 1
        yield ("within", level, self.parts[level])
        yield from (("all of", less, self.parts[less]) for less in range(level))

    def tokens(self) -> Iterator[Token]:
        """Give the tokens under which it is found as a value of an article."""
        yield from (("within", level, part) for level, part in enumerate(self.parts))
        yield ("all of", len(self.parts) - 1, self.parts[-1])


def read_moment(value: object) -> Moment | None:
    """Read a time; see the package for what is one. None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        return _from_text(text) if len(text) <= MAX_DATE_CHARS else None
    return _from_number(value) if isinstance(value, int | float) else None


def read_relative(text: str, now: datetime) -> Moment | None:
    """Read `now`, `today`, `now-7d` and their like; None if it is none of them or leads out of the calendar.

    Parameters:
        now: with a zone, in which `today` is.
    """
    found = _RELATIVE.fullmatch(text.strip().lower())
    if not found:
        return None
    base, sign, count, unit = found.groups()
    if base == "today" and unit == "h":
        return None
    try:
        moved = _moved(now, int(count) * (1 if sign == "+" else -1), unit) if unit else now
    except (OverflowError, ValueError):
        return None
    return _of_day(moved.date()) if base == "today" else of_time(moved)


def of_time(given: datetime) -> Moment:
    """Make a moment of a date-time; without a zone it is in UTC."""
    aware = given if given.tzinfo else given.replace(tzinfo=UTC)
    return Moment((*_of_day(aware.date()).parts, (aware - _EPOCH) // timedelta(microseconds=1)))


def _moved(now: datetime, count: int, unit: str) -> datetime:
    if unit in _UNITS:
        return now + count * _UNITS[unit]
    months = now.year * 12 + now.month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    # From the 31st to a shorter month: its last day.
    return now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))


def _from_number(value: Number) -> Moment | None:
    if 1000 <= value <= 9999 and value == int(value):
        return Moment((int(value),))
    seconds = value / 1000 if abs(value) >= MILLISECONDS_FROM and abs(value) < 10**17 else value
    if not _EARLIEST <= seconds <= _LATEST:
        return None
    return of_time(_EPOCH + timedelta(microseconds=round(seconds * 1_000_000)))


def _from_text(text: str) -> Moment | None:
    if year := _YEAR.fullmatch(text):
        return Moment((int(year[1]),))
    number = read_number(text)
    # Eight digits are a date if they can be one; any other number would be taken apart into a date by chance.
    if number is not None and len(text) != 8:
        return _from_number(number)
    try:
        return _from_month(text) or _from_day(text) or _from_iso(text)
    except ValueError:
        return None if number is None else _from_number(number)


def _from_month(text: str) -> Moment | None:
    found = _MONTH.fullmatch(text)
    return Moment(_of_day(date(int(found[1]), int(found[2]), 1)).parts[:2]) if found else None


def _from_day(text: str) -> Moment | None:
    found = _WRITTEN.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    if found[4] is None:
        return _of_day(date(year, month, day))
    return of_time(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def _from_iso(text: str) -> Moment:
    try:
        return _of_day(date.fromisoformat(text))
    except ValueError:
        return of_time(datetime.fromisoformat(text))


def _of_day(day: date) -> Moment:
    return Moment((day.year, day.year * 12 + day.month, day.toordinal()))


def server_now() -> datetime:
    """Give the time in the server's zone, in whole minutes, so that equal questions have equal filters for a while."""
    return datetime.now().astimezone().replace(second=0, microsecond=0)
