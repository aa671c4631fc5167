"""What follows a copyright sign: the owner's name, or the rest of a sentence about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_service.text.furniture.matching import Match
from qa_service.text.furniture.measure import letters_of
from qa_service.text.furniture.tiers import Tier

_WORD = re.compile(r"[^\W\d_]+")
_CLAUSES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff][^,;、]*[,;、].*[\u3040-\u30ff\u3400-\u9fff]")
_ASKS = re.compile(r"[?？؟][\"'”’」』)）\]】》]*$")
_DIGIT = re.compile(r"\d")
_VERBS = re.compile(
    r"(?<!\w)(?:is|are|was|were|has|have|had|means|meant|does|did|will|must|can|cannot|should|could)(?!\w)"
)
_WIDE_VERBS = re.compile(
    r"是|表示|意味|意思|符号|标[记志]|要求|可以|应[当该]|必须|不再|没有|了|のは|です|ます|ました|니다"
)
_LEAST_WORDS = 4
"""So many small words, and more of them than of large ones, may be a sentence: names are written large."""


def owner_tier(written: str, rest: str, matches: Sequence[Match], stops: bool) -> Tier:
    """Tell how much a copyright line proves that may hold more than its owner's name.

    Parameters:
        written: the unit before it was folded, as only this tells large letters from small ones.
        rest: the folded unit without its matches.
        matches: what was found in it.
        stops: whether it ends as a statement.

    Returns:
        `Tier.ALONE` for an owner's name, `Tier.NONE` for a sentence, and what lies between for the rest.
    """
    if _ASKS.search(rest):
        return Tier.NONE
    if not letters_of(rest):
        return Tier.ALONE
    words = _words_left(written, matches)
    small = sum(word[0].islower() for word in words)
    wordy = small >= _LEAST_WORDS and 2 * small > len(words)
    if _WIDE_VERBS.search(rest) or _VERBS.search(" ".join(words)) or (wordy and words[0][0].islower()):
        return Tier.NONE if stops else Tier.EDGE
    if not stops:
        return Tier.ALONE
    # A sign without a year may begin a sentence, and so may "©2020年".
    bare = any(match.described and not _DIGIT.search(match.text) for match in matches) or rest.lstrip().startswith("年")
    return Tier.COMPANY if wordy or bare or _CLAUSES.search(rest) else Tier.ALONE


def _words_left(written: str, matches: Sequence[Match]) -> list[str]:
    """Find the words that no match accounts for, as they are written."""
    known = {word for match in matches for word in _WORD.findall(match.text)}
    return [word for word in _WORD.findall(written) if word.casefold() not in known]
