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

PRINTS_VERSION = f"prints-1 rensa-{metadata.version('rensa')}"
NO_PRINT = 0
"""The print of a text without any letter or digit."""

BANDS, _ROWS = 4, 3
_SEED = 1
LEAST_CHARS = 8
"""Shorter sentences are alike by chance; they are compared by their hash alone."""
_HAN_SHINGLE, _LETTER_SHINGLE = 2, 5
_BITS_63 = (1 << 63) - 1

# What makes another number of its digits stays: 3.5, 10:30, 5/1, 3-5, -5, 40%.
_IN_NUMBER = r"(?<=\p{N})[.:/-](?=\p{N})|(?<![\p{L}\p{N}])-(?=\p{N})|(?<=\p{N})%"
_WORDLESS = regex.compile(rf"(?:(?!{_IN_NUMBER})[^\p{{L}}\p{{M}}\p{{N}}])+")
_HAN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")


def canonical(text: str) -> str:
    """Reduce a repaired sentence to its letters and numbers in one form: script, case, width and variants folded."""
    form: str = _WORDLESS.sub("", lexical_fold(text))
    return form


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
