"""What one unit says about itself: how much of it is the vocabulary of page furniture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from qa_service.text.furniture.matching import Match, Vocabulary
from qa_service.text.furniture.patterns import DETAILS, LINK, NEUTRAL
from qa_service.text.furniture.tiers import Tier

LONGEST = 400
"""No unit of more code points is looked at: it is text."""

_NO_LETTER = re.compile(r"[\W_]+")
_WIDE = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")
_ENDS = re.compile(r"[。！？!?.؟।…][\"'”’」』)）\]】》]*$")
_STOPS = re.compile(r"(?:[。।]|(?<!\.)\.)[\"'”’」』)）\]】》]*$")
_ASKS = re.compile(r"[!?！？؟][\"'”’」』)）\]】》]*$")
_COMMAS = re.compile(r"[,、،;]")
# A numbered item of a list, words in quotation marks, a line of a program: about a page rather than of it.
_CITED = re.compile(r"\(?(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[a-z])[.)、]\s*[^\W\d]|[\"“「『《].*[\"”」』》]$|(?!.*(?:https?:|www\.)).*[={}]|.*\w\(.*\)$|//")
_CLAUSE = re.compile(r"[,，:?!;。、]")
_BARS = re.compile(r"\s*[|¦•·>»›]+\s*")
_DATE = re.compile(r"\d{4}|\d[-/.:月]\d")
_MOMENT = re.compile(r"\d[-/.月]\d{1,2}日? \d{1,2}:\d\d")
_DASHED = re.compile(r"[-–—·•]+ ?\d{1,4} ?[-–—·•]+")
_LONGEST_NUMBER = 12
_SPARE = 0.15
"""The share of a unit's letters that no phrase needs to account for."""
_MARKS = " -–—*[]()<>#:"
_NAMES = 40
"""The letters of names that a copyright line may hold besides."""
_OWNER = 12.0
"""The longest name, in Han characters, that may stand before the sign."""
_MOST_LETTERS = 260
_LONG_STATEMENT = 25
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
        phrases: which phrases spoke for it.
        label: it says something of itself: a name or a number belongs to the phrase.
    """

    reason: str | None
    tier: Tier
    key: str = ""
    size: float = 0.0
    stops: bool = False
    ends: bool = False
    introduces: bool = False
    data: bool = False
    phrases: frozenset[str] = frozenset()
    label: bool = False


class Observer:
    """Looks at units; equal ones once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._seen: dict[str, Look] = {}

    def look(self, folded: str) -> Look:
        """Judge one unit by its folded text."""
        found = self._seen.get(folded)
        if found is None:
            found = self._seen[folded] = self._new(folded)
        return found

    def _new(self, folded: str) -> Look:
        if folded.isdecimal() and len(folded) <= _LONGEST_NUMBER:
            return Look("counter", Tier.NUMBER, folded, len(folded) / 3)
        key = _NO_LETTER.sub("", folded)
        if not key:
            return Look("no words", Tier.ALONE)
        size = _size(key)
        stops = _STOPS.search(folded) is not None
        ends = stops or _ASKS.search(folded) is not None
        long = stops and size > _LONG_STATEMENT
        data = not long and DETAILS.search(folded) is not None
        plain = Look(None, Tier.NONE, key, size, stops, ends, folded.endswith((":", "：")), data)
        if data or len(key) > _MOST_LETTERS or _CITED.match(folded):
            return plain
        if key.isdigit() and not _DASHED.fullmatch(folded):
            return replace(plain, reason="counter", tier=Tier.NUMBER) if len(key) <= _LONGEST_NUMBER else plain
        said = LINK.sub(" ", folded).strip() if "://" in folded or "www." in folded or "@" in folded else folded
        matches = [] if long else self._matches(said)
        judged = _judge(said, matches, stops) or self._judge_notice(said)
        if not matches:
            return replace(plain, reason=judged[0], tier=judged[1]) if judged else plain
        if any(match.reason == "page number" for match in matches):
            key = _NO_LETTER.sub("", _without(said, (m for m in matches if m.reason == "page number")))
        if judged and said is not folded and judged[1] < Tier.ALONE:
            judged = None
        reason, tier = judged or (None, Tier.NONE)
        phrases = frozenset(match.text for match in matches if match.tier > Tier.HALF)
        label = any(match.label or match.described for match in matches)
        return replace(plain, reason=reason, tier=tier, key=key, phrases=phrases, label=label)

    def _matches(self, folded: str) -> list[Match]:
        """Find words, labels and patterns, in order and disjoint; a longer one goes before those it covers."""
        voices = self._vocabulary
        found = list(chain(voices.patterns(folded), voices.labels(folded), voices.words(folded)))
        if len(found) < 2:
            return found
        found.sort(key=lambda match: (match.start, -match.end, -match.tier))
        kept: list[Match] = []
        for match in found:
            if not kept or match.start >= kept[-1].end:
                kept.append(match)
        return kept

    def _judge_notice(self, folded: str) -> tuple[str, Tier] | None:
        """Judge a sentence by the parts of notices in it."""
        parts = list(self._vocabulary.notices(folded))
        if not parts:
            return None
        if all(part.tier is Tier.HALF for part in parts):
            return None
        weights = _weights(parts)
        share = sum(_letters(part.text) for part in parts) / _letters(folded)
        if share < 0.5:
            return None
        return weights.most_common(1)[0][0], Tier.ALONE if share >= 0.9 else Tier.EDGE


def _judge(folded: str, matches: list[Match], stops: bool) -> tuple[str, Tier] | None:
    """Weigh words, labels and patterns against the letters they leave over."""
    letters = _letters(folded)
    if not any(match.tier > Tier.HALF for match in matches):
        return _judge_names(folded, matches, letters)
    left = _left_over(folded, matches)
    reason = _weights(match for match in matches if match.tier > Tier.HALF).most_common(1)[0][0]
    top = max(match.tier for match in matches)
    if left <= min(_NAMES, 0.75 * letters) and not stops and _names_owner(folded, matches):
        return "copyright line", Tier.ALONE
    if left > _SPARE * letters:
        return (reason, Tier.EDGE) if _is_menu(folded, matches) else None
    if top < Tier.ALONE and _is_one_phrase(folded, matches):
        return None
    if top is Tier.ALONE:
        return reason, Tier.EDGE if stops and reason not in ("copyright line", "cookie notice") else top
    strong = {match.text for match in matches if match.tier >= Tier.COMPANY}
    listed = _COMMAS.search(folded) is not None or stops
    if len(strong) + 0.5 * sum(match.tier is Tier.HALF for match in matches) >= 3 and not listed:
        return reason, Tier.ALONE
    if len(strong) >= 2 and not listed:
        return reason, Tier.EDGE
    labels = sum(match.label for match in matches)
    if labels >= 3 or (labels == 2 and _DATE.search(folded)) or (labels and _MOMENT.search(folded)):
        return reason, Tier.EDGE
    return reason, top


def _names_owner(folded: str, matches: list[Match]) -> bool:
    """Whether a copyright line may hold names besides: always with a sign or a number, else without clauses."""
    rights = [match for match in matches if match.reason == "copyright line" and match.tier is Tier.ALONE]
    if any(match.described for match in rights):
        return _size(folded[: matches[0].start]) <= _OWNER
    return bool(rights) and not _CLAUSE.search(_without(folded, matches))


def _judge_names(folded: str, matches: list[Match], letters: int) -> tuple[str, Tier] | None:
    """Judge a unit without any phrase that is furniture by itself: names of channels, or numbers."""
    if matches:
        names = [match for match in matches if not match.label]
        if names and _left_over(folded, matches) == 0 and not _COMMAS.search(folded):
            return names[0].reason, Tier.HALF
        return None
    numbers = letters <= _LONGEST_NUMBER and not _NO_LETTER.sub("", NEUTRAL.sub("", folded))
    return ("counter", Tier.NUMBER) if numbers else None


def _is_one_phrase(folded: str, matches: list[Match]) -> bool:
    """Whether two or three words make one phrase of another meaning, such as "print shop"."""
    if not 2 <= len(matches) <= 3:
        return False
    return all(folded[a.end : b.start] == " " and not _WIDE.match(folded[b.start]) for a, b in pairwise(matches))


def _is_menu(folded: str, matches: list[Match]) -> bool:
    """Whether bars divide the unit into short items of which most are known."""
    items = [item for item in _BARS.split(folded) if item]
    if len(items) < 3 or any(_letters(item) > 32 for item in items):
        return False
    known = {match.text for match in matches}
    strong = {match.text for match in matches if match.tier >= Tier.COMPANY}
    found = sum(item.strip(_MARKS) in known for item in items)
    return len(strong) >= 2 and found >= 0.6 * len(items)


def _left_over(folded: str, matches: list[Match]) -> int:
    """Count the letters outside the matches, their slots, and neutral numbers and dates."""
    left = 0
    position = slot = 0
    for match in chain(matches, (Match(len(folded), len(folded), "", Tier.NONE, ""),)):
        gap = _letters(NEUTRAL.sub(" ", folded[position : match.start]))
        left += max(0, gap - slot)
        position, slot = match.end, match.slot if match.label else max(match.slot, slot - gap)
    return left


def _weights(matches: Iterable[Match]) -> Counter[str]:
    weights: Counter[str] = Counter()
    for match in matches:
        weights[match.reason] += (match.end - match.start) * (2 if match.tier is Tier.ALONE else 1)
    return weights


def _size(text: str) -> float:
    """Measure a text in Han characters, three other letters to one."""
    letters = _letters(text)
    wide = 0 if text.isascii() else letters - _letters(_WIDE.sub("", text))
    return wide + (letters - wide) / 3


def _letters(text: str) -> int:
    return len(_NO_LETTER.sub("", text))


def _without(folded: str, matches: Iterable[Match]) -> str:
    pieces = []
    position = 0
    for match in matches:
        pieces.append(folded[position : match.start])
        position = match.end
    return "".join([*pieces, folded[position:]])
