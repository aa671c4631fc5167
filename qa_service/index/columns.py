"""The values of one key over a collection's articles, each distinct value kept once."""

from __future__ import annotations

import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qa_service.filters.dates import read_moment
from qa_service.filters.matching import POSITIVE, value_test
from qa_service.filters.tree import Comparison, Key
from qa_service.filters.values import Atom, Other, Token, other_tokens, own_token

Mask = NDArray[np.bool_]

_BASE_BYTES = 1024
_ENTRY_BYTES = 150
"""What a token of a distinct value takes: places in a dictionary and a list."""


class Column:
    """A key's values for the articles at the first `covered` places of a table. Not safe for threads.

    Parameters:
        covered: how many articles there are that are known to have no value.
    """

    def __init__(self, key: Key, covered: int = 0) -> None:
        self.key = key
        self.covered = covered
        self._values_bytes = 0
        self._atoms: list[Atom] = []
        self._codes: dict[Token, int] = {}
        self._also: dict[Token, list[int]] = defaultdict(list)
        self._owners = np.empty(0, dtype=np.int32)
        self._values = np.empty(0, dtype=np.int32)
        self._new_owners = array("i")
        self._new_values = array("i")

    @property
    def bytes(self) -> int:
        """About what it takes, more than nothing even without a value."""
        return _BASE_BYTES + self.covered // 8 + self._values_bytes + 8 * len(self._owners)

    @property
    def blank(self) -> bool:
        """Whether no article has a value."""
        return not len(self._owners)

    def add(self, place: int, atoms: Iterable[Atom]) -> None:
        """Take in the values of an article that is not covered yet; they count from `cover` on."""
        for code in {self._code(atom) for atom in atoms}:
            self._new_owners.append(place)
            self._new_values.append(code)

    def cover(self, count: int) -> None:
        """Cover the first `count` articles, with what was added."""
        self._owners = np.concatenate([self._owners, np.array(self._new_owners, dtype=np.int32)])
        self._values = np.concatenate([self._values, np.array(self._new_values, dtype=np.int32)])
        self._new_owners, self._new_values = array("i"), array("i")
        self.covered = count

    def mask(self, comparison: Comparison) -> Mask:
        """Tell for each article (covered,) whether a comparison of this key holds."""
        positive = POSITIVE.get(comparison.operator)
        if isinstance(comparison.operand, frozenset):
            codes = self._equal(comparison.operand)
        else:
            test = value_test(positive or comparison.operator, comparison.operand)
            codes = np.flatnonzero(np.fromiter(map(test, self._atoms), dtype=bool, count=len(self._atoms)))
        hit = np.zeros(len(self._atoms), dtype=bool)
        hit[codes] = True
        admitted = np.zeros(self.covered, dtype=bool)
        admitted[self._owners[hit[self._values]]] = True
        return ~admitted if positive else admitted

    def present(self) -> Mask:
        """Tell for each article (covered,) whether it has a value."""
        held = np.zeros(self.covered, dtype=bool)
        held[self._owners] = True
        return held

    def _code(self, atom: Atom) -> int:
        token = own_token(atom)
        code = self._codes.get(token)
        if code is None:
            code = self._codes[token] = len(self._atoms)
            self._atoms.append(atom)
            others = list(self._other_tokens(atom))
            for other in others:
                self._also[other].append(code)
            self._values_bytes += sys.getsizeof(atom) + _ENTRY_BYTES * (1 + len(others))
        return code

    def _other_tokens(self, atom: Atom) -> Iterable[Token]:
        if not self.key.holds_dates:
            return other_tokens(atom)
        moment = None if isinstance(atom, Other) else read_moment(atom)
        return moment.tokens() if moment else ()

    def _equal(self, tokens: frozenset[Token]) -> NDArray[np.int64]:
        codes = [code for token in tokens for code in self._also.get(token, ())]
        codes.extend(self._codes[token] for token in tokens if token in self._codes)
        return np.array(codes, dtype=np.int64)
