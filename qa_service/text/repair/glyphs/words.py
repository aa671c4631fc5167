"""Word statistics for judging glyphs: a class bigram model made from jieba's dictionary and its part-of-speech tables.

The probability of a text cut into words is the product of P(class | class before) * P(word | class). A class is a
part of speech together with whether the word is a single character.
"""

from __future__ import annotations

import json
import math
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from importlib import metadata, resources
from itertools import pairwise
from pathlib import Path

import regex

from embeddings.errors import ModelError
from embeddings.models import DEFAULT_MODEL_TOKENIZER
from embeddings.sources import locate
from qa_service.lazy import once
from qa_service.text.fold import LEXICAL_FOLD_VERSION, lexical_fold
from qa_service.text.kept import cached


def _tokenizer_version() -> str:
    try:
        return metadata.version(DEFAULT_MODEL_TOKENIZER.distribution)
    except metadata.PackageNotFoundError:
        return "none"


WORDS_VERSION = f"words-9 jieba-{metadata.version('jieba')} pieces-{_tokenizer_version()} {LEXICAL_FOLD_VERSION}"
LONGEST = 4
"""Longest word looked up, in characters; longer ones are phrases whose parts do as well."""
_HAN_BLOCKS = ((0x2E80, 0x2FE0), (0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))
_HAN_ONLY = regex.compile(r"\p{Han}+")
_TRUST = 0.6
"""Share of the transition table in a mixture with the classes' own frequencies, which smooths it."""
_UNSEEN = 0.3
"""Count given to a character that is no word."""

_NAMES = frozenset({"nr", "nrt", "nrfg", "ns", "nt", "nz", "x"})

Entry = tuple[float, int]
"""A word's log-probability within its class, and the class."""


@dataclass(frozen=True, slots=True)
class Words:
    """The model, and how common each character is.

    Attributes:
        entries: word -> its entry, for words of up to `LONGEST` characters, in the lexical fold.
        unseen: the entry of a single character that is no word.
        follow: `follow[a][b]` is the log-probability of class b after class a.
        first: the log-probability of each class at the start.
        weight: the log-probability of each class anywhere.
        number: the class of numerals, for text after digits.
        names: the classes of names and of foreign syllables; a word of these is weak evidence.
        surnames: characters that are surnames.
        after: character -> the characters that follow it within words.
        before: character -> the characters before it within words.
        pieces: strings of characters that go together, over the bounds of words too -> their log-probability.
        common: character -> its occurrences in a million characters of running text, by the words it is in.
        fold: code point -> folded character, for `str.translate`; one to one.
    """

    entries: dict[str, Entry] = field(repr=False)
    unseen: Entry
    follow: list[list[float]] = field(repr=False)
    first: list[float] = field(repr=False)
    weight: list[float] = field(repr=False)
    number: int
    names: frozenset[int]
    surnames: frozenset[str]
    after: dict[str, str] = field(repr=False)
    before: dict[str, str] = field(repr=False)
    pieces: dict[str, float] = field(repr=False)
    common: dict[str, float] = field(repr=False)
    fold: dict[int, str] = field(repr=False)

    def log_probability(self, word: str) -> float:
        """Give the log-probability of a word among all words; minus infinity when it is none."""
        entry = self.entries.get(word)
        return entry[0] + self.weight[entry[1]] if entry else -math.inf


@once
def load_words(cache_dir: Path | None) -> Words:
    """Load the statistics, from `cache_dir` when they were kept there before."""
    return Words(*cached(cache_dir, "repair-words", WORDS_VERSION, _build))


def standard(char: str) -> bool:
    """Whether a character is in GB 2312, or in the first level of Big5: what people write is, most swaps are not."""
    return _encodes(char, "gb2312", b"\xff\xff") or _encodes(char, "big5", b"\xc6\x7e")


def traditional(char: str) -> bool:
    """Whether a character is of ordinary traditional text only: in the first level of Big5, not in GB 2312."""
    return not _encodes(char, "gb2312", b"\xff\xff") and _encodes(char, "big5", b"\xc6\x7e")


def _encodes(char: str, encoding: str, last: bytes) -> bool:
    try:
        return char.encode(encoding) <= last
    except UnicodeEncodeError:
        return False


_Class = tuple[str, str]
_Kept = tuple[
    dict[str, Entry],
    Entry,
    list[list[float]],
    list[float],
    list[float],
    int,
    frozenset[int],
    frozenset[str],
    dict[str, str],
    dict[str, str],
    dict[str, float],
    dict[str, float],
    dict[int, str],
]


def _build() -> _Kept:
    counts, tags = _dictionary()
    classes: dict[_Class, int] = {}
    sizes: dict[int, float] = defaultdict(float)
    of_word: dict[str, int] = {}
    characters: dict[str, float] = defaultdict(float)
    after: dict[str, set[str]] = defaultdict(set)
    before: dict[str, set[str]] = defaultdict(set)
    for word, count in counts.items():
        kind = of_word[word] = classes.setdefault(("S" if len(word) == 1 else "B", tags[word]), len(classes))
        sizes[kind] += count
        for char in word:
            characters[char] += count
        for left, right in pairwise(word):
            after[left].add(right)
            before[right].add(left)
    entries = {
        word: (math.log(count / sizes[of_word[word]]), of_word[word])
        for word, count in counts.items()
        if len(word) <= LONGEST
    }
    total = sum(sizes.values())
    share = [sizes[kind] / total for kind in range(len(classes))]
    first, follow = _transitions(classes, share)
    noun = classes["S", "n"]
    million = sum(characters.values()) / 1e6
    common = {char: count / million for char, count in characters.items()}
    weight = [math.log(part) for part in share]
    unseen = (math.log(_UNSEEN / sizes[noun]), noun)
    names = frozenset(kind for (_, tag), kind in classes.items() if tag in _NAMES)
    surnames = frozenset(word for word in counts if len(word) == 1 and tags[word] == "nr")
    number = classes["B", "m"]
    pairs = {left: "".join(sorted(rights)) for left, rights in after.items()}
    return (
        entries,
        unseen,
        follow,
        first,
        weight,
        number,
        names,
        surnames,
        pairs,
        {right: "".join(sorted(lefts)) for right, lefts in before.items()},
        _pieces(),
        common,
        _folded_characters(),
    )


def _transitions(classes: dict[_Class, int], share: list[float]) -> tuple[list[float], list[list[float]]]:
    """Read jieba's tagger: its states are a character's place in a word (B, M, E or S) and the word's tag."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from jieba.posseg.prob_start import P as START  # noqa: PLC0415 - heavy
        from jieba.posseg.prob_trans import P as NEXT  # noqa: PLC0415

    def row(logs: dict[_Class, float]) -> list[float]:
        chances = [math.exp(max(-700.0, logs.get(name, -700.0))) for name in classes]
        known = sum(chances) or 1.0
        return [
            math.log(_TRUST * chance / known + (1 - _TRUST) * part) for chance, part in zip(chances, share, strict=True)
        ]

    follow = [row(NEXT.get((place.replace("B", "E"), tag), {})) for place, tag in classes]
    return row(START), follow


def _dictionary() -> tuple[dict[str, int], dict[str, str]]:
    """Read the words in the lexical fold, with their counts, and the tag of the commonest form of each."""
    source = resources.files("jieba").joinpath("dict.txt").read_text("utf-8")
    lines = [line.split(" ") for line in source.splitlines() if line]
    folded = lexical_fold("\n".join(fields[0] for fields in lines)).split("\n")
    counts: dict[str, int] = {}
    tags: dict[str, str] = {}
    for word, (_, count, tag) in zip(folded, lines, strict=True):
        if word:
            if int(count) > counts.get(word, -1):
                tags[word] = tag
            counts[word] = counts.get(word, 0) + max(1, int(count))
    return counts, tags


def _pieces() -> dict[str, float]:
    """Read the Han pieces of the default model's tokenizer, which saw far more text than the dictionary.

    The package that carries it is installed for the model; without it the words alone decide.
    """
    try:
        path = locate(DEFAULT_MODEL_TOKENIZER, full=False)
        vocabulary = json.loads(path.read_bytes())["model"]["vocab"]
    except (ModelError, OSError, ValueError, KeyError):
        return {}
    pieces: dict[str, float] = {}
    for piece, score in vocabulary:
        bare = piece.lstrip("▁")
        if bare and _HAN_ONLY.fullmatch(bare):
            form = lexical_fold(bare)
            pieces[form] = max(score, pieces.get(form, -math.inf))
    return pieces


def _folded_characters() -> dict[int, str]:
    chars = [chr(code) for first, end in _HAN_BLOCKS for code in range(first, end)]
    forms = lexical_fold("\n".join(chars)).split("\n")
    return {ord(char): form for char, form in zip(chars, forms, strict=True) if form != char and len(form) == 1}
