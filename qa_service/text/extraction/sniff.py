"""Tells by the first bytes what a file is, since names and senders are often wrong."""

from __future__ import annotations

import re

from qa_service.errors import Rejected
from qa_service.media_types import DOCX, EPUB, HTML, MARKDOWN, PDF, TEXT, UNKNOWN, XML

_PDF_WITHIN = 1024
_ZIP = b"PK\x03\x04"
_MIMETYPE = re.compile(rb"PK\x03\x04.{26}mimetypeapplication/epub\+zip", re.DOTALL)
_DOCX_PART = b"word/document.xml"
_EPUB_PART = b"META-INF/container.xml"
_UNMARKED = (TEXT, MARKDOWN, UNKNOWN, XML)
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,1000}(?:<\?xml[^>]{0,200}>\s{0,1000})?(?:<!--(?:(?!-->).){0,1000}-->\s{0,1000}){0,3}"
    rb"<(?:!doctype\s+html[\s>]|html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_NAMES = {PDF: "a PDF document", DOCX: "a Word document", EPUB: "an EPUB book", HTML: "an HTML page"}


def actual_type(content: bytes, declared: str, charset: str | None) -> str:
    """Decide how to read a file.

    A PDF, Word document or EPUB book is read as what it is, whatever it was called. What was called text and
    begins as an HTML document is read as HTML, unless a charset was declared with it: then a sender, not a file
    name's suffix, said that it is text.

    Parameters:
        content: the bytes.
        declared: a media type, lower case, without parameters.
        charset: as declared by the sender.

    Returns:
        A media type, `declared` unless the bytes show another.

    Errors:
        Rejected: declared as a binary format, and not in it.
    """
    found = _binary_type(content)
    if found is not None:
        return found
    if declared in (PDF, DOCX, EPUB):
        raise Rejected(
            f"this is not {_NAMES[declared]}, though it is called one", remedy="check the file, and what it is called"
        )
    if declared in _UNMARKED and (charset is None or declared in (XML, UNKNOWN)) and _HTML_START.match(content[:8192]):
        return HTML
    return TEXT if declared == UNKNOWN else declared


def type_name(kind: str) -> str:
    """Name a type for a reader: `a PDF document`."""
    return _NAMES.get(kind, kind)


def _binary_type(content: bytes) -> str | None:
    # Some writers put a line or a byte-order mark before the header, as the format allows.
    start = content[:_PDF_WITHIN].find(b"%PDF-")
    if start == 0 or (start > 0 and b"\0" not in content[:start] and content.rstrip().endswith(b"%%EOF")):
        return PDF
    if not content.startswith(_ZIP):
        return None
    if _MIMETYPE.match(content):
        return EPUB
    # Names stand both before each member and in the directory at the end; a cut file has only the former.
    if _DOCX_PART in content:
        return DOCX
    return EPUB if _EPUB_PART in content else None
