"""A plot's frame as inline SVG: scales, grid, axes and marks. Colours are classes that the page's style defines."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 16, 46

Point = tuple[float, float]


def escaped(text: str) -> str:
    """Make any text safe as HTML, as SVG text and as an attribute's value; controls become `\\ufffd`."""
    clean = "".join(
        "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" else char for char in text
    )
    return html.escape(clean, quote=True)


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its range, its ticks with their labels, what it shows; `log` for a logarithmic one."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    title: str
    log: bool = False

    def share(self, value: float) -> float:
        """Place a value between 0 (low end) and 1."""
        low, high, at = (
            (math.log(x) for x in (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        )
        return (at - low) / (high - low)


def percent_axis(title: str, low: float = 0.0, high: float = 1.0) -> Axis:
    """Make an axis of shares, with five or so ticks in per cent."""
    step = next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if (high - low) / step <= 6), 0.25)
    first = math.ceil(low / step - 1e-9)
    ticks = [(n * step, f"{n * step * 100:.0f}%") for n in range(first, math.floor(high / step + 1e-9) + 1)]
    return Axis(low, high, ticks, title)


@dataclass(slots=True)
class Plot:
    """Marks on a frame; `svg` gives the whole. Marks carry a `<title>`, which browsers show on hovering."""

    x: Axis
    y: Axis
    label: str
    width: int = WIDTH
    height: int = HEIGHT
    _marks: list[str] = field(default_factory=list)

    def at(self, point: Point) -> Point:
        """Place a point of the axes' ranges on the drawing."""
        x = LEFT + self.x.share(point[0]) * (self.width - LEFT - RIGHT)
        y = self.height - BOTTOM - self.y.share(point[1]) * (self.height - TOP - BOTTOM)
        return round(x, 2), round(y, 2)

    def line(self, points: Sequence[Point], style: str) -> None:
        """Draw a line through points."""
        path = " ".join(f"{x},{y}" for x, y in map(self.at, points))
        self._marks.append(f'<polyline class="{style}" points="{path}"/>')

    def bar(self, low: Point, high: Point, style: str, title: str) -> None:
        """Fill the rectangle between two corners."""
        (x0, y0), (x1, y1) = self.at(low), self.at(high)
        box = f'x="{x0}" y="{y1}" width="{max(0.0, round(x1 - x0, 2))}" height="{max(0.0, round(y0 - y1, 2))}"'
        self._marks.append(f'<rect class="{style}" {box}><title>{escaped(title)}</title></rect>')

    def dot(self, point: Point, style: str, title: str, radius: float = 4) -> None:
        """Draw a dot."""
        x, y = self.at(point)
        self._marks.append(
            f'<circle class="{style}" cx="{x}" cy="{y}" r="{radius:g}"><title>{escaped(title)}</title></circle>'
        )

    def note(self, point: Point, text: str, style: str = "note", anchor: str = "middle", up: float = 6) -> None:
        """Write a short text above a point."""
        x, y = self.at(point)
        self._marks.append(
            f'<text class="{style}" x="{x}" y="{round(y - up, 2)}" text-anchor="{anchor}">{escaped(text)}</text>'
        )

    def svg(self) -> str:
        """Give the plot with its grid, axes and titles."""
        parts = [
            f'<svg class="plot" viewBox="0 0 {self.width} {self.height}"',
            f' role="img" aria-label="{escaped(self.label)}">',
            *self._each(self.x, self._x_tick),
            *self._each(self.y, self._y_tick),
            *self._marks,
            self._title((LEFT + self.width - RIGHT) / 2, self.height - 8, self.x.title, ""),
            self._title(14, (TOP + self.height - BOTTOM) / 2, self.y.title, "rotate"),
            "</svg>",
        ]
        return "".join(parts)

    def _each(self, axis: Axis, draw: Callable[[float, str], str]) -> list[str]:
        return [draw(value, label) for value, label in axis.ticks if -1e-9 <= axis.share(value) <= 1 + 1e-9]

    def _x_tick(self, value: float, label: str) -> str:
        x = self.at((value, self.y.low))[0]
        bottom = self.height - BOTTOM
        line = f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}"/>'
        return f'{line}<text class="tick" x="{x}" y="{bottom + 16}" text-anchor="middle">{escaped(label)}</text>'

    def _y_tick(self, value: float, label: str) -> str:
        y = self.at((self.x.low, value))[1]
        line = f'<line class="grid" x1="{LEFT}" x2="{self.width - RIGHT}" y1="{y}" y2="{y}"/>'
        return f'{line}<text class="tick" x="{LEFT - 7}" y="{y + 4}" text-anchor="end">{escaped(label)}</text>'

    def _title(self, x: float, y: float, text: str, turn: str) -> str:
        turned = f' transform="rotate(-90 {x:g} {y:g})"' if turn else ""
        return f'<text class="axis" x="{x:g}" y="{y:g}" text-anchor="middle"{turned}>{escaped(text)}</text>'
