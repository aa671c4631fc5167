"""How the command line writes: untrusted text made safe, errors on one line, small tables."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Sequence

import click

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Format characters (category Cf) that reorder or hide text; joiners stay, since emoji and scripts need them.
_UNSAFE_FORMAT = frozenset(
    [0x61C, 0x180E, 0x200E, 0x200F, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC)]
)
_TAGS = range(0xE0000, 0xE0080)


def printable(text: str, *, newlines: bool = False) -> str:
    """Make text safe to show on a terminal.

    Parameters:
        text: anything, articles and file names included.
        newlines: whether line feeds and tabs stay as they are.

    Returns:
        The text with every control, escape, reordering or undisplayable character written as `\\x1b` or `\\u202e`.
    """
    if newlines:
        text = text.replace("\r\n", "\n")
    return "".join(char if (char in "\n\t" and newlines) or not _unsafe(char) else _escaped(char) for char in text)


def json_text(value: object) -> str:
    """Write JSON for a person or a program: text as it is, but nothing in it that a terminal would obey."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return "".join(char if char == "\n" or not _unsafe(char) else json.dumps(char)[1:-1] for char in text)


def json_line(value: object) -> str:
    """Write JSON on one line, safe as `json_text`."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return "".join(json.dumps(char)[1:-1] if _unsafe(char) else char for char in text)


def shorten(text: str, limit: int) -> str:
    """Cut text to `limit` code points on one line, for a listing."""
    line = " ".join(text[: limit * 4].split())
    return printable(line if len(line) <= limit else line[: limit - 1] + "…")


def error_line(message: str) -> None:
    """Write one `error: ...` line to stderr."""
    click.echo(f"error: {printable(' '.join(message.split()))}", err=True)


def warning_line(message: str) -> None:
    """Write one `warning: ...` line to stderr."""
    click.echo(f"warning: {printable(' '.join(message.split()))}", err=True)


def marked(text: str) -> str:
    """Set off a highlight: bold on a terminal, between asterisks elsewhere."""
    return click.style(text, bold=True) if _has_styles() else f"**{text}**"


def faint(text: str) -> str:
    """Show what was not searched: faint on a terminal, as it is elsewhere."""
    return click.style(text, dim=True) if _has_styles() else text


def _has_styles() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay out rows under a header in aligned columns; numbers to the right. Cells are made printable."""
    cells = [[cell if isinstance(cell, str) else _number(cell) for cell in row] for row in rows]
    cells = [list(header), *([printable(cell) for cell in row] for row in cells)]
    right = [all(not isinstance(row[i], str) for row in rows) and bool(rows) for i in range(len(header))]
    widths = [max(display_width(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        padded = []
        for cell, width, to_right in zip(row, widths, right, strict=True):
            space = " " * (width - display_width(cell))
            padded.append(space + cell if to_right else cell + space)
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def display_width(text: str) -> int:
    """Count terminal columns: wide East Asian characters take two, combining marks none (Unicode UAX 11)."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _number(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if isinstance(value, float) else str(value)


def _unsafe(char: str) -> bool:
    point = ord(char)
    if 0x20 <= point < 0x7F:
        return False
    return unicodedata.category(char) in _UNSAFE_CATEGORIES or point in _UNSAFE_FORMAT or point in _TAGS


def _escaped(char: str) -> str:
    point = ord(char)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
