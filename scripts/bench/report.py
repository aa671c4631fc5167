"""What the benchmarks have in common at the end: tables as text, one JSON file, and plots in one SVG file."""

from __future__ import annotations

import json
import os
import platform
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Literal

from report_svg import drawing

PACKAGES = ("numpy", "torch", "sentence-transformers", "openvino", "onnxruntime", "faiss-cpu", "tantivy", "jieba")
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16", "asimd")
"""What decides how fast a processor is with narrow numbers."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: numbers are rounded to four digits when shown, not in the JSON file; None is shown as a dash."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    def text(self) -> str:
        """Lay it out for a terminal: words to the left, numbers to the right."""
        cells = [list(self.columns), *([shown(value) for value in row] for row in self.rows)]
        widths = [max(_width(row[place]) for row in cells) for place in range(len(self.columns))]
        numeric = [
            all(row[place] is None or isinstance(row[place], int | float) for row in self.rows)
            for place in range(len(self.columns))
        ]
        lines = []
        for row in cells:
            parts = [_padded(*cell) for cell in zip(row, widths, numeric, strict=True)]
            lines.append("  ".join(parts).rstrip())
        return "\n".join([self.title, *(f"  {line}" for line in lines)])


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: by series, its points (x, y). Bars stand in groups, one for each x."""

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    kind: Literal["line", "bar"] = "line"
    log_x: bool = False
    log_y: bool = False


def machine(packages: Sequence[str] = PACKAGES) -> dict[str, object]:
    """Describe the machine: processor, cores, memory, the flags that matter, Python and the versions of packages."""
    cpu = _first_processor()
    flags = set(cpu.get("flags", cpu.get("Features", "")).split())
    return {
        "cpu": cpu.get("model name", platform.machine()),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "flags": [flag for flag in FLAGS if flag in flags],
        "python": platform.python_version(),
        "packages": {name: version for name in packages if (version := _version(name)) is not None},
    }


def publish(
    name: str,
    facts: Mapping[str, object],
    tables: Sequence[Table],
    plots: Sequence[Plot],
    out: Path | None,
) -> None:
    """Print the tables; with a folder, write NAME.json (machine, facts, tables, plots) and NAME.svg (plots) into it."""
    for table in tables:
        print(table.text(), end="\n\n", flush=True)
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    whole = {
        "name": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "facts": facts,
        "tables": [asdict(table) for table in tables],
        "plots": [asdict(plot) for plot in plots],
    }
    written = [out / f"{name}.json"]
    text = json.dumps(whole, ensure_ascii=False, indent=1, default=str)
    written[0].write_text(text + "\n", encoding="utf-8")
    if plots:
        written.append(out / f"{name}.svg")
        written[1].write_text(drawing(plots), encoding="utf-8")
    print("written:", *written, flush=True)


def shown(value: object) -> str:
    """Write a cell: numbers with four digits, at most as exact as they are."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 1 else f"{value:.4f}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _padded(text: str, width: int, right: bool) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank


def _first_processor() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    first = path.read_text(encoding="utf-8").partition("\n\n")[0] if path.exists() else ""
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
