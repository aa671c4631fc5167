"""How much of a unit its vocabulary of page furniture accounts for, and what that proves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain, pairwise

from qa_service.text.furniture.dates import NEUTRAL
from qa_service.text.furniture.matching import Match
from qa_service.text.furniture.measure import begins_wide, letters_of, size_of
from qa_service.text.furniture.owners import owner_tier
from qa_service.text.furniture.tiers import Tier

Judgement = tuple[str, Tier]

LONGEST_NUMBER = 12
"""The most digits of a counter."""

_COMMAS = re.compile(r"[,、،;]")
_CLAUSE = re.compile(r"[,，:?!;。、]")
_BARS = re.compile(r"\s*[|¦•·>»›]+\s*")
_DATE = re.compile(r"\d{4}|\d[-/.:月]\d")
_MOMENT = re.compile(r"\d[-/.月]\d{1,2}日? \d{1,2}:\d\d")
_SPARE = 0.15
"""The share of a unit's letters that no phrase needs to account for."""
_MARKS = " -–—*[]()<>#:"
_HOME = (
    "首页",
    "主页",
    "网站首页",
    "ホーム",
    "トップ",
    "홈",
    "home",
    "главная",
    "startseite",
    "accueil",
    "inicio",
    "الرئيسية",
)
_STATED = ("copyright line", "cookie notice")
"""What says the same as a statement with its full stop."""
_ITEM = 10.0
"""The longest item of a row, in Han characters."""
_NAMES = 40
"""The letters of names that a copyright line may hold besides."""
_OWNER = 12.0
"""The longest name, in Han characters, that may stand before the sign."""
_NOTICE, _WHOLE_NOTICE = 0.5, 0.9
"""The shares of a sentence that parts of notices make up."""


def judge_words(written: str, folded: str, matches: list[Match], stops: bool) -> Judgement | None:
    """Weigh words, labels and patterns against the letters they leave over.

    Parameters:
        written, folded: the unit before and after the fold.
        matches: what was found in it, in order and disjoint.
        stops: whether it ends as a statement.

    Returns:
        Why the unit may be furniture and what is needed for it to be, or None.
    """
    letters = len(letters_of(folded))
    if not any(match.tier > Tier.HALF for match in matches):
        return _judge_names(folded, matches, letters)
    left = _left_over(folded, matches)
    if left <= min(_NAMES, 0.75 * letters) and not stops and _names_owner(folded, matches):
        return _judge_owner(written, folded, matches, stops)
    reason = _weights(match for match in matches if match.tier > Tier.HALF).most_common(1)[0][0]
    if left > _SPARE * letters:
        return (reason, Tier.EDGE) if _is_row(folded, matches) else None
    tier = max(match.tier for match in matches)
    if tier is Tier.ALONE and reason == "copyright line":
        return _judge_owner(written, folded, matches, stops)
    if tier is Tier.ALONE:
        return reason, Tier.EDGE if stops and reason not in _STATED else tier
    return None if _is_one_phrase(folded, matches) else (reason, _tier_together(folded, matches, tier, stops))


def _tier_together(folded: str, matches: list[Match], tier: Tier, stops: bool) -> Tier:
    """Raise the tier of a unit in which several phrases or labels stand side by side, but not as a list in a text."""
    if not stops and not _COMMAS.search(folded):
        strong = len({match.text for match in matches if match.tier >= Tier.COMPANY})
        if strong + 0.5 * sum(match.tier is Tier.HALF for match in matches) >= 3:
            return Tier.ALONE
        if strong >= 2:
            return Tier.EDGE
    labels = sum(match.label for match in matches)
    dated = labels >= 3 or (labels == 2 and _DATE.search(folded)) or (labels and _MOMENT.search(folded))
    return Tier.EDGE if dated else tier


def judge_notice(folded: str, parts: list[Match]) -> Judgement | None:
    """Weigh the parts of notices in a sentence, of which at least one has to be a site's own."""
    if all(part.tier is Tier.HALF for part in parts):
        return None
    share = sum(len(letters_of(part.text)) for part in parts) / max(1, len(letters_of(folded)))
    if share < _NOTICE:
        return None
    return _weights(parts).most_common(1)[0][0], Tier.ALONE if share >= _WHOLE_NOTICE else Tier.EDGE


def _names_owner(folded: str, matches: list[Match]) -> bool:
    """Whether a copyright line may hold names besides: always with a sign or a number, else without clauses."""
    rights = [match for match in matches if match.reason == "copyright line" and match.tier is Tier.ALONE]
    if any(match.described for match in rights):
        return size_of(letters_of(folded[: matches[0].start])) <= _OWNER
    return bool(rights) and not _CLAUSE.search(without(folded, matches))


def _judge_owner(written: str, folded: str, matches: list[Match], stops: bool) -> Judgement | None:
    """Judge a copyright line, which may turn out to be a sentence about copyright."""
    open_ended = any(match.slot for match in matches if match.reason == "copyright line")
    tier = owner_tier(written, without(folded, matches), matches, stops) if open_ended else Tier.ALONE
    return ("copyright line", tier) if tier else None


def _judge_names(folded: str, matches: list[Match], letters: int) -> Judgement | None:
    """Judge a unit without any phrase that is furniture by itself: names of channels, or numbers."""
    if matches:
        names = [match for match in matches if not match.label]
        if names and _left_over(folded, matches) == 0 and not _COMMAS.search(folded):
            return names[0].reason, Tier.HALF
        return None
    numbers = letters <= LONGEST_NUMBER and not letters_of(NEUTRAL.sub("", folded))
    return ("counter", Tier.NUMBER) if numbers else None


def _is_one_phrase(folded: str, matches: list[Match]) -> bool:
    """Whether two or three words make one phrase of another meaning, such as "print shop"."""
    if not 2 <= len(matches) <= 3:
        return False
    return folded.isascii() and all(folded[a.end : b.start] == " " for a, b in pairwise(matches))


def _is_row(folded: str, matches: list[Match]) -> bool:
    """Whether a unit is a row of short items of which enough are known."""
    known = {match.text: match.tier for match in matches}
    items = [item.strip(_MARKS) for item in _BARS.split(folded) if item]
    if len(items) < 3:
        # Without bars only a row that begins with the first page, and not of words that could be a phrase.
        items = folded.split(" ")
        if len(items) < 3 or items[0] not in _HOME or not begins_wide(folded):
            return False
    if any(size_of(letters_of(item)) > _ITEM for item in items):
        return False
    found = sum(item in known for item in items)
    strong = sum(known.get(item, Tier.NONE) >= Tier.COMPANY for item in items)
    if strong >= 2 and found >= 0.6 * len(items):
        return True
    return len(items) >= 4 and found >= 2 and strong >= 1 and (items[0] in _HOME or found >= 0.3 * len(items))


def _left_over(folded: str, matches: list[Match]) -> int:
    """Count the letters outside the matches, their slots, and neutral numbers and dates."""
    left = 0
    position = slot = 0
    for match in chain(matches, (Match(len(folded), len(folded), "", Tier.NONE, ""),)):
        gap = len(letters_of(NEUTRAL.sub(" ", folded[position : match.start])))
        left += max(0, gap - slot)
        position, slot = match.end, match.slot if match.label else max(match.slot, slot - gap)
    return left


def _weights(matches: Iterable[Match]) -> Counter[str]:
    weights: Counter[str] = Counter()
    for match in matches:
        weights[match.reason] += (match.end - match.start) * (2 if match.tier is Tier.ALONE else 1)
    return weights


def without(folded: str, matches: Iterable[Match]) -> str:
    """Cut the matches out of a unit."""
    pieces = []
    position = 0
    for match in matches:
        pieces.append(folded[position : match.start])
        position = match.end
    return "".join([*pieces, folded[position:]])
