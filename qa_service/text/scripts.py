"""The scripts of texts: which one a text is mostly written in, and how much of another text is."""

from __future__ import annotations

from functools import cache

import regex

_SCRIPTS = (
    *("Han", "Latin", "Cyrillic", "Hiragana", "Katakana", "Hangul", "Arabic", "Devanagari", "Thai", "Greek", "Hebrew"),
    *("Bengali", "Tamil", "Telugu", "Kannada", "Malayalam", "Gujarati", "Gurmukhi", "Sinhala", "Khmer", "Lao"),
    *("Myanmar", "Georgian", "Armenian", "Ethiopic", "Tibetan", "Mongolian"),
)
"""Unicode scripts of living languages, those met most first."""
_LETTERS = regex.compile(r"\p{L}++")


def main_script(text: str) -> str | None:
    """Name the Unicode script of most of a text's letters; None without letters of a script known here."""
    letters = "".join(_LETTERS.findall(text))
    best, most = None, 0
    left = len(letters)
    for script in _SCRIPTS:
        found = _count(_letters_of(script), letters)
        if found > most:
            best, most = script, found
        left -= found
        if left <= most:
            break
    return best


def script_share(text: str, script: str) -> float:
    """Give the share of a text's letters that are of a script, 0 for a text without letters.

    Parameters:
        script: as `main_script` names it.
    """
    letters = _count(_LETTERS, text)
    return _count(_letters_of(script), text) / letters if letters else 0.0


def _count(runs: regex.Pattern[str], text: str) -> int:
    return sum(map(len, runs.findall(text)))


@cache
def _letters_of(script: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?V1)[\p{{Script={script}}}&&\p{{L}}]++")
