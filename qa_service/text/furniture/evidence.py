"""What one unit says about itself: how much of it is the vocabulary of page furniture."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import chain

from qa_service.text.furniture.matching import Match, Vocabulary
from qa_service.text.furniture.measure import letters_of, size_of
from qa_service.text.furniture.patterns import DETAILS, LINK
from qa_service.text.furniture.tiers import Tier
from qa_service.text.furniture.weighing import LONGEST_NUMBER, judge_notice, judge_words, without

LONGEST = 400
"""No unit of more code points is looked at: it is text."""

_STOPS = re.compile(r"(?:[。।]|(?<!\.)\.)[\"'”’」』)）\]】》]*$")
_ASKS = re.compile(r"[!?！？؟][\"'”’」』)）\]】》]*$")
_RIGHTS = re.compile("©|copyright|版权所有")
# A numbered item of a list, words in quotation marks, a line of a program: about a page rather than of it.
_CITED = re.compile(
    r"\(?(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[a-z])[.)、]\s*[^\W\d]|[\"“「『《].*[\"”」』》]$"
    r"|(?!.*(?:https?:|www\.)).*[={}]|[a-z_][\w.]*\((?!\d+\)$).*\)$|//"
)
_CODE = re.compile(r"^\W*[-*+•·▪■◆○●]\s|[={}<>`\\#@]|^//|;$|\":\s")
_DASHED = re.compile(r"[-–—·•]+ ?\d{1,4} ?[-–—·•]+")
_MOST_LETTERS = 260
_LONG_STATEMENT = 18
"""In Han characters; what ends as a statement and is longer can be nothing but a notice."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of a unit from its own text.

    Attributes:
        reason: why it may be furniture; None with `Tier.NONE`.
        tier: what is needed for it to be.
        key: its letters and digits without page numbers, by which it is recognised when it comes again.
        size: its length in Han characters, three letters of other scripts to one.
        stops, ends: whether it ends as a statement, as any sentence.
        introduces: it ends with a colon.
        data: it gives an address, a telephone number, a price or hours.
        wording: it is not marked as an item of a list, a heading or a line of a program.
        phrases: which phrases spoke for it.
        specific: it holds a label or fits a pattern: a name, a number or a date belongs to the phrase.
    """

    reason: str | None
    tier: Tier
    key: str = ""
    size: float = 0.0
    stops: bool = False
    ends: bool = False
    introduces: bool = False
    data: bool = False
    wording: bool = True
    phrases: frozenset[str] = frozenset()
    specific: bool = False


class Observer:
    """Looks at units."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def look(self, written: str, folded: str) -> Look:
        """Judge one unit by its text before and after the fold."""
        if folded.isdecimal() and len(folded) <= LONGEST_NUMBER:
            return Look("counter", Tier.NUMBER, folded, len(folded) / 3)
        key = letters_of(folded)
        if not key:
            return Look("no words", Tier.ALONE)
        size = size_of(key)
        stops = _STOPS.search(folded) is not None
        ends = stops or _ASKS.search(folded) is not None
        long = stops and size > _LONG_STATEMENT and not _RIGHTS.search(folded)
        data = not long and DETAILS.search(folded) is not None
        wording = not _CODE.search(folded)
        plain = Look(None, Tier.NONE, key, size, stops, ends, folded.endswith((":", "：")), data, wording)
        if (data and "不良信息" not in folded) or len(key) > _MOST_LETTERS or _CITED.match(folded):
            return plain
        if key.isdigit() and not _DASHED.fullmatch(folded):
            return replace(plain, reason="counter", tier=Tier.NUMBER) if len(key) <= LONGEST_NUMBER else plain
        said = LINK.sub(" ", folded).strip() if "://" in folded or "www." in folded or "@" in folded else folded
        matches = [] if long else self._matches(said)
        judged = judge_words(written, said, matches, stops) if matches or len(key) <= LONGEST_NUMBER else None
        judged = judged or judge_notice(said, list(self._vocabulary.notices(said)))
        if not matches:
            return replace(plain, reason=judged[0], tier=judged[1]) if judged else plain
        if any(match.reason == "page number" for match in matches):
            key = letters_of(without(said, (m for m in matches if m.reason == "page number")))
        if judged and said is not folded and judged[1] < Tier.ALONE:
            judged = None
        reason, tier = judged or (None, Tier.NONE)
        phrases = frozenset(match.text for match in matches if match.tier > Tier.HALF)
        specific = any(match.label or match.described for match in matches)
        return replace(plain, reason=reason, tier=tier, key=key, phrases=phrases, specific=specific)

    def _matches(self, folded: str) -> list[Match]:
        """Find words, labels and patterns, in order and disjoint; a longer one goes before those it covers.

        What is a word by itself is that, although a pattern fits it too.
        """
        voices = self._vocabulary
        found = list(chain(voices.patterns(folded), voices.labels(folded), voices.words(folded)))
        if len(found) < 2:
            return found
        found.sort(key=lambda match: (match.start, -match.end, -match.tier, match.described))
        kept: list[Match] = []
        for match in found:
            if not kept or match.start >= kept[-1].end:
                kept.append(match)
        return kept
