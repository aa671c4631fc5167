"""Leaving out what a page hides: text that no reader sees, often put there for search engines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Not `visibility: hidden`: large sites show whole articles so and uncover them by script.
_STYLE = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)
_MOST_HIDDEN = 0.5
"""A page that hides more than this share of its text uncovers it by script; then it is all read."""


def drop_hidden(body: HtmlElement) -> bool:
    """Remove elements with the attribute `hidden` or a style `display: none`, unless they hold most of the text.

    What stays loses these attributes: trafilatura would remove it by guesses at them.

    Returns:
        Whether anything with text was removed.
    """
    found = [one for one in body.iterdescendants() if isinstance(one.tag, str) and _is_hidden(one)]
    outermost: list[HtmlElement] = []
    inside: set[HtmlElement] = set()
    for one in found:
        if one not in inside:
            outermost.append(one)
            inside.update(one.iterdescendants())
    hidden = sum(_size(one) for one in outermost)
    covered = 0 < hidden <= _MOST_HIDDEN * _size(body)
    for one in outermost if covered else ():
        one.drop_tree()
    for name in ("style", "hidden"):
        for one in body.iterdescendants():
            one.attrib.pop(name, None)
    return covered


def _is_hidden(element: HtmlElement) -> bool:
    # `hidden="until-found"` is there to be found.
    attribute = element.get("hidden")
    return (attribute is not None and attribute != "until-found") or _STYLE.search(element.get("style", "")) is not None


def _size(element: HtmlElement) -> int:
    return sum(len(text.strip()) for text in element.itertext())
