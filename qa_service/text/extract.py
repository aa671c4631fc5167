"""Original text out of a file's bytes, whatever format they are in."""

from __future__ import annotations

from dataclasses import replace
from email.message import Message
from functools import cache

from qa_service.errors import Rejected
from qa_service.media_types import ATOM, RSS, TEXT
from qa_service.sandbox import Sandbox
from qa_service.text.decode import decode
from qa_service.text.extraction.formats import FORMATS, check_size
from qa_service.text.extraction.result import Extracted, from_reply, with_extracted
from qa_service.text.extraction.sniff import actual_type, type_name

__all__ = ["EXTRACTION_VERSION", "SUPPORTED_TYPES", "Extracted", "extract", "with_extracted"]

EXTRACTION_VERSION = "extract-3"
"""Changes when the same bytes may give another text; articles extracted before are then processed anew."""

SUPPORTED_TYPES = tuple(sorted((TEXT, *FORMATS)))
_RUN = "qa_service.text.extraction.formats:run"


def extract(content: bytes, content_type: str, charset: str | None = None) -> Extracted:
    """Extract an article's text.

    Plain text is decoded here; every other format is read by its library in a process of bounded time and memory.

    Parameters:
        content: the bytes as received.
        content_type: a media type, with or without parameters; "" means text/plain. A file that is clearly
            something else is read as what it is, and a note says so.
        charset: the declared charset; None takes the content type's `charset` parameter.

    Returns:
        The original text, to which every offset refers, and what the file says about itself.

    Errors:
        Rejected: the type is malformed or not supported, or the bytes cannot be read; says why and what to do.
    """
    header = Message()
    header["Content-Type"] = " ".join((content_type or TEXT).split())
    declared = str(header["Content-Type"]).partition(";")[0].strip().lower()
    charset = charset or header.get_content_charset()
    kind = actual_type(content, declared, charset)
    if kind == TEXT:
        decoded = decode(content, charset)
        return Extracted(decoded.text, decoded.encoding, notes=decoded.notes)
    if kind not in FORMATS:
        raise _unsupported(kind)
    check_size(content, kind)
    extracted = from_reply(_sandbox().call(_RUN, content, {"kind": kind, "charset": charset}))
    if not extracted.text.strip():
        raise Rejected(f"{type_name(kind)} without any text", remedy="leave it out")
    return extracted if kind == declared else _read_as(extracted, kind, declared)


def _read_as(extracted: Extracted, kind: str, declared: str) -> Extracted:
    return replace(extracted, notes=(f"read as {type_name(kind)}, not as {declared}", *extracted.notes))


def _unsupported(kind: str) -> Rejected:
    remedy = f"send one of {', '.join(SUPPORTED_TYPES)}"
    if kind in (RSS, ATOM):
        remedy = "a feed holds several articles: read its file with `qa-service ingest`"
    return Rejected(f"content type {kind[:80]!r} is not supported", field="content_type", remedy=remedy)


@cache
def _sandbox() -> Sandbox:
    return Sandbox()
