"""The benchmarks' report: tables for a terminal, a JSON file, and a drawing that is one well-formed SVG file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from report import Plot, Table, machine, publish
from report_svg import drawing, short

SVG = "{http://www.w3.org/2000/svg}"
BY_SIZE = {"p50": [(1e4, 10.0), (1e5, 13.0), (1e6, 19.0)], "p99": [(1e4, 22.0), (1e5, 30.0), (1e6, 44.0)]}


def plot(series: Mapping[str, Sequence[tuple[float, float]]], **given: object) -> Plot:
    return Plot("Latency", "passages", "ms", series, **given)  # type: ignore[arg-type]


def marks(document: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(document).iter(SVG + tag))


def numbers(element: ElementTree.Element, *names: str) -> list[float]:
    return [float(element.attrib[name]) for name in names]


def test_a_table_lines_words_up_left_and_numbers_right() -> None:
    table = Table("Peers", ["system", "ms", "share"], [["ours", 12.3456, 0.98765], ["中文", 1234567, None]])
    assert table.text().splitlines() == [
        "Peers",
        "  system         ms   share",
        "  ours        12.35  0.9877",
        "  中文    1,234,567       -",
    ]


def test_publish_prints_and_writes_what_was_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("T", ["a"], [[0.123456789]])
    publish("run", {"seed": 7}, [table], [plot(BY_SIZE, log_x=True)], tmp_path / "new" / "folder")
    assert capsys.readouterr().out.startswith("T\n  ")
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == ["run.json", "run.svg"]
    written = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert written["facts"] == {"seed": 7}
    assert written["tables"][0]["rows"] == [[0.123456789]]
    assert written["plots"][0]["series"]["p50"][0] == [1e4, 10.0]
    assert written["machine"]["cores"] == machine()["cores"]


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    publish("run", {}, [], [plot(BY_SIZE)], None)
    assert not list(tmp_path.iterdir())


def test_points_of_a_logarithmic_axis_stand_in_equal_steps() -> None:
    circles = marks(drawing([plot(BY_SIZE, log_x=True)]), "circle")
    assert len(circles) == 6
    (first, low), (second, higher), (third, highest) = (numbers(circle, "cx", "cy") for circle in circles[:3])
    assert second - first == pytest.approx(third - second, abs=0.02)
    assert low > higher > highest
    words = [text.text for text in marks(drawing([plot(BY_SIZE, log_x=True)]), "text")]
    assert {"10k", "100k", "1M", "p50", "p99", "Latency", "passages", "ms"} <= set(words)


def test_bars_are_as_high_as_their_values() -> None:
    document = drawing([plot({"ours": [(1, 40.0), (8, 80.0)], "theirs": [(8, 20.0)]}, kind="bar")])
    bars = [bar for bar in marks(document, "rect") if bar.find(SVG + "title") is not None]
    heights = [numbers(bar, "height")[0] for bar in bars]
    assert heights == pytest.approx([heights[2] * 2, heights[2] * 4, heights[2]], abs=0.1)
    lefts = [numbers(bar, "x")[0] for bar in bars]
    assert lefts[0] < lefts[1] < lefts[2]


def test_what_cannot_be_placed_is_left_out() -> None:
    series = {"a": [(1.0, 0.0), (2.0, 5.0), (3.0, float("nan")), (4.0, float("inf"))], "empty": []}
    assert len(marks(drawing([plot(series, log_y=True)]), "circle")) == 1
    assert not marks(drawing([plot({"a": []})]), "circle")


def test_names_are_text_and_never_markup() -> None:
    document = drawing([plot({"<b onload='x'>&": [(1.0, 1.0)]})])
    assert "<b onload='x'>&" in [text.text for text in marks(document, "text")]


def test_every_class_that_is_used_has_a_colour_in_light_and_dark() -> None:
    document = drawing([plot({f"s{n}": [(1.0, n), (2.0, n + 1)] for n in range(10)})])
    style = marks(document, "style")[0].text or ""
    for name in re.findall(r'class="(?:line|dot) (\w+)"', document):
        assert f".{name}{{" in style
        assert style.count(f"--c{name[1:]}:") == 2


@pytest.mark.parametrize(("value", "text"), [(8, "8"), (9000, "9000"), (10_000, "10k"), (1e6, "1M"), (0.25, "0.25")])
def test_ticks_are_short(value: float, text: str) -> None:
    assert short(value) == text
