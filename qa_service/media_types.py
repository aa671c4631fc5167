"""Media types and the file name suffixes that stand for them."""

from __future__ import annotations

from pathlib import PurePosixPath

TEXT = "text/plain"
MARKDOWN = "text/markdown"
HTML = "text/html"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EPUB = "application/epub+zip"
RSS = "application/rss+xml"
ATOM = "application/atom+xml"
UNKNOWN = "application/octet-stream"
XML = "application/xml"

CONTENT_TYPES = {
    ".txt": TEXT,
    ".text": TEXT,
    ".log": TEXT,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".xht": HTML,
    ".shtml": HTML,
    ".pdf": PDF,
    ".docx": DOCX,
    ".epub": EPUB,
    ".rss": RSS,
    ".atom": ATOM,
    ".xml": XML,
}
"""By suffix, in lower case. An .xml file may hold a feed; its reader looks inside."""


def media_type(name: str) -> str:
    """Name the media type that a file name's suffix stands for.

    Parameters:
        name: a file name or path.

    Returns:
        The type, the same on every machine; text/plain for an unknown suffix or none, since a file that is no
        text shows it in its first bytes.
    """
    return CONTENT_TYPES.get(PurePosixPath(name.replace("\\", "/")).suffix.lower(), TEXT)
