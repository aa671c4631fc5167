"""Which module reads which media type, and the limits on size before any library sees the bytes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from qa_service.errors import Rejected
from qa_service.media_types import DOCX, EPUB, HTML, MARKDOWN, PDF
from qa_service.text.extraction.result import Extracted, as_reply, cleaned

MIB = 1024 * 1024
FORMATS: Mapping[str, tuple[str, int]] = {
    MARKDOWN: ("markdown", 16 * MIB),
    HTML: ("html", 16 * MIB),
    "application/xhtml+xml": ("html", 16 * MIB),
    PDF: ("pdf", 256 * MIB),
    DOCX: ("docx", 256 * MIB),
    EPUB: ("epub", 256 * MIB),
}
"""Media type to the module beside this one, and the most bytes it takes."""


def check_size(content: bytes, kind: str) -> None:
    """Refuse a file that is too large for its format's reader.

    Errors:
        Rejected: says both sizes.
    """
    most = FORMATS[kind][1]
    if len(content) > most:
        raise Rejected(
            f"{len(content):,} bytes are more than the {most:,} allowed for {kind}", remedy="split it, or send its text"
        )


def run(content: bytes, kind: str, charset: str | None) -> dict[str, object]:
    """Read one file with its format's module; the sandbox calls this in its process.

    Parameters:
        content: the bytes.
        kind: a key of FORMATS.
        charset: as declared, if at all.

    Returns:
        An `Extracted` as a JSON object.

    Errors:
        Rejected: what the format's module refused. Others: what its libraries raise; the sandbox wraps them.
    """
    module = importlib.import_module(f"qa_service.text.extraction.{FORMATS[kind][0]}")
    extracted: Extracted = module.read(content, charset)
    return dict(as_reply(cleaned(extracted)))
