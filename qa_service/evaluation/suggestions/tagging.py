"""Parts of speech of Chinese text, by jieba's tagger, which needs no model."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jieba.posseg import POSTokenizer

_NAMES = ("nr", "ns", "nt", "nz")
_NOUNS = ("n", "vn", "an", "j", "l", "eng", "i")
_SUBJECT = ("n", "vn", "an", "j", "eng", "r", "s", "l")
_PREDICATE = ("v", "a", "z")
_GENERIC = frozenset(("大桥", "大学", "大厦", "公园", "医院", "法院", "广场", "机场", "车站", "阿姨"))
"""Words that jieba's dictionary calls names and that name nothing alone."""
_AREAS = ("市", "县", "区", "镇", "省", "州")
_LEADING_DATE = re.compile(r"^\d[\d年月日号至到-]*[年月日号]")
_BARE_PRICE = re.compile(r"每|\d")


class Tagger:
    """Tags words; loads jieba's dictionary once, kept in the cache directory."""

    def __init__(self, cache_dir: Path) -> None:
        self._tagger = _load(cache_dir)
        self._tag = lru_cache(maxsize=4096)(self._cut)

    def words(self, text: str) -> Sequence[tuple[str, str]]:
        """Cut simplified text into (word, tag); tags are those of the ICTCLAS set."""
        return self._tag(text)

    def has_subject(self, clause: str) -> bool:
        """Tell whether a clause begins with a noun phrase that something is said of."""
        words = self.words(_LEADING_DATE.sub("", clause))
        if len(words) > 1 and len(words[0][0]) == 1 and words[0][1] != "p" and words[1][0].endswith(_AREAS):
            # A name that the dictionary lacks, cut in two: 临/v 澜市/ns.
            words = words[1:]
        first = next((number for number, (_, tag) in enumerate(words) if tag not in ("t", "x", "w", "m", "q")), None)
        if first is None or not _is(words[first][1], _SUBJECT) or words[first][1].startswith("r"):
            return False
        rest = words[first + 1 :]
        return any(_is(tag, _PREDICATE) for _, tag in rest) or bool(_BARE_PRICE.search(clause))

    def is_noun_phrase(self, text: str) -> bool:
        """Tell whether a text is a noun with what describes it: it ends in a noun and has no finite verb."""
        words = self.words(text)
        return (
            bool(words) and _is(words[-1][1], _NOUNS) and not any(tag in ("v", "d", "p", "r") for _, tag in words[:1])
        )

    def names(self, text: str) -> list[str]:
        """List the proper names of a text that have two characters or more."""
        return [
            word for word, tag in self.words(text) if tag.startswith(_NAMES) and len(word) > 1 and word not in _GENERIC
        ]

    def content(self, text: str) -> list[str]:
        """List the other words of a text that mean something: nouns and verbs of two characters or more."""
        return [
            word
            for word, tag in self.words(text)
            if len(word) > 1 and not tag.startswith(_NAMES) and (_is(tag, _NOUNS) or tag.startswith("v"))
        ]

    def ends_in_noun(self, text: str) -> bool:
        """Tell whether the last word is a noun."""
        words = self.words(text)
        return bool(words) and _is(words[-1][1], _NOUNS + _NAMES)

    def _cut(self, text: str) -> tuple[tuple[str, str], ...]:
        return tuple((pair.word, pair.flag) for pair in self._tagger.cut(text))


def _is(tag: str, kinds: Sequence[str]) -> bool:
    return tag in _NAMES or any(tag == kind or (kind == "n" and tag.startswith("n")) for kind in kinds)


def _load(cache_dir: Path) -> POSTokenizer:
    with warnings.catch_warnings():
        # jieba has invalid escapes and looks for pkg_resources.
        warnings.simplefilter("ignore")
        import jieba  # noqa: PLC0415 - heavy
        from jieba import posseg  # noqa: PLC0415 - heavy

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    cache_dir.mkdir(parents=True, exist_ok=True)
    tokenizer.tmp_dir = str(cache_dir)
    return posseg.POSTokenizer(tokenizer)
