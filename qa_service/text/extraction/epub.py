"""The text of an EPUB book: its chapters in reading order, by the HTML reader's parser."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from qa_service.errors import Rejected
from qa_service.text.decode import decode
from qa_service.text.extraction.archive import Archive, parse_xml
from qa_service.text.extraction.blocks import visible_text
from qa_service.text.extraction.html import declared_charset, parse
from qa_service.text.extraction.result import BINARY, Extracted

if TYPE_CHECKING:
    from lxml import etree

MAX_CHAPTERS = 5_000
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def read(content: bytes, charset: str | None) -> Extracted:
    """Extract a book's text, a line per paragraph; its table of contents is left out.

    Parameters:
        content: the book.
        charset: not used; its chapters declare their own.

    Errors:
        Rejected: cut off, damaged, protected against copying, a bomb, or without chapters.
    """
    del charset
    archive = Archive(content)
    if _ENCRYPTION in archive:
        _refuse_protected(archive)
    roots = [path for each in _all(parse_xml(archive.read(_CONTAINER)), "rootfile") if (path := each.get("full-path"))]
    if not roots:
        raise Rejected("its container names no book", remedy="get it again")
    package = parse_xml(archive.read(roots[0]))
    chapters = _chapters(package, posixpath.dirname(roots[0]))
    found = [name for name in chapters if name in archive]
    if not found or len(found) > MAX_CHAPTERS:
        raise Rejected(
            f"it has {len(found)} chapters, 1 to {MAX_CHAPTERS:,} are allowed", remedy="get it again, or split it"
        )
    text = "\n".join(filter(None, (_chapter(archive.read(name)) for name in found)))
    missing = len(chapters) - len(found)
    return Extracted(
        text,
        BINARY,
        title=_first(package, "title"),
        author=", ".join(names) if (names := [each.text for each in _all(package, "creator") if each.text]) else None,
        published_at=_first(package, "date"),
        notes=(f"{missing} chapters that it names are missing",) if missing else (),
    )


def _chapters(package: etree._Element, folder: str) -> list[str]:
    """Name the members that hold the chapters, in reading order, each once."""
    items = {each.get("id"): each for each in _all(package, "item")}
    names: dict[str, None] = {}
    for reference in _all(package, "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if (item.get("media-type") or _PAGES[0]) in _PAGES:
            path = unquote((item.get("href") or "").partition("#")[0])
            names[posixpath.normpath(posixpath.join(folder, path))] = None
    return list(names)


def _chapter(data: bytes) -> str:
    if not data.strip():
        return ""
    page = parse(decode(data, declared_charset(data), lenient=True).text)
    body = page.find(".//body")
    return visible_text(page if body is None else body)


def _refuse_protected(archive: Archive) -> None:
    methods = {each.get("Algorithm") for each in _all(parse_xml(archive.read(_ENCRYPTION)), "EncryptionMethod")}
    if methods - set(_FONTS_ONLY):
        raise Rejected("the book is encrypted (protected against copying)", remedy="send its text")


def _first(package: etree._Element, name: str) -> str | None:
    return next((each.text for each in _all(package, name) if each.text), None)


def _all(root: etree._Element, name: str) -> list[etree._Element]:
    return [each for each in root.iter("*") if str(each.tag).rpartition("}")[2] == name]
