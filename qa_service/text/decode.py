"""Bytes to text: byte-order marks, the declared charset, strict UTF-8, then detection."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from qa_service.errors import Rejected
from qa_service.text.charsets import UNICODE, WESTERN, codec_for, is_eight_bit, read_as, valid_as
from qa_service.text.detection import (
    EVERYDAY,
    LEAST_HIGH_BYTES,
    QUOTED,
    detect,
    has_run,
    high_bytes,
    largely_utf8,
    nearly_utf8,
    rather_utf8,
    surely_chinese,
    surely_utf8,
    utf8_parts,
)
from qa_service.text.signatures import binary_kind
from qa_service.text.utf16 import everyday_share, guess_utf16

_REMEDY = "save it as UTF-8 and send it again"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_REPLACED_PER = 20
_CONTROLS = re.compile("[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_MOST_CONTROLS = 0.1
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the Python name of the encoding it was read with, and what was dropped or replaced, if anything."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def decode(content: bytes, declared: str | None = None, *, lenient: bool = False) -> Decoded:
    """Decode an article's bytes.

    A byte-order mark decides. Else the declared charset is taken if the bytes are valid in it, unless they are
    UTF-8 beyond doubt; then strict UTF-8, UTF-16 where it is certain, and the detector's choice. A file cut
    inside its last character, as a broken download is, loses the bytes of that character. Lines in UTF-8 among
    lines in GB 18030 or Big5 are each decoded as what they are, where that is certain; a note says so. What is
    UTF-8 for the most part is never read in an 8-bit charset, in which any bytes would be valid.

    Parameters:
        content: the bytes as received.
        declared: the sender's charset label, as in HTTP or HTML; an unknown one is ignored.
        lenient: whether a few invalid bytes become U+FFFD, as in browsers, instead of a rejection. Web pages
            put together from parts in different charsets are common; in a text file they mean a broken file.

    Returns:
        The original text: no byte-order mark, line ends untouched, no lone surrogate.

    Errors:
        Rejected: a binary file, or bytes that no charset fits; says what was tried.
    """
    for bom, encoding in _BOMS:
        if content.startswith(bom) and (encoding != "utf-32-le" or len(content) % 4 == 0):
            return _marked(content[len(bom) :], encoding, lenient)
    kind = binary_kind(content)
    if kind is not None:
        raise Rejected(f"this is {kind}, not text", remedy="extract its text first")
    codec = codec_for(declared)
    largely = (codec not in UNICODE or codec == "utf-8") and largely_utf8(content, declared=codec == "utf-8")
    mixed = _mixed(content, codec) if largely else None
    if mixed is not None:
        return mixed
    if codec in WESTERN:
        chinese = _chinese_after_all(content)
        if chinese is not None:
            return chinese
    if codec is not None and (codec in UNICODE or not (surely_utf8(content) or (largely and is_eight_bit(codec)))):
        taken = read_as(content, codec)
        if taken is not None:
            return _checked(*taken)
    return _undeclared(content, declared, lenient, largely)


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


def _chinese_after_all(content: bytes) -> Decoded | None:
    """Read as GB 18030 or Big5 what was declared Western for want of anything better, when it is beyond doubt.

    Western text has single letters over 0x7F among ASCII ones; as Chinese they would be rare characters.
    """
    if high_bytes(content) < LEAST_HIGH_BYTES or surely_utf8(content):
        return None
    encoding = detect(content)
    taken = read_as(content, encoding) if encoding in ("gb18030", "big5hkscs") else None
    return _checked(*taken) if taken is not None and everyday_share(taken[0]) >= EVERYDAY else None


def _mixed(content: bytes, codec: str | None = None) -> Decoded | None:
    """Decode lines of UTF-8 among lines of GB 18030 or Big5; None when there is doubt about any part.

    A Latin letter or sign, which may be Chinese too, is in the charset of what stands before it, or else after it.
    """
    parts = utf8_parts(content)
    if parts is None:
        return None
    encoding = surely_chinese(b"".join(part for utf8, part in parts if utf8 is False), codec)
    if encoding is None:
        return None
    before = next(utf8 for utf8, _ in parts if utf8 is not None)
    texts, found_utf8 = [], False
    for utf8, part in parts:
        if not part.isascii():
            before = rather_utf8(part, encoding, before) if utf8 is None else utf8
            found_utf8 |= before
        text = valid_as(part, "utf-8" if before else encoding)
        if text is None:
            return None
        texts.append(text)
    note = f"parts of the file are in {encoding}, the rest in utf-8"
    return _checked("".join(texts), "utf-8", (note,)) if found_utf8 else None


def _garbled(content: bytes, text: str) -> bool:
    """Whether UTF-8 was read as East Asian text: such a reading is mostly of rare characters."""
    return has_run(content) and everyday_share(text) < QUOTED


def _marked(content: bytes, encoding: str, lenient: bool) -> Decoded:
    """Decode what a byte-order mark stood before."""
    found = _whole_characters(content, encoding) or (_mixed(content) if encoding == "utf-8" else None)
    found = found or (_replaced(content, encoding) if lenient else None)
    return found or _checked(_strict(content, encoding, "its byte-order mark says so"), encoding)


def _undeclared(content: bytes, declared: str | None, lenient: bool, largely: bool) -> Decoded:
    """Find the charset from the bytes, the declared one not being right."""
    nul = content.find(b"\0")
    if nul < 0:
        taken = read_as(content, "utf-8")
        if taken is not None:
            return _checked(*taken)
    encoding = guess_utf16(content)
    if encoding is not None:
        return _checked(content.decode(encoding), encoding)
    almost = nul < 0 and (largely or nearly_utf8(content))
    codec = "utf-8" if almost else codec_for(declared)
    cut = _whole_characters(content, codec) if codec else None
    if cut is None and len(content) % 2:
        encoding = guess_utf16(content[:-1])
        cut = _whole_characters(content, encoding) if encoding else None
    if cut is not None:
        return cut
    if nul >= 0:
        raise Rejected(f"this is a binary file, not text: NUL at byte {nul}", remedy=_REMEDY)
    return _detected(content, declared, codec, lenient, largely)


def _detected(content: bytes, declared: str | None, codec: str | None, lenient: bool, largely: bool) -> Decoded:
    """Take the detector's choice, or for want of it what is nearly right."""
    encoding = None if codec == "utf-8" and nearly_utf8(content) else detect(content)
    if encoding is not None:
        mixed = _mixed(content) if is_eight_bit(encoding) and not largely else None
        if mixed is not None:
            return mixed
        taken = read_as(content, encoding)
        if largely and (is_eight_bit(encoding) or (taken and _garbled(content, taken[0]))):
            encoding = None
        elif taken is not None:
            return _checked(*taken)
    for guess in (encoding, codec):
        found = guess and (_whole_characters(content, guess) or (_replaced(content, guess) if lenient else None))
        if found:
            return found
    if encoding is not None:
        return _checked(_strict(content, encoding, "it looks like that"), encoding)
    tried = ", ".join([*([repr(declared[:40])] if declared else []), "utf-8", "utf-16"])
    utf8 = _reason(content, "utf-8")
    raise Rejected(f"no charset fits these bytes; tried {tried} and detection; {utf8}", remedy=_REMEDY)


def _whole_characters(content: bytes, encoding: str) -> Decoded | None:
    """Decode what is valid but for the start of a character at its end; None when that is not the only fault."""
    for name in ("cp950", "big5hkscs") if encoding in ("big5", "big5hkscs") else (encoding,):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            decoder.decode(content)
        except UnicodeError:
            continue
        left = len(decoder.getstate()[0])
        taken = read_as(content[: len(content) - left], encoding)
        if taken is not None:
            note = f"the file ends inside a character; its last {left} bytes were dropped"
            return _checked(*taken, (note,) if left else ())
    return None


def _replaced(content: bytes, encoding: str) -> Decoded | None:
    """Put U+FFFD for invalid bytes, if they are few among the other characters over 0x7F."""
    text = content.decode("big5hkscs" if encoding == "big5" else encoding, errors="replace")
    faults = text.count("\ufffd")
    if _REPLACED_PER * faults > sum(char > "\x7f" for char in text):
        return None
    return _checked(text, encoding, (f"{faults} invalid bytes or byte sequences were replaced by U+FFFD",))


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


def _checked(text: str, encoding: str, notes: tuple[str, ...] = ()) -> Decoded:
    """Refuse what decodes but is no text."""
    controls = len(_CONTROLS.findall(text))
    if controls > _MOST_CONTROLS * len(text):
        raise Rejected(
            f"this is a binary file, not text: {controls} of {len(text)} characters are control characters",
            remedy=_REMEDY,
        )
    return Decoded(check_text(text), encoding, notes)
