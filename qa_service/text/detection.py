"""Judges from bytes alone which charset they are in.

Detection is chardet's: on slices of 20, 60, 200 and 1,000 characters of real articles in 11 charsets it was
right for .994, .998, .996 and .987 of them, charset-normalizer 3.5 for .808, .979, .982 and .972, both
narrowed to common charsets. chardet is weak on Chinese UTF-16, which has a rule of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa_service.text.charsets import CHINESE, DETECTED, read_as, valid_as
from qa_service.text.utf16 import everyday_share

_UTF8_THREE = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_UTF8_FAULTS = 10
# From 0xD0 on a Thai vowel and a consonant look like that; Cyrillic and Arabic words are of the same few vowels.
_TWO = rb"[\xc2-\xc5\xce\xcf][\x80-\xbf]|(?:[\xd0\xd1][\x80-\xbf]){5,}|(?:[\xd8-\xdb][\x80-\xbf]){5,}"
_THREE = rb"(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]"
_FOUR = rb"\xf0[\x90-\xbf][\x80-\xbf]{2}"
_HIGH_UTF8 = re.compile(b"|".join((_TWO, _THREE, _FOUR)))
# In samples of text in GB 18030, Big5, Shift-JIS, EUC and eight 8-bit charsets no two of these stood together.
_RUN = re.compile(b"((?:(?:" + _THREE + b"|" + _FOUR + rb")[\x00-\x7f]*+){4,})")
_LEAST_UTF8 = 0.5
LEAST_HIGH_BYTES = 16
"""Bytes over 0x7F below which nothing is beyond doubt."""
_HIGH_BYTES = bytes(range(0x80, 0x100))
# None of these bytes is part of a character in any charset; the other ASCII bytes may be a second one.
_PIECE = re.compile(rb"[^\n\r<>]+[\n\r<>]*|[\n\r<>]+")
_SURE_HIGH_BYTES = 9
_LEAST_INSIDE = 10
_LATIN_END = "\u0250"
EVERYDAY = 0.95
"""Least `everyday_share` of a Chinese text; another charset read as Chinese makes rare characters."""
QUOTED = 0.85
"""Least share in a Chinese text that quotes some garbled text, as articles about charsets do."""


def detect(content: bytes) -> str | None:
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


def surely_utf8(content: bytes) -> bool:
    """Whether the bytes are valid UTF-8 with characters of three bytes, which other charsets hardly ever make."""
    return _UTF8_THREE.search(content) is not None and valid_as(content, "utf-8") is not None


def nearly_utf8(content: bytes) -> bool:
    """Whether the bytes are UTF-8 with a few faults, or cut short: any other charset would make nonsense of them."""
    text = content.decode("utf-8", errors="replace")
    faults = text.count("\ufffd")
    right = sum(char > "\x7f" for char in text) - faults
    cut_short = faults == 1 and text.endswith("\ufffd") and _UTF8_THREE.search(content) is not None
    return right >= _UTF8_FAULTS * faults or (cut_short and right > 0)


def high_bytes(content: bytes) -> int:
    """Count the bytes over 0x7F."""
    return len(content) - len(content.translate(None, _HIGH_BYTES))


def largely_utf8(content: bytes, *, declared: bool = False) -> bool:
    """Whether much of the bytes is UTF-8 though not all: any 8-bit charset would make nonsense of that much.

    Parameters:
        content: the bytes; those with a NUL, as UTF-16 has, are not judged.
        declared: whether the sender says UTF-8, so that a few characters are enough.
    """
    if b"\0" in content or valid_as(content, "utf-8") is not None:
        return False
    if has_run(content):
        return True
    high = high_bytes(content)
    if not high or (high < LEAST_HIGH_BYTES and not declared):
        return False
    return high - high_bytes(_HIGH_UTF8.sub(b"", content)) >= _LEAST_UTF8 * high


def has_run(content: bytes) -> bool:
    """Whether there are so many characters of three bytes of UTF-8 in a row that chance could not make them."""
    return _RUN.search(content) is not None


def utf8_parts(content: bytes) -> list[tuple[bool | None, bytes]] | None:
    """Cut bytes of several charsets into those of UTF-8 and the others, at line ends, at tags and around long runs.

    Parameters:
        content: the bytes.

    Returns:
        The parts in order, each with True for UTF-8 beyond doubt, False for anything else, and None for what is
        ASCII or too short to tell; None instead of all when a line has both, and where it changes is uncertain.
    """
    parts: list[tuple[bool | None, bytes]] = []
    for piece in _PIECE.findall(content):
        if piece.isascii():
            parts.append((None, piece))
        elif valid_as(piece, "utf-8") is not None:
            parts.append((high_bytes(piece) >= _SURE_HIGH_BYTES or None, piece))
        elif not has_run(piece) or _reads_as_chinese(piece, QUOTED):
            parts.append((False, piece))
        else:
            inside = list(_parts_inside(piece))
            if any(utf8 is False and not _certain_inside(part) for utf8, part in inside):
                return None
            parts += inside
    return parts


def surely_chinese(content: bytes, codec: str | None) -> str | None:
    """Name the charset of Chinese text that is enough to be sure of it.

    Parameters:
        content: the bytes.
        codec: the declared charset's codec, tried before the detector's choice.

    Returns:
        "gb18030", "cp950" or "big5hkscs"; None when there is doubt.
    """
    if high_bytes(content) < LEAST_HIGH_BYTES:
        return None
    for encoding in (codec, detect(content)):
        taken = read_as(content, encoding) if encoding in CHINESE else None
        if taken is not None and everyday_share(taken[0]) >= EVERYDAY:
            return taken[1]
    return None


def rather_utf8(part: bytes, encoding: str, before: bool) -> bool:
    """Judge a short line that is valid UTF-8, in a file that has GB 18030 or Big5 too.

    Chinese in UTF-8 is often valid in the other charset; the other way round it is rare, and makes no Chinese.

    Parameters:
        part: the line.
        encoding: the other charset.
        before: whether the text before it is UTF-8, which decides about Latin letters and signs.
    """
    other = valid_as(part, encoding)
    if other is None:
        return True
    text = part.decode("utf-8")
    if max(text) < _LATIN_END:
        return before
    return everyday_share(text) >= everyday_share(other)


def _parts_inside(piece: bytes) -> Iterator[tuple[bool | None, bytes]]:
    for index, part in enumerate(_RUN.split(piece)):
        if part:
            yield True if index % 2 else (None if part.isascii() else False), part


def _certain_inside(part: bytes) -> bool:
    """Whether what stands beside UTF-8 in a line is more than the remains of a damaged character, and whole."""
    return high_bytes(part) >= _LEAST_INSIDE and _reads_as_chinese(part, EVERYDAY)


def _reads_as_chinese(part: bytes, least: float) -> bool:
    for encoding in ("gb18030", "big5hkscs"):
        text = valid_as(part, encoding)
        if text is not None and everyday_share(text) >= least:
            return True
    return False
