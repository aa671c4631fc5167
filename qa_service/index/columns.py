"""The values of one key over a collection's articles, each distinct value kept once."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from qa_service.filters.dates import read_moment
from qa_service.filters.matching import POSITIVE, value_test
from qa_service.filters.tree import Comparison, Key
from qa_service.filters.values import Atom, Other, Token, atoms_at, clean, other_tokens, own_token
from qa_service.store import attributes
from qa_service.store.catalog import Connection

Mask = NDArray[np.bool_]

_ENTRY_BYTES = 150
"""What a token of a distinct value takes: places in a dictionary and a list."""


class Column:
    """A key's values for the articles at the first `covered` places of a table. Not safe for threads."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.covered = 0
        self.bytes = 0
        self._atoms: list[Atom] = []
        self._codes: dict[Token, int] = {}
        self._also: dict[Token, list[int]] = defaultdict(list)
        self._owners = np.empty(0, dtype=np.int32)
        self._values = np.empty(0, dtype=np.int32)

    def extend(self, connection: Connection, rows: NDArray[np.int64]) -> None:
        """Read the values of further articles, given by row in order; those whose rows are gone have none."""
        if not len(rows):
            return
        owners: list[int] = []
        codes: list[int] = []
        found = attributes.values(connection, rows.tolist(), self.key.own)
        read = {row: self._read(value, metadata) for row, value, metadata in found}
        for place, row in enumerate(rows.tolist(), start=self.covered):
            for code in {self._code(atom) for atom in read.get(row, ())}:
                owners.append(place)
                codes.append(code)
        self._owners = np.concatenate([self._owners, np.array(owners, dtype=np.int32)])
        self._values = np.concatenate([self._values, np.array(codes, dtype=np.int32)])
        self.covered += len(rows)
        self.bytes += 8 * len(owners)

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

    def _read(self, value: str | None, metadata: object) -> Sequence[Atom]:
        if value and (text := clean(value)):
            return [text]
        return atoms_at(metadata, self.key.name) if isinstance(metadata, dict) else []

    def _code(self, atom: Atom) -> int:
        token = own_token(atom)
        code = self._codes.get(token)
        if code is None:
            code = self._codes[token] = len(self._atoms)
            self._atoms.append(atom)
            others = list(self._other_tokens(atom))
            for other in others:
                self._also[other].append(code)
            self.bytes += sys.getsizeof(atom) + _ENTRY_BYTES * (1 + len(others))
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
