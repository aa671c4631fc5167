"""What a soak shows: its minutes as a table and a plot, and what its bounds are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from report import Plot, Table
from served import percentile


@dataclass
class Minute:
    """What happened in one minute; in a short run, in one of its tenths."""

    ms: list[float] = field(default_factory=list)
    written: int = 0
    memory: list[float] = field(default_factory=list)
    anonymous: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Summary:
    """What the bounds are about; growth is a share, times compares the worst p99 with the first."""

    growth: float
    times: float

    @classmethod
    def of(cls, minutes: list[Minute]) -> Summary:
        """Sum up a run; a background process that is just at work must not count, so a minute's least memory does."""
        p99 = [percentile(one.ms, 0.99) for one in minutes if one.ms]
        memory = [min(one.memory) for one in minutes if one.memory]
        warm = min(len(memory) - 1, max(1, len(memory) // 6))
        return cls(memory[-1] / memory[warm] - 1, max(p99) / p99[0])


Row = tuple[int, int, float, float, int, float | None, float | None]


def table(title: str, minutes: Sequence[Minute]) -> Table:
    """Give a line for each minute in which something was answered."""
    columns = ("part", "answers", "p50 ms", "p99 ms", "changes", "resident MiB", "anonymous MiB")
    return Table(title, columns, _rows(minutes))


def plot(minutes: Sequence[Minute]) -> Plot:
    """Draw the latencies."""
    rows = _rows(minutes)
    latency = {name: [(row[0], row[place]) for row in rows] for name, place in (("p50", 2), ("p99", 3))}
    return Plot("Latency of /v1/ask while articles change", "part", "ms", latency)


def _rows(minutes: Sequence[Minute]) -> list[Row]:
    return [
        (
            number,
            len(one.ms),
            percentile(one.ms, 0.5),
            percentile(one.ms, 0.99),
            one.written,
            min(one.memory, default=None),
            min(one.anonymous, default=None),
        )
        for number, one in enumerate(minutes, 1)
        if one.ms
    ]
