"""What questions ask: one published state of a collection, the same for all threads, whatever engine holds it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Unavailable
from qa_service.index.admitted import Admitted
from qa_service.index.bm25 import WordQuery
from qa_service.index.manifest import Versions
from qa_service.store.catalog import Connection

Vector = NDArray[np.float32]
Keys = NDArray[np.int64]


class Gone(Unavailable):
    """What a snapshot shows is not there any more: something newer has replaced it, or it was lost. HTTP 503."""


class Published(Protocol):
    """What was published of a collection: its write sequence, and what it was made with."""

    @property
    def collection(self) -> int:
        """The collection's row."""

    @property
    def seq(self) -> int:
        """The last write that it covers."""

    @property
    def created_at(self) -> str:
        """When it was published, in UTC."""

    @property
    def versions(self) -> Versions:
        """What decides what its vectors and words are."""

    @property
    def name(self) -> str:
        """The generation's name as the API shows it."""


class Snapshot(Protocol):
    """Nominates passages; whoever asks reads them from the catalogue and scores them."""

    @property
    def manifest(self) -> Published:
        """What it shows."""

    @property
    def seq(self) -> int:
        """The write sequence that it shows."""

    def shows(self, keys: Keys) -> NDArray[np.bool_]:
        """Tell of each of some keys whether it is live here."""

    def spread(self, connection: Connection, count: int) -> list[int]:
        """Give up to `count` live keys, spread evenly over all of them in order."""

    def nominate(
        self, vector: Vector, words: WordQuery, limit: int, admitted: Admitted | None = None
    ) -> tuple[Keys, Keys, Keys]:
        """Find the passages to be scored, of those admitted: by window, by sentence, and by words in key order.

        Parameters:
            vector: the question's, of unit length (dim,).
            limit: distinct live passages of each kind.

        Errors:
            Gone: it is not there any more. Unavailable: whoever holds it does not answer, or refuses.
        """

    def nominate_words(self, query: WordQuery, limit: int, admitted: Admitted | None = None) -> Keys:
        """Find live, admitted passages with the highest BM25, in key order."""
