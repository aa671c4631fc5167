"""What became of a passage, in a sentence for people."""

from __future__ import annotations

from collections.abc import Sequence

from qa_service.explanation import Account, Closeup, FailedCondition, First, Leg, StoodForBy
from qa_service.retrieval.nomination import NOMINEES

_MOST_WORDS = 5
_LEAST_DIFFERENCE = 0.005
"""Cosines nearer to one another than this are not worth a word."""
_ID_CHARS = 200

ALL_FURNITURE = "Nothing of it is searched: all of its text was set aside as page furniture."
NOT_YET = "It came in only now, and the index that answered does not have it yet; ask again in a moment."


def returned(rank: int, score: float, threshold: float) -> str:
    """Say that a passage is a result."""
    if rank > 1:
        return f"It is result {rank}, with a score of {score:.2f}."
    if score >= threshold:
        return f"It came first, with a score of {score:.2f}."
    return (
        f"It came first, but its score of {score:.2f} is below {threshold:.2f}, so that the question counts as"
        " not answered."
    )


def copy(by: StoodForBy) -> str:
    """Say that a passage is named with another one."""
    return (
        f"It says the same as result {by.rank}, a passage of {_quoted(by.article_id)}, which stands for it and names it"
        " under also_in."
    )


def outranked(
    rank: int, score: float, top_k: int, account: Account, closeup: Closeup, first: First | None, *, by_words: bool
) -> str:
    """Say that a passage was scored and others were better; `by_words`: whether the question's words count."""
    behind = f"It came {ordinal(rank)}, with a score of {score:.2f}, and only the first {top_k} are returned"
    return f"{behind}{_against(account, closeup, first, by_words=by_words)}."


def stood_for_outranked(top_k: int, by: StoodForBy | None) -> str:
    """Say that a passage is a copy of one that was not returned either, or of one with too many copies to name."""
    if by is None:
        return "A better passage with more copies than are named stands for it."
    return (
        f"It says the same as a passage of {_quoted(by.article_id)}, which came {ordinal(by.rank)}, and only the first"
        f" {top_k} are returned."
    )


def not_nominated(account: Account) -> str:
    """Say that no leg put a passage among its best."""
    legs = account.legs
    words = "has none of the question's words" if legs.bm25.score <= 0 else f"{_placed(legs.bm25)} by words"
    return (
        f"None of the three legs has it among its best {NOMINEES}: it is {_placed(legs.window)} by its window,"
        f" {_placed(legs.sentence)} by its best sentence, and {words}."
    )


def filtered(failed: Sequence[FailedCondition]) -> str:
    """Say which conditions keep an article out."""
    told = " and ".join(_condition(one) for one in failed[:3])
    more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
    return f"The filter leaves it out: it fails {told}{more}."


def ordinal(number: int) -> str:
    """Write 1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _placed(leg: Leg) -> str:
    if leg.rank is None:
        return f"beyond {NOMINEES}th"
    # Of those that share the last rank, not all are nominated.
    return ordinal(leg.rank) + (" with others" if leg.rank <= NOMINEES else "")


def _against(account: Account, closeup: Closeup, first: First | None, *, by_words: bool) -> str:
    """Say what the first passage has over this one; nothing if it is hardly more."""
    if first is None:
        return ""
    lacked = {one.word for one in first.closeup.missing_words}
    words = [one.word for one in closeup.missing_words if one.known and one.word not in lacked]
    parts = []
    if words and by_words:
        more = ", ..." if len(words) > _MOST_WORDS else ""
        parts.append(f"it lacks words that the first one has ({', '.join(words[:_MOST_WORDS])}{more})")
    pairs = (
        ("its best sentence", account.legs.sentence, first.account.legs.sentence),
        ("as a whole it", account.legs.window, first.account.legs.window),
    )
    for what, ours, theirs in pairs:
        if theirs.score - ours.score >= _LEAST_DIFFERENCE:
            parts.append(f"{what} is less like the question ({ours.score:.3f} against {theirs.score:.3f})")
            break
    if account.freshness_bonus is not None and first.account.freshness_bonus is not None:
        gap = first.account.freshness_bonus - account.freshness_bonus
        parts += [f"the first one is newer ({gap:.3f} of bonus)"] if gap >= _LEAST_DIFFERENCE else []
    return ": " + ", and ".join(parts) if parts else ""


def _condition(failed: FailedCondition) -> str:
    has = f"it has {', '.join(failed.values)}" if failed.values else "it has none"
    return f"`{failed.type}` of {_quoted(failed.key)} ({has})"


def _quoted(text: str) -> str:
    return f'"{text[:_ID_CHARS]}"'
