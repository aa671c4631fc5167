"""The main text of an HTML page, and its title, date, author and site, by trafilatura over lxml.

Of the extractors tried on five page layouts of Chinese sites, filled with articles of known text, trafilatura over
a tidied tree kept 99% or more of the text and left out the most of what surrounds it.
"""

from __future__ import annotations

import re
from configparser import ConfigParser
from functools import cache
from typing import TYPE_CHECKING

from qa_service.errors import Rejected
from qa_service.text.decode import decode
from qa_service.text.extraction.blocks import UNSEEN, tidy, visible_text
from qa_service.text.extraction.hidden import drop_hidden
from qa_service.text.extraction.page_attributes import page_attributes
from qa_service.text.extraction.result import Extracted

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_TAGS = 200_000
MAX_DEPTH = 1_000
_LEAST_MAIN_TEXT = 60
"""Characters below which trafilatura doubts its result; its own 250 are for Latin script, which needs more."""
_META_WITHIN = 4096
_META = re.compile(rb"<meta[^>]{0,500}?charset\s{0,10}=\s{0,10}[\"']?\s{0,10}([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,10}=\s{0,10}[\"']([A-Za-z0-9_.:-]{1,40})[\"']")
# trafilatura writes tables and lists as Markdown does.
_RULE = re.compile(r"\|(?:-+\|)+")
_UNTEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read(content: bytes, charset: str | None) -> Extracted:
    """Extract a page's main text.

    Parameters:
        content: the page's bytes.
        charset: as declared outside the page; None takes what the page says of itself.

    Returns:
        The main text, a line per paragraph, table row or list item; all visible text where no main text is found.

    Errors:
        Rejected: too many or too deeply nested tags, or nothing to see.
    """
    from lxml import etree  # noqa: PLC0415

    decoded = decode(content, charset or declared_charset(content), lenient=True)
    page = parse(decoded.text)
    body = page.find(".//body")
    if body is None:
        body = page
    covered = drop_hidden(body)
    seen = visible_text(body)
    if not seen:
        raise Rejected(
            f"the page shows no text ({_hidden(page)})",
            remedy="save it from a browser once it has loaded, or leave it out",
        )
    attributes = page_attributes(page, seen)
    etree.strip_elements(body, *UNSEEN, with_tail=False)
    tidy(body)
    main = _main_text(page)
    notes = list(decoded.notes)
    if covered:
        notes.append("what the page hides from its readers was left out")
    if not main:
        notes.append("no main text was found; all visible text was taken")
    return Extracted(main or seen, decoded.encoding, **attributes, notes=tuple(notes))


def declared_charset(content: bytes) -> str | None:
    """Find the charset that a page declares in its first bytes, if it does."""
    found = _XML_ENCODING.match(content) or _META.search(content[:_META_WITHIN])
    return found[1].decode("ascii") if found else None


def parse(text: str) -> HtmlElement:
    """Parse HTML of any quality.

    Errors:
        Rejected: too many tags, too deep, or no element at all.
    """
    from lxml import etree, html  # noqa: PLC0415

    tags = text.count("<")
    if tags > MAX_TAGS:
        raise Rejected(f"the page has {tags:,} tags, {MAX_TAGS:,} are allowed", remedy="split it, or send its text")
    parser = html.HTMLParser(
        encoding="utf-8",
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        default_doctype=False,
    )
    try:
        # As bytes: lxml refuses a str with an XML declaration in it.
        page = html.document_fromstring(_UNTEXT.sub(" ", text).encode("utf-8"), parser=parser)
    except etree.ParserError:
        raise Rejected("the page is empty", remedy="leave it out") from None
    _check_depth(page)
    return page


def _check_depth(page: HtmlElement) -> None:
    from lxml import etree  # noqa: PLC0415

    depth = 0
    for event, _ in etree.iterwalk(page, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise Rejected(f"the page's tags are nested over {MAX_DEPTH:,} deep", remedy="send its text")


def _main_text(page: HtmlElement) -> str:
    import trafilatura  # noqa: PLC0415

    found = trafilatura.bare_extraction(page, with_metadata=False, include_comments=False, config=_config())
    if found is None or not found.text:
        return ""
    lines = (_unmarked(line) for line in found.text.splitlines() if not _RULE.fullmatch(line))
    return "\n".join(line for line in lines if line)


def _unmarked(line: str) -> str:
    """Take the mark of a list's item or of a table's row off both ends."""
    line = (line[2:] if line.startswith(("- ", "| ")) else line).strip()
    return line.removesuffix("|").rstrip()


def _hidden(page: HtmlElement) -> str:
    counts = {tag: sum(1 for _ in page.iter(tag)) for tag in ("script", "style", "iframe", "img")}
    return ", ".join(f"{count} {tag}" for tag, count in counts.items() if count) or "no tags with content"


@cache
def _config() -> ConfigParser:
    from trafilatura.settings import use_config  # noqa: PLC0415

    config: ConfigParser = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(_LEAST_MAIN_TEXT))
    config.set("DEFAULT", "EXTENSIVE_DATE_SEARCH", "off")
    return config
