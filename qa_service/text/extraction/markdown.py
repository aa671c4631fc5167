"""The text of a Markdown file as a reader sees it, by markdown-it: no marks, no link targets, no front matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qa_service.text.decode import decode
from qa_service.text.extraction.blocks import visible_text
from qa_service.text.extraction.html import parse
from qa_service.text.extraction.result import Extracted
from qa_service.text.extraction.wrapped import Growing

if TYPE_CHECKING:
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_FRONT = re.compile(r"---[ \t]*\r?\n(.{0,20000}?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.DOTALL)
_ENTRY = re.compile(r"^([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ENDS_LINE = re.compile(r"[。！？；…!?：:.;][”’」』）)\"']*$")
# What is in blocks deeper than this, the reader leaves out.
_BLOCKS_NESTED = 100
# Marks deeper than this stay as text. Each opening bracket is read ahead of as many times as marks may nest.
_MARKS_NESTED = 20
_TOO_DEEP = f"its Markdown is nested over {_BLOCKS_NESTED} deep; the text was taken as written"
CELL_MARK = " | "


def read(content: bytes, charset: str | None) -> Extracted:
    """Extract a Markdown file's text.

    Parameters:
        content: the file.
        charset: as declared, if at all.

    Returns:
        A line per paragraph, heading, list item and table row; code keeps its lines. A line end inside a
        paragraph is one only after a sentence's end, as Markdown wraps lines freely. Title, author, date and
        url are taken from the front matter, the title else from the first heading of level 1. Where blocks are
        nested too deep to be read, the text is the file's as written.
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415

    decoded = decode(content, charset)
    about, body = _front_matter(decoded.text)
    reader = MarkdownIt("commonmark", {"maxNesting": _BLOCKS_NESTED}).enable(["table", "strikethrough"])
    reader.core.ruler.before("inline", "marks_nested", _bound_marks)
    tokens = reader.parse(body)
    too_deep = any(token.level >= _BLOCKS_NESTED - 1 for token in tokens)
    lines, heading = ([body], None) if too_deep else _lines(tokens)
    return Extracted(
        "\n".join(lines),
        decoded.encoding,
        title=about.get("title") or heading,
        author=about.get("author"),
        url=about.get("url"),
        published_at=about.get("date"),
        notes=(*decoded.notes, *((_TOO_DEEP,) if too_deep else ())),
    )


def _bound_marks(state: StateCore) -> None:
    """Change the bound of nesting between the reading of blocks and that of the marks in them."""
    state.md.options["maxNesting"] = _MARKS_NESTED


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """Take simple `key: value` lines between two `---` off the start."""
    found = _FRONT.match(text)
    entries = {key.lower(): value.strip("\"'") for key, value in _ENTRY.findall(found[1])} if found else {}
    return (entries, text[found.end() :]) if found and entries else ({}, text)


def _lines(tokens: Sequence[Token]) -> tuple[list[str], str | None]:
    """Give the text's lines and the first heading of level 1."""
    lines: list[str] = []
    heading: str | None = None
    row: list[str] = []
    mark = ""
    tags: list[str] = []
    for token in tokens:
        if token.nesting > 0:
            tags.append(token.tag)
            if token.type == "list_item_open":
                mark = f"{token.info}{token.markup} " if token.info else ""
        elif token.nesting < 0:
            tags.pop()
            if token.tag == "tr":
                lines.append(CELL_MARK.join(row))
                row = []
        elif tags and tags[-1] in ("th", "td"):
            row.append(" ".join(_block(token).split()))
        elif text := _block(token).strip("\n"):
            lines.append(mark + text)
            mark = ""
            if heading is None and tags and tags[-1] == "h1":
                heading = text
    return lines, heading


def _block(token: Token) -> str:
    if token.type == "inline":
        return _inline(token.children or ())
    if token.type == "html_block":
        return visible_text(parse(f"<div>{token.content}</div>"))
    return str(token.content).rstrip("\n")


def _inline(children: Sequence[Token]) -> str:
    text = Growing()
    wrapped = False
    for child in children:
        piece = child.content
        if child.type == "softbreak" and not _ENDS_LINE.search(text.end):
            wrapped = True
            continue
        if child.type in ("softbreak", "hardbreak"):
            piece = "\n"
        elif child.type == "html_inline":
            piece = "\n" if _BREAK.fullmatch(piece) else ""
        if wrapped and piece:
            text.join(piece)
        else:
            text.add(piece)
        wrapped = wrapped and not piece
    return str(text)
