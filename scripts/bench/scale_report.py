"""The tables and plots of `scale.py`, from its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from report import Plot, Table
from scale_exact import PERCENTILES, cosine_rows

Figures = Mapping[str, Any]
_GIB = 2**30
INDEX = ("kind", "vectors", "lists", "probes", "reach", "fetched", "recall")
ROWS: Sequence[tuple[str, Sequence[str]]] = (
    ("p50, one client, ms", ("warm", "p50")),
    ("p99, one client, ms", ("warm", "p99")),
    ("p50, one client, each question for the first time, ms", ("warm", "first_time", "p50")),
    ("p99, one client, each question for the first time, ms", ("warm", "first_time", "p99")),
    ("questions/s, 16 clients", ("warm", "load_per_second")),
    ("p50, 16 clients, ms", ("warm", "load_p50")),
    ("p99, 16 clients, ms", ("warm", "load_p99")),
    ("errors, 16 clients", ("warm", "load_errors")),
    ("start to ready, files in memory, s", ("warm", "ready_s")),
    ("start to ready, caches dropped, s", ("cold", "ready_s")),
    ("first question, caches dropped, ms", ("cold", "first_ms")),
    ("p50 of the first 100, caches dropped, ms", ("cold", "p50")),
    ("p99 of the first 100, caches dropped, ms", ("cold", "p99")),
    ("recall@10 of windows", ("exact", "recall", "windows")),
    ("recall@10 of sentences", ("exact", "recall", "sentences")),
    ("anonymous memory, MiB", ("warm", "memory", "anonymous")),
    ("mapped files in memory, MiB", ("warm", "memory", "mapped")),
    ("shared with other processes, MiB", ("warm", "memory", "shared")),
    ("build: rows, s", ("build", "rows")),
    ("build: vectors, s", ("build", "vectors")),
    ("build: waiting for made articles, s", ("build", "waited")),
    ("build: indexes, s", ("build", "indexes", "seconds")),
    ("build: indexes, peak resident with mapped files, MiB", ("build", "indexes", "peak_mib")),
    ("100 articles written and published, s", ("changes", "write_and_publish_s")),
    ("100 articles visible, s", ("changes", "visible_s")),
    ("delete answered, s", ("changes", "deleted_s")),
    ("deleted article gone, s", ("changes", "gone_s")),
    ("compaction, s", ("compaction", "seconds")),
    ("compaction, peak resident with mapped files, MiB", ("compaction", "peak_mib")),
    ("p50 during a compaction, ms", ("compaction", "p50")),
    ("p99 during a compaction, ms", ("compaction", "p99")),
    ("100 articles ingested as a job, s", ("bulk", "seconds")),
    ("p50 during that, ms", ("bulk", "p50")),
    ("p99 during that, ms", ("bulk", "p99")),
)


def tables(facts: Mapping[str, Figures], cosines: Mapping[str, Any]) -> list[Table]:
    """Lay the figures out, a column for each size."""
    sizes = [f"{int(count):,}" for count in facts]
    rows = [(title, *(_at(figures, path) for figures in facts.values())) for title, path in ROWS]
    stages = [
        (stage, *(figures["warm"]["stages"].get(stage) for figures in facts.values()))
        for stage in dict.fromkeys(name for figures in facts.values() for name in figures["warm"]["stages"])
    ]
    parts = dict.fromkeys(part for figures in facts.values() for part in figures["disk"])
    disk = [(part, *(_gib(figures["disk"].get(part)) for figures in facts.values())) for part in parts]
    at_size = [
        (f"questions to {leg}", rank, int(count), *values)
        for count, figures in facts.items()
        for leg, ranks in figures["exact"]["cosines"].items()
        for rank, values in ranks.items()
    ]
    legs = [
        (leg, int(count), *(entry.get(name) for name in INDEX), figures["exact"]["recall"][leg])
        for count, figures in facts.items()
        for leg, entry in figures["exact"]["recorded"].items()
    ]
    percentiles = [f"p{share}" for share in PERCENTILES]
    return [
        Table("By passages, 10 sentences each; question cache off", ("", *sizes), rows),
        Table("Stages, one client, medians in ms", ("stage", *sizes), stages),
        Table("Dense indexes", ("leg", "passages", *INDEX, "recall@10 of questions"), legs),
        Table("Disk, GiB", ("", *sizes), disk),
        Table("Nearest cosines, equal size", ("pair", "neighbour", "data", *percentiles), cosine_rows(cosines)),
        Table("Nearest cosines, made, by size", ("pair", "neighbour", "passages", *percentiles), at_size),
    ]


def plots(facts: Mapping[str, Figures]) -> list[Plot]:
    """Draw what grows."""

    def by_size(titles: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[float, float]]]:
        return {
            title: [(float(count), value) for count, one in facts.items() if (value := _at(one, path)) is not None]
            for title, path in titles.items()
        }

    latency = {
        "p50, warm": ("warm", "p50"),
        "p99, warm": ("warm", "p99"),
        "p50 of the first 100, caches dropped": ("cold", "p50"),
        "p99 during a compaction": ("compaction", "p99"),
        "p99 during a bulk ingest": ("bulk", "p99"),
    }
    memory = {"anonymous": ("warm", "memory", "anonymous"), "mapped files": ("warm", "memory", "mapped")}
    recall = {"windows": ("exact", "recall", "windows"), "sentences": ("exact", "recall", "sentences")}
    ready = {"files in memory": ("warm", "ready_s"), "caches dropped": ("cold", "ready_s")}
    return [
        Plot("Latency of /v1/ask, one client", "passages", "ms", by_size(latency), log_x=True, log_y=True),
        Plot("Questions a second, 16 clients", "passages", "1/s", by_size({"questions/s": ROWS[2][1]}), kind="bar"),
        Plot("Memory of the server", "passages", "MiB", by_size(memory), log_x=True),
        Plot("Recall@10 of the dense legs", "passages", "recall", by_size(recall), kind="bar"),
        Plot("Start to ready", "passages", "s", by_size(ready), log_x=True),
    ]


def _at(figures: Figures, path: Sequence[str]) -> Any:
    found: Any = figures
    for name in path:
        found = found.get(name) if found is not None else None
    return found


def _gib(size: int | None) -> float | None:
    return None if size is None else size / _GIB
