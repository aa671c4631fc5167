"""What an HTML page says about itself: title, author, site, address and date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BYLINE_LINES = 60
_BYLINE_CHARS = 160
_LABEL = re.compile("时间|時間|日期|发布|發布|發佈|发表|發表|来源|來源|更新|作者|编辑|編輯|浏览|瀏覽|记者|記者")
_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)")
_AUTHOR = re.compile(r"作\s?者\s?[：:]\s?([\u3400-\u9fff·]{2,12})(?![\u3400-\u9fff])")


def page_attributes(page: HtmlElement, seen: str) -> dict[str, str | None]:
    """Read a page's attributes from its tags, or else from the Chinese byline under its headline.

    Parameters:
        page: the parsed page, unchanged.
        seen: its visible text, a line per block.

    Returns:
        title, author, site, url and published_at, None where the page does not say; not checked yet.
    """
    from trafilatura.metadata import extract_metadata  # noqa: PLC0415

    try:
        found = extract_metadata(page, extensive=False)
    except Exception:
        # Malformed attributes must not cost the text.
        return {}
    lines = [line for line in seen.split("\n", _BYLINE_LINES)[:_BYLINE_LINES] if len(line) <= _BYLINE_CHARS]
    return {
        "title": found.title,
        "author": found.author or _meta_author(page) or _first(_AUTHOR, lines),
        "site": found.sitename,
        "url": found.url,
        "published_at": found.date or _byline_date(lines),
    }


def _meta_author(page: HtmlElement) -> str | None:
    return next((str(tag.get("content")) for tag in page.iter("meta") if tag.get("name") == "author"), None)


def _byline_date(lines: list[str]) -> str | None:
    """Take the first date that stands with the words of a byline; a bare one may be today's."""
    for line in lines:
        found = _DATE.search(line) if _LABEL.search(line) else None
        if found:
            year, month, day = map(int, found.groups())
            return f"{year:04}-{month:02}-{day:02}"
    return None


def _first(pattern: re.Pattern[str], lines: list[str]) -> str | None:
    return next((found[1] for line in lines if (found := pattern.search(line))), None)
