"""Words of scripts other than Han, with their places; the text is in the lexical fold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import regex

MAX_WORD = 64

# Scripts written without spaces between words, Han apart.
UNSPACED = (
    r"\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"\p{Tai_Le}\p{New_Tai_Lue}\p{Tai_Tham}\p{Tai_Viet}\p{Ahom}"
)
_SPECIAL = rf"[\p{{Han}}\p{{Hangul}}{UNSPACED}]"
_SCANNER = regex.compile(
    rf"""(?V1x)
    (?P<number> \p{{Nd}}++ (?: [.,] \p{{Nd}}++ )++ )
  | (?P<unspaced> [[{UNSPACED}]&&\p{{L}}] [[{UNSPACED}]&&[\p{{L}}\p{{M}}]]*+ )
  | (?P<hangul> [\p{{Hangul}}&&\p{{L}}]++ )
  | (?P<word> [[\p{{L}}\p{{N}}]--{_SPECIAL}] [[\p{{L}}\p{{N}}\p{{M}}]--{_SPECIAL}]*+ )
  | (?P<digit> [\p{{N}}--\p{{Han}}]++ )
    """
)
_WORD_CHAR = regex.compile(rf"(?V1)[[\p{{L}}\p{{N}}\p{{M}}]--{_SPECIAL}]")
_THOUSANDS = regex.compile(r"\p{Nd}{1,3}(?:,\p{Nd}{3})+(?:\.\p{Nd}+)?")
_LETTER = regex.compile(r"[\p{L}\p{N}]")
_CLUSTER = regex.compile(r"\P{M}\p{M}{0,31}|\p{M}{1,32}")


def scan_words(text: str) -> Iterator[tuple[str, int, int]]:
    """Find the words of every script but Han.

    Alphabetic words are whole runs of letters, marks and digits. A number keeps its decimal point and loses
    its thousands separators: 1,000.5 is 1000.5; one with several points (a date, a version) also gives its
    parts. Scripts without spaces give pairs of adjacent characters, Hangul gives words and such pairs. All
    decimal digits become ASCII. Punctuation is dropped, a word over 64 code points is cut.

    Parameters:
        text: a text in the lexical fold.

    Returns:
        (word, start, end) with offsets into `text`.
    """
    for match in _SCANNER.finditer(text):
        run, start = match[0], match.start()
        kind = match.lastgroup
        if kind == "number":
            yield from _numbers(run, start)
        elif kind == "unspaced":
            yield from _pairs([found[0] for found in _CLUSTER.finditer(run)], start)
        else:
            yield from _pieces(run, start)
            if kind == "hangul" and len(run) > 2:
                yield from _pairs(list(run), start)


def at_word_edges(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` does not begin or end inside an alphabetic word."""
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, place: int) -> bool:
    return (
        0 < place < len(text)
        and _WORD_CHAR.match(text[place - 1]) is not None
        and _WORD_CHAR.match(text[place]) is not None
    )


def _pieces(run: str, start: int) -> Iterator[tuple[str, int, int]]:
    for offset in range(0, len(run), MAX_WORD):
        piece = run[offset : offset + MAX_WORD]
        if offset and not _LETTER.search(piece):
            continue
        yield _ascii_digits(piece), start + offset, start + offset + len(piece)


def _pairs(units: list[str], start: int) -> Iterator[tuple[str, int, int]]:
    if len(units) == 1:
        yield units[0], start, start + len(units[0])
    for first, second in pairwise(units):
        yield first + second, start, start + len(first) + len(second)
        start += len(first)


def is_number(word: str) -> bool:
    """Whether a word, as `scan_words` gives it, is a number in digits."""
    return word.replace(".", "", 1).isdecimal()


def _numbers(run: str, start: int) -> Iterator[tuple[str, int, int]]:
    if _THOUSANDS.fullmatch(run):
        yield from ((word, start, start + len(run)) for word, _, _ in _pieces(run.replace(",", ""), 0))
        return
    for item in run.split(","):
        yield from _pieces(item, start)
        if item.count(".") > 1:
            place = start
            for part in item.split("."):
                yield from _pieces(part, place)
                place += len(part) + 1
        start += len(item) + 1


def _ascii_digits(word: str) -> str:
    if word.isascii():
        return word
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in word)
