"""Bytes to text: byte-order marks, the declared charset, strict UTF-8, then detection.

Detection is chardet's: on slices of 20, 60, 200 and 1,000 characters of real articles in 11 charsets it was
right for .994, .998, .996 and .987 of them, charset-normalizer 3.5 for .808, .979, .982 and .972, both
narrowed to common charsets. chardet is weak on Chinese UTF-16, which has a rule of its own.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from qa_service.errors import Rejected
from qa_service.text.charsets import DETECTED, UNICODE, codec_for
from qa_service.text.utf16 import guess_utf16

_REMEDY = "save it as UTF-8 and send it again"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SIGNATURES = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old-format office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"OggS\0", "an audio file"),
    (b"ID3\x02", "an audio file"),
    (b"ID3\x03", "an audio file"),
    (b"ID3\x04", "an audio file"),
)
# cp950 and Big5-HKSCS give these rows different characters; here the latter is what is in use.
_ETEN_ROWS = re.compile("[\u3005\u3041-\u30fe\u0401-\u0451\u2460-\u2469\u2474-\u247d]")
_UTF8_THREE = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_UTF8_FAULTS = 10
_CONTROLS = re.compile("[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_MOST_CONTROLS = 0.1
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and the Python name of the encoding it was read with."""

    text: str
    encoding: str


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """Decode an article's bytes.

    A byte-order mark decides. Else the declared charset is taken if the bytes are valid in it, unless they are
    UTF-8 beyond doubt; then strict UTF-8, UTF-16 where it is certain, and the detector's choice.

    Parameters:
        content: the bytes as received.
        declared: the sender's charset label, as in HTTP or HTML; an unknown one is ignored.

    Returns:
        The original text: no byte-order mark, line ends untouched, no lone surrogate.

    Errors:
        Rejected: a binary file, or bytes that no charset fits; says what was tried.
    """
    for bom, encoding in _BOMS:
        if content.startswith(bom) and (encoding != "utf-32-le" or len(content) % 4 == 0):
            return _checked(_strict(content[len(bom) :], encoding, "its byte-order mark says so"), encoding)
    for signature, kind in _SIGNATURES:
        if content.startswith(signature):
            raise Rejected(f"this is {kind}, not text", remedy="extract its text first")
    codec = codec_for(declared)
    if codec is not None and (codec in UNICODE or not _surely_utf8(content)):
        taken = _try(content, codec)
        if taken is not None:
            return _checked(*taken)
    return _undeclared(content, declared)


def check_text(text: str) -> str:
    """Check a text that arrived decoded, as in JSON, and take one leading byte-order mark off.

    Parameters:
        text: any str.

    Returns:
        The original text.

    Errors:
        Rejected: it holds a lone surrogate, which is no character and cannot be stored; names its position.
    """
    found = _SURROGATE.search(text)
    if found:
        raise Rejected(
            f"lone surrogate U+{ord(found[0]):04X} at character {found.start()}",
            remedy="send whole characters; a surrogate is half of one",
        )
    return text.removeprefix("\ufeff")


def _undeclared(content: bytes, declared: str | None) -> Decoded:
    """Find the charset from the bytes alone."""
    tried = ([repr(declared[:40])] if declared else []) + ["utf-8", "utf-16"]
    nul = content.find(b"\0")
    if nul < 0:
        taken = _try(content, "utf-8")
        if taken is not None:
            return _checked(*taken)
    encoding = guess_utf16(content)
    if encoding is not None:
        return _checked(content.decode(encoding), encoding)
    if nul >= 0:
        raise Rejected(f"this is a binary file, not text: NUL at byte {nul}", remedy=_REMEDY)
    encoding = None if _nearly_utf8(content) else _detect(content)
    if encoding is None:
        utf8 = _reason(content, "utf-8")
        raise Rejected(f"no charset fits these bytes; tried {', '.join(tried)} and detection; {utf8}", remedy=_REMEDY)
    taken = _try(content, encoding)
    if taken is not None:
        return _checked(*taken)
    return _checked(_strict(content, encoding, "it looks like that"), encoding)


def _detect(content: bytes) -> str | None:
    """Ask the detector, for multi-byte charsets of East Asia and the common 8-bit ones only.

    It starts at the first byte over 0x7F, which begins a character in all of them: ASCII before it says
    nothing, and an article may begin with letters such as BM or MZ, which the detector takes for binary files.
    """
    import chardet  # noqa: PLC0415 - heavy, and most articles are UTF-8

    first = next((index for index, byte in enumerate(content) if byte > 0x7F), 0)
    result = chardet.detect(
        content[first:],
        max_bytes=max(1, len(content)),
        prefer_superset=True,
        compat_names=False,
        include_encodings=DETECTED,
        no_match_encoding="cp1252",
    )
    return result["encoding"]


def _try(content: bytes, encoding: str) -> tuple[str, str] | None:
    """Decode strictly; None when the bytes are not valid. Big5 means whichever of its two forms fits."""
    if encoding in ("big5", "big5hkscs"):
        windows, hong_kong = _plain(content, "cp950"), _plain(content, "big5hkscs")
        if windows is not None and (hong_kong is None or not _ETEN_ROWS.search(windows)):
            return windows, "cp950"
        return None if hong_kong is None else (hong_kong, "big5hkscs")
    text = _plain(content, encoding)
    return None if text is None else (text, encoding)


def _plain(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeError:
        return None


def _strict(content: bytes, encoding: str, why: str) -> str:
    """Decode or reject with the place of the first fault."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Rejected(f"not valid {encoding} though {why}: {_reason(content, encoding)}", remedy=_REMEDY) from None


def _reason(content: bytes, encoding: str) -> str:
    """Say where decoding fails, and whether it is only that the end is missing."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        cut = error.end >= len(content) and error.start > len(content) - 4
        what = "the last character is cut off" if cut else "invalid bytes"
        return f"{what} at byte {error.start} as {encoding}"
    return f"valid {encoding}"


def _checked(text: str, encoding: str) -> Decoded:
    """Refuse what decodes but is no text."""
    controls = len(_CONTROLS.findall(text))
    if controls > _MOST_CONTROLS * len(text):
        raise Rejected(
            f"this is a binary file, not text: {controls} of {len(text)} characters are control characters",
            remedy=_REMEDY,
        )
    return Decoded(check_text(text), encoding)


def _surely_utf8(content: bytes) -> bool:
    """Whether the bytes are valid UTF-8 with characters of three bytes, which other charsets hardly ever make."""
    return _UTF8_THREE.search(content) is not None and _plain(content, "utf-8") is not None


def _nearly_utf8(content: bytes) -> bool:
    """Whether the bytes are UTF-8 with a few faults, or cut short: any other charset would make nonsense of them."""
    text = content.decode("utf-8", errors="replace")
    faults = text.count("\ufffd")
    right = sum(char > "\x7f" for char in text) - faults
    cut_short = faults == 1 and text.endswith("\ufffd") and _UTF8_THREE.search(content) is not None
    return right >= _UTF8_FAULTS * faults or (cut_short and right > 0)
