"""Original text out of a file's bytes, one function per media type."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath

from qa_service.errors import Rejected
from qa_service.text.decode import decode


@dataclass(frozen=True, slots=True)
class Extracted:
    """The original text and the encoding its bytes were read with."""

    text: str
    encoding: str


Extractor = Callable[[bytes, str | None], Extracted]


def _plain_text(content: bytes, charset: str | None) -> Extracted:
    decoded = decode(content, charset)
    return Extracted(decoded.text, decoded.encoding)


_EXTRACTORS: dict[str, Extractor] = {"text/plain": _plain_text, "text/markdown": _plain_text}
SUPPORTED_TYPES = tuple(sorted(_EXTRACTORS))
_TEXT_SUFFIXES = {
    "": "text/plain",
    ".text": "text/plain",
    ".log": "text/plain",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
}
_TYPES = mimetypes.MimeTypes(filenames=())


def extract(content: bytes, content_type: str, charset: str | None = None) -> Extracted:
    """Extract an article's text.

    Parameters:
        content: the bytes as received.
        content_type: a media type, with or without parameters; "" means text/plain.
        charset: the declared charset; None takes the content type's `charset` parameter.

    Returns:
        The original text, to which every offset refers, and the encoding.

    Errors:
        Rejected: the type is malformed or not supported, or the bytes are not text.
    """
    header = Message()
    header["Content-Type"] = " ".join((content_type or "text/plain").split())
    kind = str(header["Content-Type"]).partition(";")[0].strip().lower()
    extractor = _EXTRACTORS.get(kind)
    if extractor is None:
        raise Rejected(
            f"content type {kind[:80]!r} is not supported",
            field="content_type",
            remedy=f"send one of {', '.join(SUPPORTED_TYPES)}",
        )
    return extractor(content, charset or header.get_content_charset())


def media_type(name: str) -> str:
    """Name the media type that a file name's suffix stands for.

    Parameters:
        name: a file name or path.

    Returns:
        The type, the same on every machine; text/plain without a suffix, application/octet-stream for an
        unknown one.
    """
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    known = _TEXT_SUFFIXES.get(suffix) or _TYPES.guess_type(f"file{suffix}", strict=False)[0]
    return known or "application/octet-stream"
