"""Metadata values as filters see them, and the tokens by which equal ones are found."""

from __future__ import annotations

import enum
import math
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping

Number = int | float

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_MAX_NUMBER_CHARS = 400
_TRUTH = {"true": True, "false": False}
_HASHED_AS_THEY_ARE = sys.hash_info.modulus


class Other(enum.Enum):
    """A value that is no single text, number or truth value."""

    OBJECT = "object"


Atom = str | int | float | bool | Other
"""A single value of an article; texts are clean."""

Token = str | tuple[str, Number | bool | str] | tuple[str, int, int]
"""What equality goes by: a text is its own token, everything else is tagged, so that true is not 1."""


def clean(text: str) -> str:
    """Bring a text into the form in which texts are compared: NFC, no white space around it."""
    return unicodedata.normalize("NFC", text).strip()


def read_number(value: object) -> Number | None:
    """Read a number, or a text that is one in decimal digits; None for anything else, truth values included."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _MAX_NUMBER_CHARS or not _NUMBER.fullmatch(text):
            return None
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def sought(value: str | Number | bool) -> Iterator[Token]:
    """Give the tokens of the values that equal one of a filter."""
    if isinstance(value, bool):
        yield from (("truth", value), ("truth as text", value))
    elif isinstance(value, str):
        yield (text := clean(value))
        if (number := read_number(text)) is not None:
            yield ("number", _told_apart(number))
        if (truth := _TRUTH.get(text.lower())) is not None:
            yield ("truth", truth)
    else:
        yield from (("number", _told_apart(value)), ("number as text", _told_apart(value)))


def own_token(atom: Atom) -> Token:
    """Give the token that an article's value shares with equal values of its kind alone."""
    if isinstance(atom, str):
        return atom
    if isinstance(atom, Other):
        return (atom.value, True)
    return ("truth", atom) if isinstance(atom, bool) else ("number", _told_apart(atom))


def other_tokens(atom: Atom) -> Iterator[Token]:
    """Give the tokens under which an article's text can also be sought: as a number, as true or false."""
    if isinstance(atom, str):
        if (number := read_number(atom)) is not None:
            yield ("number as text", _told_apart(number))
        if (truth := _TRUTH.get(atom.lower())) is not None:
            yield ("truth as text", truth)


def _told_apart(number: Number) -> Number | str:
    """Give what equal numbers, and no others, have in common: the number, or the digits of a huge one.

    Whole numbers hash to their remainder by a prime that everybody knows; thousands chosen to have one remainder would
    make every look-up among them as slow as a comparison with all. Texts hash by a secret. A float equals few others.
    """
    if isinstance(number, float) or -_HASHED_AS_THEY_ARE < number < _HASHED_AS_THEY_ARE:
        return number
    try:
        near = float(number)
    except OverflowError:
        return hex(number)
    return near if near == number else hex(number)


def atoms_at(metadata: Mapping[str, object], name: str) -> list[Atom]:
    """Give the values at a key of metadata, or at a path of keys joined by dots."""
    if name in metadata:
        return single_values([metadata[name]])
    found: list[object] = [metadata]
    for part in name.split("."):
        found = [node[part] for node in flattened(found) if isinstance(node, Mapping) and part in node]
    return single_values(found)


def single_values(values: list[object]) -> list[Atom]:
    """Give the single values among some, in lists too; null and white space are none."""
    atoms: list[Atom] = []
    # Most keys have one value, and a generator takes longer than all the rest.
    flat = values if not any(isinstance(value, list) for value in values) else flattened(values)
    for value in flat:
        if isinstance(value, str):
            if text := clean(value):
                atoms.append(text)
        elif isinstance(value, bool | int | float):
            atoms.append(value)
        elif isinstance(value, Mapping) and value:
            atoms.append(Other.OBJECT)
    return atoms


def flattened(values: list[object]) -> Iterator[object]:
    """Give values, lists replaced by what is in them, in order."""
    waiting = values[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        else:
            yield value
