"""Plots as one SVG file that stands alone and can be read on light and dark screens."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from qa_service.evaluation.svg import HEIGHT, LEFT, WIDTH, Axis, Point, escaped
from qa_service.evaluation.svg import Plot as Frame

COLOURS = (
    ("#2563c9", "#7fb0ff"),
    ("#c2570c", "#ffa366"),
    ("#0f8a74", "#5fd3bb"),
    ("#9b3fae", "#dd9bec"),
    ("#7a6a10", "#d9c65a"),
    ("#b42318", "#ff9c92"),
    ("#4b5563", "#c3ccd8"),
    ("#0e7490", "#67d4ee"),
)
"""Of the series, in their order, for light and for dark; a ninth begins again."""
HEAD, LEGEND_LINE, GAP = 34, 18, 26
_MOST_TICKS = 7


class Drawable(Protocol):
    """What is drawn; see `report.Plot`."""

    @property
    def title(self) -> str: ...
    @property
    def x_label(self) -> str: ...
    @property
    def y_label(self) -> str: ...
    @property
    def series(self) -> Mapping[str, Sequence[Point]]: ...
    @property
    def kind(self) -> str: ...
    @property
    def log_x(self) -> bool: ...
    @property
    def log_y(self) -> bool: ...


def drawing(plots: Sequence[Drawable]) -> str:
    """Draw plots one below the other; points that are not finite, or not positive on a logarithmic axis, are left out.

    Returns:
        a whole SVG document.
    """
    parts, top = [], GAP
    for plot in plots:
        series = {name: _drawable(plot, points) for name, points in plot.series.items()}
        head = [f'<text class="title" x="{GAP}" y="{top + 14}">{escaped(plot.title)}</text>']
        head += [_key(name, place, top + HEAD + place * LEGEND_LINE) for place, name in enumerate(series)]
        top += HEAD + len(series) * LEGEND_LINE
        body = (_bars if plot.kind == "bar" else _lines)(plot, series) if any(series.values()) else ""
        parts += [*head, body.replace("<svg ", f'<svg x="{GAP}" y="{top}" width="{WIDTH}" height="{HEIGHT}" ', 1)]
        top += (HEIGHT if body else 0) + GAP
    size = f'width="{WIDTH + 2 * GAP}" height="{top}" viewBox="0 0 {WIDTH + 2 * GAP} {top}"'
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{_style()}</style>'
    return "\n".join([begin, '<rect class="page" width="100%" height="100%"/>', *parts, "</svg>\n"])


def short(value: float) -> str:
    """Write a tick's value: 10k, 2M, 0.25."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= (size if size > 1e3 else 1e4):
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _lines(plot: Drawable, series: Mapping[str, Sequence[Point]]) -> str:
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    frame = Frame(_axis(plot.x_label, xs, plot.log_x, True), _axis(plot.y_label, ys, plot.log_y, False), plot.title)
    for place, (name, points) in enumerate(series.items()):
        frame.line(points, f"line s{place % len(COLOURS)}")
        for x, y in points:
            frame.dot((x, y), f"dot f{place % len(COLOURS)}", f"{name}: {x:g}, {y:g}", 3.5)
    return frame.svg()


def _bars(plot: Drawable, series: Mapping[str, Sequence[Point]]) -> str:
    groups = sorted({x for points in series.values() for x, _ in points})
    ys = [y for points in series.values() for _, y in points]
    ticks = [(place + 0.5, short(x)) for place, x in enumerate(groups)]
    x_axis = Axis(0, len(groups), ticks if len(groups) > 1 else [], plot.x_label)
    frame = Frame(x_axis, _axis(plot.y_label, ys, plot.log_y, False), plot.title)
    width = 0.8 / len(series)
    for number, (name, points) in enumerate(series.items()):
        for x, y in points:
            left = groups.index(x) + 0.1 + number * width
            low, high = sorted((max(0.0, frame.y.low), y))
            style = f"f{number % len(COLOURS)}"
            frame.bar((left, low), (left + width * 0.9, high), style, f"{name}: {x:g}, {y:g}")
            frame.note((left + width * 0.45, high), short(y), up=4)
    return frame.svg()


def _drawable(plot: Drawable, points: Sequence[Point]) -> list[Point]:
    def fits(value: float, log: bool) -> bool:
        return math.isfinite(value) and (value > 0 or not log)

    return [(x, y) for x, y in points if fits(x, plot.log_x) and fits(y, plot.log_y)]


def _axis(title: str, values: Sequence[float], log: bool, at_values: bool) -> Axis:
    """Make an axis that holds the values; with ticks at each of them where these are few."""
    own = sorted(set(values))
    if log:
        low, high = own[0], own[-1]
        ticks = own if at_values and len(own) <= _MOST_TICKS else _decades(low, high)
        low, high = min(low, *ticks) / 1.15, max(high, *ticks) * 1.15
    else:
        low, high = min(0.0, own[0]), max(0.0, own[-1]) or 1.0
        step = _step(high - low)
        low, high = math.floor(low / step) * step, math.ceil(high / step + 0.2) * step
        ticks = [low + step * place for place in range(round((high - low) / step) + 1)]
        if at_values and len(own) <= _MOST_TICKS:
            ticks = own
    return Axis(low, high, [(tick, short(tick)) for tick in ticks], title, log=log)


def _step(span: float) -> float:
    size = 10.0 ** math.floor(math.log10(span))
    return next(size * part for part in (0.1, 0.2, 0.5, 1, 2) if span / (size * part) <= _MOST_TICKS - 1)


def _decades(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    parts = (1, 2, 5) if last - first <= 2 else (1,)
    return [part * 10.0**power for power in range(first, last + 1) for part in parts if part * 10.0**power <= high * 5]


def _key(name: str, place: int, y: float) -> str:
    swatch = f'<rect class="f{place % len(COLOURS)}" x="{LEFT}" y="{y - 9}" width="11" height="11" rx="3"/>'
    return f'{swatch}<text class="key" x="{LEFT + 18}" y="{y}">{escaped(name)}</text>'


def _style() -> str:
    marks = "".join(f".s{n}{{stroke:var(--c{n})}}.f{n}{{fill:var(--c{n})}}" for n in range(len(COLOURS)))
    light, dark = ("".join(f"--c{n}:{pair[tone]};" for n, pair in enumerate(COLOURS)) for tone in (0, 1))
    return (
        f":root{{--page:#fff;--ink:#1b2330;--soft:#5a6675;--grid:#e3e7ec;{light}}}"
        f"@media(prefers-color-scheme:dark){{:root{{--page:#12161c;--ink:#e6eaf0;--soft:#9aa7b7;--grid:#2b333e;{dark}}}}}"
        "text{font:12px system-ui,sans-serif;fill:var(--soft)}.title{font-size:15px;font-weight:600;fill:var(--ink)}"
        ".page{fill:var(--page)}.key,.note{fill:var(--ink)}.note{font-size:10px}.grid{stroke:var(--grid)}"
        f".line{{fill:none;stroke-width:2.2;stroke-linejoin:round}}.dot{{stroke:var(--page);stroke-width:1.5}}{marks}"
    )
