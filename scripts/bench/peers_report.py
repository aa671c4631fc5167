"""The tables and plots of `peers.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from report import Plot, Table


@dataclass(frozen=True, slots=True)
class Row:
    """One system at one setting on one pool.

    Attributes:
        quality: by set of questions, nDCG@10 and recall@10.
        whole_ms, search_ms: median time of a question, with its encoding and without.
    """

    pool: str
    system: str
    setting: str
    quality: Mapping[str, tuple[float, float]]
    whole_ms: float
    search_ms: float
    build_s: float
    memory_mib: float | None

    @property
    def mean_ndcg(self) -> float:
        """Average nDCG@10 over the sets."""
        return sum(ndcg for ndcg, _ in self.quality.values()) / len(self.quality)

    def facts(self) -> dict[str, object]:
        """Give everything, for a file."""
        return {**asdict(self), "mean_ndcg": self.mean_ndcg}


def tables(rows: Sequence[Row]) -> list[Table]:
    """Lay the rows out, a table for each pool, with how far ahead of each row ours is in nDCG@10."""
    found = []
    for pool in dict.fromkeys(row.pool for row in rows):
        own = [row for row in rows if row.pool == pool]
        sets = list(own[0].quality)
        measures = [f"{measure} {asked}" for asked in sets for measure in ("nDCG@10", "recall@10")]
        timing = ("p50 ms", "of it search", "build s", "peak MiB", "nDCG@10 to ours")
        cells = [
            (
                *(row.system, row.setting),
                *(value for asked in sets for value in row.quality[asked]),
                *(row.whole_ms, row.search_ms, row.build_s, row.memory_mib, row.mean_ndcg - own[0].mean_ndcg),
            )
            for row in own
        ]
        found.append(Table(f"Pool {pool}", ("system", "setting", *measures, *timing), cells))
    return found


def plots(rows: Sequence[Row]) -> list[Plot]:
    """Draw quality against speed: a line for each system, from its first row, the defaults, to its second."""
    found = []
    for pool in dict.fromkeys(row.pool for row in rows):
        series: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            if row.pool == pool:
                series.setdefault(row.system, []).append((row.whole_ms, row.mean_ndcg))
        title = f"Quality and speed, pool {pool}"
        found.append(Plot(title, "median ms of a question, encoding included", "mean nDCG@10", series))
    return found
