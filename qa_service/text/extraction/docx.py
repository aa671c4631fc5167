"""The text of a Word document: paragraphs, tables, text boxes and notes, straight from its XML by lxml.

python-docx reads paragraphs and tables too, but leaves out tracked insertions, content controls and text boxes,
and unpacks the whole container without a bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa_service.text.extraction.archive import Archive, parse_xml
from qa_service.text.extraction.result import BINARY, Extracted

if TYPE_CHECKING:
    from lxml import etree

_BODY = "word/document.xml"
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
_CORE = "docProps/core.xml"
_SKIPPED = frozenset({"Fallback", "rt", "del", "moveFrom", "pPr", "rPr", "tblPr", "tcPr", "trPr", "sectPr"})
"""Second forms of the same content, readings over characters, deleted text, and properties."""
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
CELL_MARK = " | "


@dataclass(slots=True)
class _Place:
    """Where in the document the walk is: paragraphs being read, and tables around them."""

    lines: list[str] = field(default_factory=list)
    paragraphs: list[list[str]] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def read(content: bytes, charset: str | None) -> Extracted:
    """Extract a Word document's text: a line per paragraph and per table row, footnotes at the end.

    Parameters:
        content: the document.
        charset: not used; its XML declares its own.

    Errors:
        Rejected: cut off, damaged, encrypted, or a bomb.
    """
    del charset
    archive = Archive(content)
    lines = _lines(parse_xml(archive.read(_BODY)))
    for name in _NOTES:
        if name in archive:
            lines += _lines(parse_xml(archive.read(name)))
    title = author = None
    if _CORE in archive:
        core = {_local(element): element.text for element in parse_xml(archive.read(_CORE)).iter("*")}
        title, author = core.get("title"), core.get("creator")
    return Extracted("\n".join(lines), BINARY, title=title, author=author)


def _lines(root: etree._Element) -> list[str]:
    from lxml import etree  # noqa: PLC0415

    place = _Place()
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        name = _local(element)
        if name in _SKIPPED:
            if event == "start":
                walker.skip_subtree()
        elif event == "start":
            _enter(place, name)
        else:
            _leave(place, name, element.text)
    return place.lines


def _enter(place: _Place, name: str) -> None:
    if name == "p":
        place.paragraphs.append([])
    elif name == "tr":
        place.rows.append([])
    elif name == "tc":
        place.cells.append([])


def _leave(place: _Place, name: str, text: str | None) -> None:
    if name == "p":
        _finish(place, "".join(place.paragraphs.pop()).strip())
    elif name == "tc":
        cell = " ".join(place.cells.pop())
        if place.rows:
            place.rows[-1].append(cell)
    elif name == "tr":
        row = place.rows.pop()
        if any(row):
            _finish(place, CELL_MARK.join(row))
    elif place.paragraphs:
        if name == "t" and text:
            place.paragraphs[-1].append(text)
        elif name in _SIGNS:
            place.paragraphs[-1].append(_SIGNS[name])


def _finish(place: _Place, line: str) -> None:
    """Give a finished line to the cell around it, or else to the document."""
    if line:
        if place.cells:
            place.cells[-1].append(" ".join(line.split()))
        else:
            place.lines.append(line)


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
