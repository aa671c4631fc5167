"""What questions read of the catalogue again and again, kept in memory: rows that never change, and which still live.

The row of a passage or an article is never edited but for the end of its life, and its number never given to another,
so what was read of it stays true. Which passages live changes with every write, and only with a write: it is known for
the catalogue at one sequence number.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qa_service.store.recent import Recent

if TYPE_CHECKING:
    from qa_service.audit import Edit
    from qa_service.store.candidates import Candidate

MOST_PASSAGE_BYTES = 64 << 20
MOST_TEXT_BYTES = 64 << 20
MOST_SHARES = 100_000
MOST_LIVE = 200_000
"""Passages known to be live: some 10 MB."""
MOST_SHARING = 4_000
"""Passages of which it is known who shares their bands: some 10 MB, at most 60."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Who has which of a passage's bands, (n, 2) of band and passage, and how often each passage is among these."""

    rows: NDArray[np.int64]
    counts: Mapping[int, int]


class Kept:
    """What a catalogue's readers share. Safe for threads.

    Attributes:
        passages: rows by key.
        texts: original texts and the edits that repair them, by the article's row.
        shares: shares of a passage's letters, by its key and the name of a script.
        sentence_shares: the same of its sentences, which are numbered.
    """

    def __init__(self) -> None:
        self.passages: Recent[int, Candidate] = Recent(MOST_PASSAGE_BYTES)
        self.texts: Recent[int, tuple[str, Sequence[Edit]]] = Recent(MOST_TEXT_BYTES)
        self.shares: Recent[tuple[int, str], float] = Recent(MOST_SHARES)
        self.sentence_shares: Recent[tuple[int, int, str], float] = Recent(MOST_SHARES)
        self._lock = threading.Lock()
        self._state = -1
        self._live: dict[int, set[int]] = {}
        self._sharing: dict[int, Shared] = {}

    def passage_keys(self) -> set[int]:
        """Give the keys of the passages of which something is kept; see `forget`."""
        shared = (key[0] for kept in (self.shares, self.sentence_shares) for key in kept.known())
        return {*self.passages.known(), *shared}

    def forget(self, dead: Set[int]) -> None:
        """Let go of what is kept of passages that nobody will read any more, and of the articles whose rows they had.

        An article's row ends with its passages: none of those that live has it.
        """
        rows = {passage.article for passage in self.passages.forget(dead)}
        self.texts.forget(rows)
        self.shares.forget([key for key in self.shares.known() if key[0] in dead])
        self.sentence_shares.forget([key for key in self.sentence_shares.known() if key[0] in dead])

    def live(self, state: int, seq: int) -> set[int]:
        """Give the keys of passages known to be live in the snapshot at `seq`; the caller adds those it finds.

        Parameters:
            state: the catalogue's sequence number in the caller's transaction.
        """
        with self._lock:
            if not self._is_current(state):
                return set()
            if sum(map(len, self._live.values())) > MOST_LIVE:
                self._live = {}
            return self._live.setdefault(seq, set())

    def sharing(self, state: int) -> dict[int, Shared]:
        """Give what is known of the passages that share bands with one, by its key; the caller adds what it reads.

        Parameters:
            state: as of `live`.
        """
        with self._lock:
            if not self._is_current(state):
                return {}
            if len(self._sharing) >= MOST_SHARING:
                self._sharing = {}
            return self._sharing

    def _is_current(self, state: int) -> bool:
        """Forget what was true before a write; False for a reader that does not see the last one yet."""
        if state > self._state:
            self._state, self._live, self._sharing = state, {}, {}
        return state == self._state
