"""The visible text of a parsed HTML tree, block by block, and the tidying that main-text extraction needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
UNSEEN = frozenset(
    [
        "applet",
        "audio",
        "button",
        "canvas",
        "datalist",
        "embed",
        "head",
        "iframe",
        "map",
        "math",
        "meta",
        "link",
        "noembed",
        "noframes",
        "noscript",
        "object",
        "param",
        "script",
        "select",
        "source",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "track",
        "video",
    ]
)
_WRAPPERS = frozenset(
    ["b", "big", "center", "em", "font", "i", "ins", "s", "section", "small", "span", "strike", "strong", "u"]
)
_TABLE_PARTS = frozenset(["table", "tbody", "td", "tfoot", "th", "thead", "tr"])
_WHOLE = frozenset(["a", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "li", "pre"])
_IN_LAYOUT_CELLS = ("p", "div", "table", "h1", "h2", "h3", "ul", "center", "section")
_SPACES = re.compile(r"[ \t\n\r\f\v\u00a0]+")
_LEAST_PARAGRAPH = 20
_MOST_LINKED = 0.3


def visible_text(root: HtmlElement) -> str:
    """Give all text that a browser would show, a line per block; what a style hides is given too.

    Parameters:
        root: an element; scripts, styles, form controls and embedded media in it are left out.

    Returns:
        Lines without surrounding or doubled white space, joined by a line feed; text in `pre` keeps its lines.
    """
    lines = ("".join(_spaced(part, whole) for part, whole in line).strip() for line in _lines(root))
    return "\n".join(line for line in lines if line)


def tidy(body: HtmlElement) -> None:
    """Turn what old editors and mobile ones write into paragraphs, in place.

    Runs of text between `br` or beside blocks become `p`, as does a `div` or `section` that only holds running
    text; tables that lay a page out become `div`; inline tags around blocks become `div`. Main-text extraction
    finds paragraphs by `p`, and their ends are the only line ends it keeps.
    """
    _open_layout_tables(body)
    holders: set[HtmlElement] = set()
    for element in reversed(list(body.iter("*"))):
        tag = element.tag
        children = list(element)
        if tag not in _WHOLE and any(child.tag == "br" for child in children):
            _wrap_runs(element, children, holders)
            children = list(element)
        if any(child.tag in BLOCKS or child in holders for child in children):
            holders.add(element)
            if tag in _WRAPPERS or tag == "p":
                element.tag = "div"
        elif tag in ("div", "section", "center") and _is_running_text(element):
            element.tag = "p"


def _lines(root: HtmlElement) -> Iterator[list[tuple[str, bool]]]:
    from lxml import etree  # noqa: PLC0415

    line: list[tuple[str, bool]] = []
    preformatted = 0
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        tag = element.tag
        hidden = not isinstance(tag, str) or tag in UNSEEN
        breaks = tag in BLOCKS or tag == "br"
        if event == "start":
            if hidden:
                walker.skip_subtree()
            elif breaks and line and (tag not in ("td", "th")):
                yield line
                line = []
            elif tag in ("td", "th") and line:
                line.append((" ", False))
            preformatted += tag == "pre"
            text = None if hidden else element.text
        else:
            preformatted -= tag == "pre"
            if breaks and line and tag not in ("td", "th"):
                yield line
                line = []
            text = None if element is root else element.tail
        if text:
            line.append((text, preformatted > 0))
    yield line


def _spaced(text: str, whole: bool) -> str:
    return text if whole else _SPACES.sub(" ", text)


def _open_layout_tables(body: HtmlElement) -> None:
    """Make `div` of each table one of whose cells holds blocks or several lines; data tables stay."""
    for table in list(body.iter("table")):
        parts = [part for part in table.iter(*_TABLE_PARTS) if part is table or _table_of(part) is table]
        cells = [part for part in parts if part.tag in ("td", "th")]
        if any(_lays_out(cell) for cell in cells):
            for part in parts:
                part.tag = "div"


def _table_of(part: HtmlElement) -> HtmlElement | None:
    return next(part.iterancestors("table"), None)


def _lays_out(cell: HtmlElement) -> bool:
    return next(cell.iter(*_IN_LAYOUT_CELLS), None) is not None or sum(1 for _ in cell.iter("br")) > 1


def _wrap_runs(element: HtmlElement, children: list[HtmlElement], holders: set[HtmlElement]) -> None:
    """Put each run of inline content between line breaks and blocks into a `p` of its own."""
    run = element.makeelement("p")
    run.text, element.text = element.text, None
    parts = []
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag == "br" or child.tag in BLOCKS or child in holders:
            parts.append(run)
            if child.tag != "br":
                parts.append(child)
            run = element.makeelement("p")
            run.text = tail
        else:
            run.append(child)
            child.tail = tail
    element[:] = [part for part in (*parts, run) if part.tag != "p" or len(part) or (part.text or "").strip()]


def _is_running_text(element: HtmlElement) -> bool:
    """Whether an element without blocks holds enough text, little of it links, to be a paragraph."""
    length = _length(element)
    return length >= _LEAST_PARAGRAPH and sum(map(_length, element.iter("a"))) <= _MOST_LINKED * length


def _length(element: HtmlElement) -> int:
    return sum(len(text.strip()) for text in element.itertext())
