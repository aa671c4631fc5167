"""Remains of HTML in text: entities, whole tags and pieces of tags."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from qa_service.text.repair.steps import Change, Step, edited, unchanged

_TAGS = (
    "p|br|div|span|strong|b|i|u|em|a|img|font|h[1-6]|ul|ol|li|table|tbody|thead|tr|td|th|section|article|center|"
    "blockquote|figure|figcaption|hr|script|style|iframe|video|o:p|sup|sub|pre|code|label|small|input|form"
)
# An attribute has a value in it, so that neither `a < b > c` nor `<a and b>` passes for a tag.
_ATTRIBUTES = r"""(?:\s+[a-zA-Z-]{1,30}\s{0,3}=\s{0,3}(?:"[^"<>\n]{0,400}"|'[^'<>\n]{0,400}'|[^\s"'<>]{1,400}))"""
_TAG = re.compile(rf"</?(?:{_TAGS}){_ATTRIBUTES}{{0,20}}\s{{0,3}}/?>", re.I)
_COMMENT = re.compile(r"<!--[^<>]{0,400}-->")
# A closing tag that lost its bracket: only between what is no word, no path and no formula.
_PIECE = re.compile(
    rf"(?<=[^\x21-\x7e])/(?:{_TAGS})>|(?<=[^\x21-\x7e])<(?:/(?:{_TAGS})?|(?:br|p))(?=[^\x21-\x7e]|$)", re.I
)
# What a converter made of a full stop and the tag behind it, when it took the bracket for the stop's last byte.
_SPOILT = re.compile(rf"(?<=[^\x00-\x7e])[?？]/(?:{_TAGS})>(?=\s|$|[^\x00-\x7e])", re.I)
_ENDED = re.compile(r"[。！？；：…”』」）]")
_ENTITY = re.compile(r"&(?:amp;){0,3}(?:[a-zA-Z][a-zA-Z0-9]{1,31};|#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};)")
# Double-encoded or cut remains of the commonest entity; a Latin word never stands right before its ampersand.
_CUT = re.compile(r"(?<![A-Za-z0-9])&?nbsp(?:;|(?![A-Za-z0-9]))")
_MARKS = "，。！？；：、“”‘’（）《》【】"
_BREAKS = re.compile(r"</?(?:br|p|div|h[1-6]|li|tr|ul|ol|table|section|article|blockquote|hr)\b", re.I)


def repair_markup(text: str) -> Step:
    """Replace entities by their characters and drop tags; a tag that breaks lines becomes a line end."""
    if "&" not in text and "<" not in text and ">" not in text and "nbsp" not in text:
        return unchanged(text)
    return edited(text, [*_entities(text), *_tags(text)])


def _entities(text: str) -> Iterator[Change]:
    for match in _ENTITY.finditer(text):
        character = match[0]
        for _ in range(4):
            character = html.unescape(character)
        if character != match[0] and len(character) <= 2 and not _unwanted(character):
            character = _blank(text, match) if character == "\xa0" else character
            yield Change("markup", match.start(), match.end(), match[0], character, "HTML entity")
    for match in _CUT.finditer(text):
        yield Change("markup", match.start(), match.end(), match[0], _blank(text, match), "cut HTML entity")


def _blank(text: str, match: re.Match[str]) -> str:
    """A space, unless one is there or a Chinese mark makes it needless."""
    beside = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return "" if any(char.isspace() or char in _MARKS for char in beside) else " "


def _unwanted(character: str) -> bool:
    return any((ord(c) < 32 and c not in "\t\n") or 0xD800 <= ord(c) < 0xE000 or c == "\ufffd" for c in character)


def _tags(text: str) -> Iterator[Change]:
    for match in _TAG.finditer(text):
        yield Change("markup", match.start(), match.end(), match[0], _in_place(text, match), "HTML tag")
    for match in _COMMENT.finditer(text):
        yield Change("markup", match.start(), match.end(), match[0], "", "HTML comment")
    for match in _SPOILT.finditer(text):
        mark = "" if _ENDED.match(text[match.start() - 1]) else "。"
        yield Change("markup", match.start(), match.end(), match[0], mark, "HTML tag that took a full stop with it")
    for match in _PIECE.finditer(text):
        yield Change("markup", match.start(), match.end(), match[0], "", "piece of an HTML tag")


def _in_place(text: str, match: re.Match[str]) -> str:
    """A line end where the tag broke the line and none is there yet."""
    if not _BREAKS.match(match[0]):
        return ""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    return "\n" if before and after and before not in "\n>" and after != "\n" else ""
