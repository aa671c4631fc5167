"""What an article is about, from its title, and whether a question says so itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SITE = re.compile(r"\s*(?:[|_｜]|\s[-–—]+\s|——).*$")
_DATE = re.compile(r"(?:\d{2,4}年)?\d{1,2}月(?:\d{1,2}[日号號])?(?:至\d{1,2}[日号號])?起?")
_MARK = re.compile(r"^(?:【[^】]*】|\[[^\]]*\]|一文(?:读懂|讀懂|看懂|了解))\s*")
_PART = re.compile(r"[：:，,；;。！？!?]|\s{2,}")
_SHORTEST, _LONGEST = 4, 40
_KNOWN_SHARE, _HEAD = 0.5, 2


@dataclass(frozen=True, slots=True)
class Topic:
    """An article's topic: its words for a question, and the words of the title that tell it from others.

    Attributes:
        text: the title's first part.
        names: proper names in it.
        words: its other words that mean something.
        noun: whether it names a thing rather than says something.
    """

    text: str
    names: Sequence[str]
    words: Sequence[str]
    noun: bool

    def named_in(self, question: str) -> bool:
        """Tell whether a question, in lower case, names the topic.

        It does by a proper name and another word of it, or by its beginning and half of its words.
        """
        words = sum(word in question for word in self.words)
        if any(name.casefold() in question for name in self.names):
            return words > 0 or not self.words
        # What the tagger does not know as a name mostly stands first.
        return self.text[:_HEAD].casefold() in question and words >= _KNOWN_SHARE * len(self.words)


def topic_text(title: str | None) -> str | None:
    """Cut a title down to what it is about: without site names, marks, dates and what follows a colon or comma.

    Returns:
        The text, or None when nothing usable is left.
    """
    bare = _SITE.sub("", _MARK.sub("", " ".join((title or "").split())))
    part = _DATE.sub("", _PART.split(bare, maxsplit=1)[0]).strip(" -–—·")
    return part if _SHORTEST <= len(part) <= 2 * _LONGEST else None
