"""What a question's own words tell of its leaning on earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import regex

from qa_service.retrieval.answering.interrogatives import QuestionType
from qa_service.retrieval.answering.question_type import asked
from qa_service.retrieval.following.cue_words import (
    ANYWHERE,
    CAPITALS_OF_NO_NAME,
    NOUNS_IN_CAPITALS,
    SMALL_TALK_ANYWHERE,
    SMALL_TALK_WORDS,
    WORDS,
    Cue,
)
from qa_service.text.fold import lexical_fold

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_ABOUT = regex.compile(" (?:what|how) about(?= )")
# A capital where no sentence begins: after a letter, a digit, a comma or an opening quote.
_NAME = regex.compile(r"(?<=[\p{L}\p{N},'’\"«„“] ?)\b\p{Lu}\p{L}+")


@dataclass(frozen=True, slots=True)
class Cues:
    """What was found in a question; `asks` is whether it has a question word of any kind."""

    found: frozenset[Cue]
    asks: bool
    spaced: bool

    @property
    def is_fragment(self) -> bool:
        """Whether it only puts something new in the place of a part of an earlier question, or takes a part back."""
        if Cue.CORRECTS in self.found:
            return not self.asks
        return not self.asks and (Cue.BARE in self.found or (self.spaced and Cue.OPENS in self.found))


def read_cues(question: str) -> Cues:
    """Find the cues of a question in any form."""
    folded = lexical_fold(question)
    words = _spaced(folded)
    spaced = not _UNSPACED.search(folded)
    text, table = (words, _patterns(spaced=True)) if spaced else (folded, _patterns(spaced=False))
    # "what about" asks for nothing by itself.
    kind = asked(_ABOUT.sub(" ", words) if spaced else folded).type
    found = frozenset(cue for cue, pattern in table.items() if pattern.search(text))
    return Cues(found, kind != QuestionType.UNKNOWN, spaced)


def is_small_talk(text: str) -> bool:
    """Whether a turn thanks, greets or assents and asks nothing."""
    folded = lexical_fold(text)
    if _UNSPACED.search(folded):
        return _small_talk(spaced=False).fullmatch(" ".join(_WORD.findall(folded))) is not None
    return _small_talk(spaced=True).fullmatch(_spaced(folded)) is not None


def new_names(question: str, earlier: str) -> int:
    """Count capitalised words inside a question that earlier text does not have.

    Scripts without case have none, nor has German, which writes every noun so. Days and months are no names.
    """
    if not NOUNS_IN_CAPITALS.isdisjoint(_WORD.findall(question.lower())):
        return 0
    known = earlier.lower()
    names = {name.lower() for name in _NAME.findall(question)} - CAPITALS_OF_NO_NAME
    return sum(name not in known for name in names)


def _spaced(folded: str) -> str:
    return f" {' '.join(_WORD.findall(folded))} "


@cache
def _patterns(*, spaced: bool) -> Mapping[Cue, regex.Pattern[str]]:
    """Compile a table; its words are folded as questions are."""
    if not spaced:
        return {cue: regex.compile(_alternatives(lines)) for cue, lines in ANYWHERE.items()}
    return {cue: regex.compile(f" (?:{_alternatives(lines)})(?= )") for cue, lines in WORDS.items() if lines}


@cache
def _small_talk(*, spaced: bool) -> regex.Pattern[str]:
    # Possessive, or a long turn that is nearly small talk would be tried in every way.
    if spaced:
        return regex.compile(f" (?:(?:{_alternatives(SMALL_TALK_WORDS)}) )*+")
    return regex.compile(f"(?:{_alternatives(SMALL_TALK_ANYWHERE)}| )*+")


def _alternatives(lines: Sequence[str]) -> str:
    return "|".join(map(lexical_fold, lines))
