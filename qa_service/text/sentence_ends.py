"""Whether a full stop, question mark or ellipsis ends its sentence."""

from __future__ import annotations

import regex

# Dots that also stand in numbers, names and abbreviations.
DOTS = ".．"
ELLIPSES = "…⋯‥"
TERMINATORS = rf"\p{{STerm}}{ELLIPSES}"

_TERMINATOR = regex.compile(f"[{TERMINATORS}]")
_CONTINUES = regex.compile(r"[,;:=，、；：·‧～~–—―]")
_NO_SPACES = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}]")
_OPENS = regex.compile(r"[\p{Ps}\p{Pi}\"'「『]")
_NOT_SPACE = regex.compile(r"\S")
_MARKER = regex.compile(r"[(（\[【]?(?:[0-9０-９]{1,3}(?:[.．][0-9０-９]{1,3}){0,4}|\p{L}|[ivxlcIVXLC]{1,5})[)）\]】]?")
_LAST_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}.．&'’-]{0,24}\Z")
_INITIALS = regex.compile(r"\p{L}\p{M}*(?:\.\p{L}\p{M}*)*")
_LAST_TOKEN_LENGTH = 24
# Shorter words before a dot and a small letter are mostly abbreviations, in every language with small letters.
_LONG_WORD_LENGTH = 4
_LONG_WORD = regex.compile(rf"\p{{L}}{{{_LONG_WORD_LENGTH}}}")

# Followed by the name or number they belong to.
_BEFORE_NAME = regex.compile(
    "mrs?|ms|dr|prof|st|mt|ft|rev|hon|gen|col|maj|capt|lt|sgt|cmdr|adm|gov|sen|rep|pres|supt|messrs|mme|mlle|sra"
    "|vs|cf|viz|resp|ca|approx|incl|excl|ave|blvd|rd|ph[.]d|co"
)
_BEFORE_NUMBER = regex.compile(
    "nos?|nr|figs?|vols?|pp?|arts?|sect?|chap|ch|eqs?|tab|para|ext|tel|op|cap"
    "|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
_MAY_END = regex.compile("[ap][.]m")


def ends_sentence(text: str, begin: int, start: int, stop: int, end: int, *, lenient: bool = False) -> bool:
    """Judge one candidate, `text[start:stop]`: terminators, then closing quotes and brackets.

    Parameters:
        text: the original text.
        begin: where the sentence began.
        start, stop: the candidate's place.
        end: where the line ends.
        lenient: also end before a lower-case letter, as careless writing wants.

    Returns:
        Whether the sentence ends at `stop`.
    """
    if stop < end and _CONTINUES.match(text[stop]):
        return False
    found = _NOT_SPACE.search(text, stop, end)
    following = found[0] if found else ""
    if stop == start + 1 and text[start] in DOTS:
        return _dot_ends(text, begin, start, following, lenient)
    closed = not _TERMINATOR.match(text[stop - 1])
    if text[start] in DOTS + ELLIPSES and (closed or not text[start:stop].strip(DOTS + ELLIPSES)):
        return not _runs_on(text, stop, following, lenient)
    if closed and following.islower() and not lenient:
        return False
    # Yahoo!news, a?b
    glued = stop < end and text[stop].isascii() and (text[stop].islower() or text[stop].isdigit())
    return not (glued and start > begin and text[start].isascii() and text[start - 1].isascii())


def _runs_on(text: str, stop: int, following: str, lenient: bool) -> bool:
    """Whether the sentence goes on after an ellipsis or a closing quote: in lower case, or without a space."""
    if following.islower():
        return not lenient or not text[stop].isspace()
    return bool(following) and text[stop].isascii() and text[stop].isalnum()


def _dot_ends(text: str, begin: int, dot: int, following: str, lenient: bool) -> bool:
    """Judge a single dot with nothing closed after it."""
    if not following:
        return True
    if dot - begin <= _LAST_TOKEN_LENGTH and _MARKER.fullmatch(text[begin:dot].strip()):
        return False
    after = text[dot + 1]
    if not after.isspace():
        if dot > begin and _NO_SPACES.match(text[dot - 1]):
            return not (after.isascii() and after.isalpha())
        if not (_NO_SPACES.match(after) or _OPENS.match(after)):
            return False
    elif following.islower() and not (lenient and _LONG_WORD.match(text, max(begin, dot - _LONG_WORD_LENGTH), dot)):
        return False
    return not _is_abbreviation(text, begin, dot, following)


def _is_abbreviation(text: str, begin: int, dot: int, following: str) -> bool:
    """Whether the token before the dot is shortened and what follows belongs to it."""
    found = _LAST_TOKEN.search(text[max(begin, dot - _LAST_TOKEN_LENGTH) : dot])
    token = found[0].strip(".'’-").lower() if found else ""
    if _MAY_END.fullmatch(token):
        return following.islower()
    if _BEFORE_NAME.fullmatch(token):
        return True
    if _BEFORE_NUMBER.fullmatch(token):
        return following.isdecimal()
    return _INITIALS.fullmatch(token) is not None and not _NO_SPACES.match(token)
