"""Charset labels and the codecs that stand for them."""

from __future__ import annotations

import codecs
import re

_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5",
    "cp950": "big5",
    "big5hkscs": "big5",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
}
_LABELS = {
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "cn-big5": "big5",
    "x-x-big5": "big5",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "windows-949": "cp949",
    "windows-874": "cp874",
    "dos-874": "cp874",
    "utf8mb4": "utf-8",
}
UNICODE = frozenset({"utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
WESTERN = frozenset({"cp1252", "iso8859-15", "mac-roman", "cp437", "cp850"})
"""What old software declares when nobody chose a charset."""
DETECTED = (
    "gb18030",
    "big5hkscs",
    "cp932",
    "euc_jis_2004",
    "cp949",
    *(f"cp{number}" for number in range(1250, 1259)),
    "koi8-r",
    "cp874",
)
CHINESE = frozenset({"gb18030", "big5", "big5hkscs"})
_MULTIBYTE = UNICODE | CHINESE | {"cp932", "euc_jis_2004", "euc_jp", "iso2022_jp", "cp949", "johab", "hz"}
_KNOWN = UNICODE | frozenset(DETECTED) | frozenset(_SUPERSETS.values()) | {"koi8-u", "euc_jp", "iso2022_jp", "hz"}
# cp950 and Big5-HKSCS give these rows different characters; here the latter is what is in use.
_ETEN_ROWS = re.compile("[\u3005\u3041-\u30fe\u0401-\u0451\u2460-\u2469\u2474-\u247d]")
_KNOWN_ISO = re.compile(r"iso8859-\d+|cp(437|850|852|855|857|86[0-9]|1125)|mac-(roman|cyrillic)|johab")


def codec_for(label: str | None) -> str | None:
    """Turn a charset label into the Python codec to use.

    Parameters:
        label: as found in an HTTP header or an HTML page; None when there is none.

    Returns:
        The codec's name, where a subset gives way to the superset in real use, as in the label table of the
        WHATWG Encoding Standard; None for an unknown label or a codec that is no charset.
    """
    name = (label or "").strip().strip("\"'").lower()
    if name in _LABELS:
        return _LABELS[name]
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    codec = _SUPERSETS.get(found, found)
    return codec if codec in _KNOWN or _KNOWN_ISO.fullmatch(codec) else None


def is_eight_bit(codec: str) -> bool:
    """Whether a codec has one byte for each character, so that nearly any bytes are valid in it.

    Parameters:
        codec: a name that `codec_for` or the detector returned.
    """
    return codec not in _MULTIBYTE


def read_as(content: bytes, encoding: str) -> tuple[str, str] | None:
    """Decode strictly.

    Parameters:
        content: the bytes.
        encoding: a name that `codec_for` or the detector returned; Big5 means whichever of its two forms fits.

    Returns:
        The text and the Python name of its encoding; None when the bytes are not valid.
    """
    if encoding in ("big5", "big5hkscs"):
        windows, hong_kong = valid_as(content, "cp950"), valid_as(content, "big5hkscs")
        if windows is not None and (hong_kong is None or not _ETEN_ROWS.search(windows)):
            return windows, "cp950"
        return None if hong_kong is None else (hong_kong, "big5hkscs")
    text = valid_as(content, encoding)
    return None if text is None else (text, encoding)


def valid_as(content: bytes, encoding: str) -> str | None:
    """Decode strictly with Python's codec of that name; None when the bytes are not valid."""
    try:
        return content.decode(encoding)
    except UnicodeError:
        return None
