"""Finds the vocabulary of page furniture in folded text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from qa_service.text.fold import lexical_fold
from qa_service.text.furniture import labels, notices, words_east, words_west, words_west_company
from qa_service.text.furniture.patterns import PATTERNS, TRIGGER, Pattern
from qa_service.text.furniture.tiers import Tier

_QUOTES = (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'))
# A letter before or after: "about us" is not in "about user"; digits may touch, as in "21:21来源".
_START = re.compile(r"(?<![^\W_])[^\W_]|(?<=\d)[^\W\d_]")
_BEFORE, _AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"


@dataclass(frozen=True, slots=True)
class Match:
    """A piece of furniture.

    Attributes:
        start, end: its place in the folded unit.
        reason, tier: what it is evidence of, and how much it proves.
        text: what stands there.
        slot: how many letters of what follows belong to it.
        label, described: found as a label, by a pattern.
    """

    start: int
    end: int
    reason: str
    tier: Tier
    text: str
    slot: int = 0
    label: bool = False
    described: bool = False


def fold_all(texts: Iterable[str]) -> list[str]:
    """Fold texts for the comparison: the lexical fold, straight quotes, single spaces.

    Parameters:
        texts: without line ends in them.

    Returns:
        As many folded texts.
    """
    folded = lexical_fold("\n".join(texts))
    for quote, straight in _QUOTES:
        folded = folded.replace(quote, straight)
    return folded.split("\n")


class Vocabulary:
    """All words, labels, patterns and notices, compiled."""

    def __init__(self) -> None:
        self._words = _read_tiers(words_east, words_west, words_west_company)
        self._labels = _read_tiers(labels)
        east = _read(notices.EAST_REST, Tier.HALF) | _read(notices.EAST, Tier.EDGE)
        west = _read(notices.WEST_REST, Tier.HALF) | _read(notices.WEST, Tier.EDGE)
        self._notices = east | west
        self._words_by_first = _by_first(self._words)
        self._label = re.compile(rf"{_BEFORE}({_trie(self._labels)})\s?:")
        self._eastern_notice = re.compile(_trie(east))
        self._western_notice = re.compile(_BEFORE + _trie(west))
        self._patterns = _joined(PATTERNS)

    def words(self, folded: str) -> Iterator[Match]:
        """Find phrases that are all of a run of letters, also several in one run."""
        end = 0
        for place in _START.finditer(folded):
            if place.start() < end:
                continue
            for found in self._words_at(folded, place.start()):
                end = found.end()
                yield Match(found.start(), end, *self._words[found[0]], found[0])

    def _words_at(self, folded: str, start: int) -> list[re.Match[str]]:
        """Find a phrase or phrases from `start` to the end of the run; each is read in one way only."""
        run: list[re.Match[str]] = []
        while start < len(folded) and folded[start] in self._words_by_first:
            whole, any_part = self._words_by_first[folded[start]]
            found = whole.match(folded, start)
            if found:
                return [*run, found]
            found = any_part.match(folded, start) if folded[start] > "\u2e7f" else None
            if not found:
                return []
            run.append(found)
            start = found.end()
        return []

    def labels(self, folded: str) -> Iterator[Match]:
        """Find labels with their colons."""
        for found in self._label.finditer(folded):
            yield Match(found.start(), found.end(), *self._labels[found[1]], found[1], 24, True)

    def patterns(self, folded: str) -> Iterator[Match]:
        """Find what the patterns describe."""
        if not TRIGGER.search(folded):
            return
        for found in self._patterns.finditer(folded):
            pattern = PATTERNS[int((found.lastgroup or "_0")[1:])]
            yield Match(*found.span(), pattern.reason, pattern.tier, found[0], pattern.slot, described=True)

    def notices(self, folded: str) -> Iterator[Match]:
        """Find parts of notices, anywhere; those of `Tier.HALF` count only beside others."""
        patterns = (self._western_notice,) if folded.isascii() else (self._eastern_notice, self._western_notice)
        for pattern in patterns:
            for found in pattern.finditer(folded):
                yield Match(*found.span(), *self._notices[found[0]], found[0])


@cache
def load_vocabulary() -> Vocabulary:
    """Compile the vocabulary once."""
    return Vocabulary()


def _read_tiers(*modules: ModuleType) -> dict[str, tuple[str, Tier]]:
    """Read the modules' vocabularies; of two entries for one phrase the surer one holds."""
    entries: dict[str, tuple[str, Tier]] = {}
    for tier in (Tier.HALF, Tier.COMPANY, Tier.TAIL, Tier.ALONE):
        for module in modules:
            entries.update(_read(getattr(module, tier.name, {}), tier))
    return entries


def _read(phrases: Mapping[str, str], tier: Tier) -> dict[str, tuple[str, Tier]]:
    found: dict[str, tuple[str, Tier]] = {}
    for reason, joined in phrases.items():
        for phrase in fold_all(joined.split("|")):
            if phrase:
                found[phrase] = (reason, tier)
    return found


def _by_first(phrases: Iterable[str]) -> dict[str, tuple[re.Pattern[str], re.Pattern[str]]]:
    """Compile phrases by their first letter: as all of the rest of a run, and as a part of it."""
    groups: dict[str, list[str]] = {}
    for phrase in phrases:
        groups.setdefault(phrase[0], []).append(phrase)
    tries = {first: _trie(group) for first, group in groups.items()}
    return {first: (re.compile(trie + _AFTER), re.compile(trie)) for first, trie in tries.items()}


def _joined(patterns: Iterable[Pattern]) -> re.Pattern[str]:
    named = (f"(?P<p{number}>{pattern.expression})" for number, pattern in enumerate(patterns))
    # No pattern begins with a space or a bar, or inside a number.
    return re.compile(rf"(?=[^\s>|/])(?!(?<=[\d,.:/-])\d){_BEFORE}(?:{'|'.join(named)})")


def _trie(phrases: Iterable[str]) -> str:
    """Write phrases as one expression that branches by character and takes the longest."""
    root: dict[str, dict] = {}  # type: ignore[type-arg]
    for phrase in phrases:
        node = root
        for char in phrase:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branch(root)


def _branch(node: dict[str, dict]) -> str:  # type: ignore[type-arg]
    chain = ""
    while len(node) == 1 and "" not in node:
        char, node = next(iter(node.items()))
        chain += re.escape(char)
    if set(node) == {""}:
        return chain
    branches = [re.escape(char) + _branch(child) for char, child in sorted(node.items()) if char]
    body = branches[0] if len(branches) == 1 and "" not in node else f"(?:{'|'.join(branches)})"
    return chain + (f"(?:{body})?" if "" in node else body)
