"""What a question found in a collection, before it is cut to top_k."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa_service.index.snapshot import Snapshot
from qa_service.retrieval.calibration import Judge
from qa_service.retrieval.comparisons import Comparisons
from qa_service.retrieval.grouping import Group, Grouper
from qa_service.retrieval.ranking import Ranking
from qa_service.retrieval.texts import Texts
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection


@dataclass(frozen=True, slots=True)
class Found:
    """A ranking with what is needed to read results off it.

    Attributes:
        snapshot: None for a collection without passages.
        judge: of the candidates, None without any.
        known: comparisons made for other questions.
    """

    connection: Connection
    collection: Collection
    snapshot: Snapshot | None
    texts: Texts
    ranking: Ranking
    judge: Judge | None
    known: Comparisons

    def groups(self) -> Iterator[Group]:
        """Give the results, best first, each with its copies."""
        ranking = self.ranking
        if self.snapshot is None or ranking.evidence is None:
            return iter(())
        seq, collection = self.snapshot.seq, self.collection.row
        grouper = Grouper(self.connection, collection, seq, ranking.evidence, self.texts, self.known, ranking.admitted)
        return grouper.groups(ranking.order)

    def scores(self, groups: Sequence[Group]) -> list[float]:
        """Give the probabilities of results, which are all from the first one on."""
        if self.judge is None:
            return []
        results = [(group.place, {source.article for source in group.sources}) for group in groups]
        return [min(score, self.ranking.ceiling) for score in self.judge.scores(results)]
