"""Fingerprints of sentences: equal ones find each other by a hash, similar ones by bands of a MinHash.

MinHash after Broder, "On the resemblance and containment of documents" (1997), banded as in Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3: with 4 bands of 3 hashes, two sentences whose shingles have a Jaccard
similarity of 0.87 (one character of thirty differs) share a band with probability 0.99, those with 0.2 with 0.03.
"""

from __future__ import annotations

import hashlib
from importlib import metadata

import numpy as np
import regex

from qa_service.text.fold import lexical_fold

PRINTS_VERSION = f"prints-2 rensa-{metadata.version('rensa')}"
NO_PRINT = 0
"""The print of a text without any letter or digit: rules, bullets and marks alone say nothing."""

BANDS, _ROWS = 4, 3
_SEED = 1
LEAST_CHARS = 8
"""Shorter sentences are alike by chance; they are compared by their hash alone."""
_HAN_SHINGLE, _LETTER_SHINGLE = 2, 5
_BITS_63 = (1 << 63) - 1

UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
"""Scripts without spaces between words, as a part of a set in a pattern of `regex`."""
_HAN = regex.compile(rf"[{UNSPACED}]")
_LETTER = regex.compile(r"[\p{L}\p{N}]")
_SPELT = rf"[[\p{{L}}\p{{M}}]--[{UNSPACED}]]"

# The fold joins 10² to 102, and 3½ to 31⁄2.
_RAISED = regex.compile(r"(?<=\p{N})(?=[⁰¹²³⁴-⁹⁺⁻])(?<![⁰¹²³⁴-⁹⁺⁻])")
_WELDED = regex.compile(r"(?<=\p{N})(?=[\p{No}\p{So}])|(?<=[\p{No}\p{So}])(?=\p{N})")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–−", "-") | dict.fromkeys("〜∼", "~") | {"―": "—"})
_THOUSANDS = regex.compile(r"(?<![\p{N}.,])[1-9]\p{Nd}{0,2}(?:,\p{Nd}{3})+(?!\p{N}|[,:/-]\p{N})")
_QUOTED = regex.compile(r"<(\p{L}[^<>\p{N}]*)>")
_BULLET = regex.compile(r"^[\s\u25a0-\u25ff=~*|—-]+(?=\p{L})")
# Symbols, but for accents without a letter, what rules are drawn with, and = and ~ as ornaments.
_SYMBOL = r"[[\p{S}%‰]--[\p{Sk}|~=\u2500-\u259f]]|(?<!=)=(?!=)|~(?=\s*\p{N})|(?<=[a-z])#"
# A minus or a point before a number, a minus after a grade, a range in Han numerals.
_HAN_NUMERAL = "[〇零一二三四五六七八九十百千万亿]"
_MARK = (
    rf"(?<!{_SPELT})(?<![\p{{N}}-])-(?=[\p{{Sc}}.]?\p{{N}})|(?<=[a-z])-(?![\p{{L}}\p{{N}}\s-])"
    rf"|(?<!{_SPELT})(?<![\p{{N}}.])\.(?=\p{{N}})|(?<={_HAN_NUMERAL})[-~—](?={_HAN_NUMERAL})"
)
_BETWEEN = r"(?<=\p{N})[^\p{L}\p{M}\p{N}]+(?=\p{N})"
_UNSAID = regex.compile(rf"({_BETWEEN})|(?:(?!{_SYMBOL}|{_MARK})[^\p{{L}}\p{{M}}\p{{N}}])+", regex.V1)
_SPACE = regex.compile(r"(?<!\p{N}) | (?!\p{N})")


def comparable(text: str) -> str:
    """Reduce a repaired sentence to what it says: letters, numbers with their marks, and symbols.

    Script, case, width and variants are folded. What stands between two digits stays, since it makes other numbers of
    them, but for a comma before thousands; elsewhere dashes, quotes and punctuation are one space.

    Returns:
        The form; empty for a text without letters and digits.
    """
    guarded = _WELDED.sub(" ", _RAISED.sub("^", text.translate(_DASHES)))
    folded = lexical_fold(guarded).translate(_DASHES)
    if not _LETTER.search(folded):
        return ""
    folded = _QUOTED.sub(r" \1 ", _BULLET.sub("", folded.strip()))
    folded = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), folded)
    return str(_UNSAID.sub(_reduced, folded)).strip()


def canonical(text: str) -> str:
    """Give what a repaired sentence says without spaces, but for those between two digits; see `comparable`."""
    return str(_SPACE.sub("", comparable(text)))


def _reduced(match: regex.Match[str]) -> str:
    """Give a separator of two digits without its spaces, and a space for anything else."""
    return "".join(match[1].split()) or " " if match[1] else " "


def print_of(form: str) -> int:
    """Hash a canonical sentence to 63 bits; NO_PRINT for an empty one."""
    if not form:
        return NO_PRINT
    digest = hashlib.blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") & _BITS_63 or 1


def bands_of(form: str) -> tuple[int, ...]:
    """Give the bands of a canonical sentence, 63 bits each; none for a short one."""
    if len(form) < LEAST_CHARS:
        return ()
    from rensa import RMinHash  # noqa: PLC0415 - native code, not needed for questions

    size = _HAN_SHINGLE if len(_HAN.findall(form)) * 2 >= len(form) else _LETTER_SHINGLE
    minhash = RMinHash(num_perm=BANDS * _ROWS, seed=_SEED)
    minhash.update([form[place : place + size] for place in range(len(form) - size + 1)])
    rows = np.array(minhash.digest(), dtype="<u4").reshape(BANDS, _ROWS)
    return tuple(_band(number, row.tobytes()) for number, row in enumerate(rows))


def _band(number: int, data: bytes) -> int:
    digest = hashlib.blake2b(data, digest_size=8, salt=bytes([number])).digest()
    return int.from_bytes(digest, "little") & _BITS_63
