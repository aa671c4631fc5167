"""What a question is asked of, as the parts that read a conversation need it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qa_service.index.admitted import Admitted
from qa_service.index.snapshot import Snapshot
from qa_service.retrieval.query import Query
from qa_service.retrieval.ranking import Ranking, rank
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments


@dataclass(frozen=True, slots=True)
class Scene:
    """A collection as one question sees it.

    Attributes:
        confidence: judges a ranking's first passage.
        admitted: the passages that the question's filter lets through, None all.
    """

    connection: Connection
    segments: Segments
    collection: Collection
    snapshot: Snapshot
    texts: Texts
    watch: Stopwatch
    confidence: Callable[[Ranking], float]
    admitted: Admitted | None = None

    def rank(self, query: Query) -> Ranking:
        """Rank the admitted passages."""
        return rank(self.connection, self.segments, self.collection, self.snapshot, query, self.watch, self.admitted)
