#!/usr/bin/env python
"""Nodes, memory, disk and cost at 10 million, 100 million and a billion passages, from measured unit costs.

    scripts/bench/capacity.py [--units FILE] [--qps N] [--ram-gb N] [--cores N] [--price N] [--segment-gb N]

The unit costs are those that `unit_costs.py --write` keeps; what is assumed is an option, with its default in --help.
Prints the tables of README, section "A plan with figures". Each row tells what is measured, computed or assumed.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qa_service.retrieval.nomination import NOMINEES

SIZES = (10_000_000, 100_000_000, 1_000_000_000)
LINKS = 24
"""HNSW's M in our collections; the lowest level has twice as many links, each above it a Mth of the rows."""
KEYS = 16
"""Milvus's primary key and time of each row."""
PQ_SHARE, CACHE_SHARE, DEGREE = 0.125, 0.10, 56
"""DiskANN as Milvus has it by default: codes and cache as shares of the vectors, and links of a node on disk."""
RABITQ = 68
"""Bytes a vector in the local index, measured (IVF4096,RaBitQ, dimension 384)."""
FILTER_BYTES = 12
"""A passage in the table of articles and passages by which filters are evaluated, in each service process."""
LOCAL_P50_MS = {100_000: 24.0, 1_000_000: 31.0}
"""`scale.py`: p50 of a whole question, by passages: by the clock, on two cores, with all that does not grow."""
LEGS = 3
"""Each nominates at most NOMINEES passages; in a large collection they may share none."""


@dataclass(frozen=True, slots=True)
class Units:
    """What one run of `unit_costs.py` measured."""

    dim: int
    vectors: float
    catalogue: float
    service_cpu_s: float
    vector_bytes_read: float
    cpu_s_per_article: float
    encoding_cpu_s_per_article: float
    writing_cpu_s_per_article: float
    passages_per_article: float

    @staticmethod
    def read(path: Path) -> Units:
        """Read what `unit_costs.py --write` has written."""
        found = json.loads(path.read_text(encoding="utf-8"))
        ingest, question = found["ingest"], found["question"]
        whole, drafting, encoding = (
            ingest[f"{name}cpu_s_per_1000_articles"] / 1000 for name in ("", "drafting_", "encoding_")
        )
        return Units(
            dim=found["dim"],
            vectors=found["vectors_per_passage"],
            catalogue=sum(found["catalogue_bytes_per_passage"].values()),
            service_cpu_s=question["cpu_ms"] / 1000,
            vector_bytes_read=question["vector_bytes_read"],
            cpu_s_per_article=whole,
            encoding_cpu_s_per_article=encoding,
            writing_cpu_s_per_article=max(whole - drafting - encoding, 0.0),
            passages_per_article=found["passages"] / found["articles"],
        )


@dataclass(frozen=True, slots=True)
class Assumed:
    """What was not measured here: the machines, the load, and what Milvus takes for a segment."""

    qps: float = 50
    ram_gb: float = 128
    cores: int = 16
    price: float = 1.0
    segment_gb: float = 8
    segment_ms: float = 2.0
    word_bytes: float = 2500
    usable_ram: float = 0.7
    usable_cpu: float = 0.5
    copies: int = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """A vector index: bytes a vector in memory and on the searching node's disk, and processor seconds a question."""

    name: str
    memory: float
    disk: float
    in_milvus: bool = field(default=True)
    effort: float = 1.0


def kinds(dim: int) -> list[Kind]:
    """Give the indexes to choose from; the links of HNSW's upper levels are a geometric series."""
    full = 4.0 * dim
    links = 4.0 * (2 * LINKS + LINKS / (LINKS - 1))
    node = full + 4 * (DEGREE + 1)
    per_sector = max(int(4096 // node), 1)
    return [
        Kind("HNSW, 32 bits", full + links + KEYS, 0.0),
        Kind("HNSW, 8 bits", dim + links + KEYS, 0.0),
        Kind("DiskANN", full * (PQ_SHARE + CACHE_SHARE) + KEYS, 4096 / per_sector, effort=2.0),
        Kind("local IVF-RaBitQ", RABITQ, RABITQ, in_milvus=False),
    ]


def local_search_s(passages: float) -> float:
    """Estimate the seconds of a search in a local index: what of a question's p50 grew between two sizes.

    It is taken to grow with the root of the passages, as the number of lists does; the rest is the service's.
    """
    (few, before), (many, after) = LOCAL_P50_MS.items()
    return (after - before) / 1000 / (math.sqrt(many) - math.sqrt(few)) * math.sqrt(passages)


def most_bytes_read(units: Units) -> float:
    """Give the bytes of vectors that a question reads where no candidate is nominated by two legs."""
    return LEGS * NOMINEES * units.vectors * units.dim * 4


def search_cpu_s(kind: Kind, passages: int, shards: int, units: Units, assumed: Assumed) -> float:
    """Estimate the processor seconds that one question takes in the indexes.

    Milvus searches every segment; a local index reads a number of vectors that grows with the root of its own.
    """
    if not kind.in_milvus:
        return shards * local_search_s(passages / shards)
    segments = passages * units.vectors * units.dim * 4 / (assumed.segment_gb * 1e9)
    return max(segments, 2) * assumed.segment_ms / 1000 * kind.effort


@dataclass(frozen=True, slots=True)
class Plan:
    """One size with one index; bytes of one copy of the index, of all copies of the store."""

    passages: int
    kind: Kind
    memory: float
    disk: float
    store: float
    search_s: float
    shards: int
    replicas: int
    service_nodes: int
    nodes: int
    thousand_questions: float


def plan(passages: int, kind: Kind, units: Units, assumed: Assumed) -> Plan:
    """Compute what a size takes; a shard is what the usable memory of one node holds."""
    vectors = passages * units.vectors
    words = passages * assumed.word_bytes if kind.in_milvus else 0.0
    memory, disk = vectors * kind.memory + words, vectors * kind.disk
    store = assumed.copies * passages * (units.catalogue + units.vectors * units.dim * 4)
    shards = max(math.ceil(memory / (assumed.ram_gb * 1e9 * assumed.usable_ram)), 1)
    search = search_cpu_s(kind, passages, shards, units, assumed)
    cores = assumed.cores * assumed.usable_cpu
    replicas = max(assumed.copies, math.ceil(assumed.qps * search / cores / shards))
    service = max(assumed.copies, math.ceil(assumed.qps * units.service_cpu_s / cores))
    nodes = shards * replicas + service + assumed.copies
    price = nodes * assumed.price / 3600 / assumed.qps * 1000
    return Plan(passages, kind, memory, disk, store, search, shards, replicas, service, nodes, price)


def tables(units: Units, assumed: Assumed) -> str:
    """Write README's tables in Markdown."""
    plans = [plan(passages, kind, units, assumed) for passages in SIZES for kind in kinds(units.dim)]
    return "\n\n".join(
        [
            _table(
                ["passages", "index", "memory of a copy", "disk of a copy", "shards", "replicas", "nodes in all",
                 "CPU s of a search", "price of 1,000 questions"],
                [
                    [_count(one.passages), one.kind.name, _bytes(one.memory), _bytes(one.disk), f"{one.shards:,}",
                     f"{one.replicas:,}", f"{one.nodes:,}", _number(one.search_s), _number(one.thousand_questions)]
                    for one in plans
                ],
            ),
            _table(
                ["passages", "PostgreSQL, two copies", "filter table in each process", "CPU hours to take in",
                 "of them one writer's"],
                [_store_row(size, units, assumed) for size in SIZES],
            ),
            _unit_table(units, assumed),
        ]
    )  # fmt: skip


def _store_row(passages: int, units: Units, assumed: Assumed) -> list[str]:
    articles = passages / units.passages_per_article
    return [
        _count(passages),
        _bytes(plan(passages, kinds(units.dim)[0], units, assumed).store),
        _bytes(passages * FILTER_BYTES),
        f"{articles * units.cpu_s_per_article / 3600:,.0f}",
        f"{articles * units.writing_cpu_s_per_article / 3600:,.0f}",
    ]


def _unit_table(units: Units, assumed: Assumed) -> str:
    million, most = 1e6 / 3600, most_bytes_read(units)
    rows = [
        ["vectors of a passage", f"{units.vectors:.1f}", "measured"],
        ["catalogue, bytes of a passage", f"{units.catalogue:,.0f}", "measured, SQLite"],
        *([f"{one.name}, bytes of a vector", f"{one.memory:,.0f}", _source(one)] for one in kinds(units.dim)),
        ["CPU hours of a million articles", f"{units.cpu_s_per_article * million:.1f}", "measured"],
        ["of them encoding", f"{units.encoding_cpu_s_per_article * million:.1f}", "measured"],
        ["of them writing and publishing", f"{units.writing_cpu_s_per_article * million:.1f}", "measured"],
        ["price of a million articles", _number(_price(units.cpu_s_per_article * million, assumed)), "computed"],
        ["a question in the service, CPU ms", f"{units.service_cpu_s * 1000:.1f}",
         "measured, with the search of a small local index"],
        ["a search of a million passages in a local index, ms", f"{local_search_s(1e6) * 1000:.1f}",
         "computed, of what grew between two measured sizes"],
        ["vectors that a question reads, small collection", _bytes(units.vector_bytes_read), "measured"],
        ["the same, large collection", _bytes(most), f"computed, the most: {LEGS} × {NOMINEES} candidates"],
        [f"the same at {assumed.qps:g} questions/s", f"{_bytes(most * assumed.qps)}/s", "computed"],
        ["CPU ms of a search in a segment of Milvus", f"{assumed.segment_ms:g}", "assumed"],
        ["size of such a segment, GB of vectors", f"{assumed.segment_gb:g}", "assumed"],
        ["text and words of a passage in Milvus, bytes", f"{assumed.word_bytes:,.0f}", "assumed"],
        ["questions/s", f"{assumed.qps:g}", "assumed"],
        ["a node: GB, cores, price of an hour", f"{assumed.ram_gb:g}, {assumed.cores}, {assumed.price:g}", "assumed"],
        ["of it in use: memory, processor", f"{assumed.usable_ram:.0%}, {assumed.usable_cpu:.0%}", "assumed"],
    ]  # fmt: skip
    return _table(["unit", "value", "which is"], rows)


def _price(cpu_hours: float, assumed: Assumed) -> float:
    """Give what hours of one core cost, on nodes that are kept as busy as those that answer."""
    return cpu_hours / (assumed.cores * assumed.usable_cpu) * assumed.price


def _source(kind: Kind) -> str:
    return "computed" if kind.in_milvus else "measured"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _count(passages: int) -> str:
    return f"{passages // 10**9} B" if passages >= 10**9 else f"{passages // 10**6} M"


def _bytes(number: float) -> str:
    """Write bytes in decimal units."""
    if not number:
        return "-"
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= size:
            return f"{_number(number / size)} {unit}"
    return f"{number / 1e3:.0f} kB"


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def main() -> None:
    """Print the tables."""
    standard = Assumed()
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--units", type=Path, default=Path(__file__).with_name("unit_costs.json"))
    for name, text in (
        ("qps", "questions a second"), ("ram-gb", "memory of a node"), ("cores", "cores of a node"),
        ("price", "price of a node's hour"), ("segment-gb", "GB of vectors in a segment of Milvus"),
        ("segment-ms", "CPU ms of a search in one"), ("word-bytes", "text and postings of a passage in Milvus"),
        ("usable-ram", "share of the memory for indexes"),
        ("usable-cpu", "share of the processors kept busy"), ("copies", "of everything, so that one may fail"),
    ):  # fmt: skip
        value = getattr(standard, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=type(value), default=value, help=text)
    given = vars(parser.parse_args())
    units = Units.read(given.pop("units"))
    print(tables(units, Assumed(**given)))


if __name__ == "__main__":
    main()
