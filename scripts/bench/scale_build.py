"""Writes synthetic articles into a data directory, through the store's own functions, as an ingest does.

Only the encoder and jieba are passed by. A child process makes batches ahead while this one writes; the new catalogue
is written without a journal, since a build that fails is thrown away. Indexes are built by a compaction.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scale_source import Source, Vocabulary
from scale_synthetic import MadeArticle, MadePassage, Maker

from qa_service.audit import Audit
from qa_service.engine import Engine
from qa_service.names import DEFAULT_COLLECTION
from qa_service.store import articles, collections, furniture, passages, words
from qa_service.store.articles import ArticleRecord
from qa_service.store.catalog import WriteTransaction
from qa_service.store.collections import Collection
from qa_service.store.packing import pack_spans, pack_terms, pack_units
from qa_service.store.passages import NewPassage
from qa_service.store.segments import Block
from qa_service.text.units import may_be_learnt
from qa_service.types import PassageSpans, Span, Submission

BATCH_PASSAGES = 8000
_AHEAD = 2
_CACHE_KIB_A_PASSAGE = 3.5
_MOST_CACHE_KIB = 4 << 20


@dataclass(slots=True)
class BuildTimes:
    """Seconds of each part; `waited` is how long the writer waited for batches."""

    waited: float = 0.0
    vectors: float = 0.0
    rows: float = 0.0
    total: float = 0.0


class Writer:
    """Writes made articles into a collection of an engine's store."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary, name: str = DEFAULT_COLLECTION) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self.name = name

    def write(self, batch: Sequence[MadeArticle], times: BuildTimes) -> None:
        """Write a batch in one transaction; the caller publishes it."""
        engine, began = self._engine, time.perf_counter()
        with engine.catalog.writer_lock(), engine.catalog.write() as tx:
            collection = collections.get(tx.connection, self.name)
            blocks = engine.segments.append(
                tx, engine.encoder.fingerprint, [block for article in batch for block in article.vectors]
            )
            placed = time.perf_counter()
            self._rows(tx, collection, batch, iter(blocks))
        times.vectors += placed - began
        times.rows += time.perf_counter() - placed

    def _rows(
        self, tx: WriteTransaction, collection: Collection, batch: Sequence[MadeArticle], blocks: Iterator[Block]
    ) -> None:
        names = self._vocabulary.names
        documents = ([names[word] for word in passage.words.tolist()] for one in batch for passage in one.passages)
        ids = words.add_documents(tx, collection.row, (dict.fromkeys(document, 1) for document in documents))
        numbers = [ids.get(name, 0) for name in names]
        total, rows = 0, []
        for article in batch:
            record = self._record(article)
            row = articles.insert(tx, collection.row, record, len(article.passages), _now())
            new = [self._passage(record, passage, next(blocks), numbers) for passage in article.passages]
            passages.insert(tx, collection.row, row, new)
            units = (unit for passage in article.passages for unit in passage.units)
            furniture.add(tx, collection.row, row, {print_ for print_, _, kind in units if may_be_learnt(print_, kind)})
            total += sum(one.words for one in new)
            rows.append(row)
        furniture.mark_learnt(tx, rows)
        collections.adjust(tx, collection.row, len(batch), sum(len(one.passages) for one in batch), total)

    def _record(self, article: MadeArticle) -> ArticleRecord:
        content = article.text.encode("utf-8")
        given = Submission(content, id=article.id, charset="utf-8")
        return ArticleRecord(
            id=article.id,
            submission=given,
            site="",
            sha256=hashlib.sha256(content).digest(),
            attributes=articles.attributes_hash(given),
            encoding="utf-8",
            text=article.text,
            pipeline=self._engine.generations.versions.pipeline,
            edits=(),
            audit=Audit((), (), ()),
        )

    def _passage(self, record: ArticleRecord, passage: MadePassage, block: Block, numbers: Sequence[int]) -> NewPassage:
        spans = tuple(Span(*span) for span in passage.sentences)
        start, end = spans[0].start, spans[-1].end
        frequencies = passage.frequencies.tolist()
        terms = {numbers[word]: count for word, count in zip(passage.words.tolist(), frequencies, strict=True)}
        return NewPassage(
            passages.passage_id(self.name, record.id, record.sha256, start, end),
            PassageSpans(start, end, spans),
            pack_spans(()),
            pack_units(passage.units),
            passage.bands,
            pack_terms(terms),
            sum(frequencies),
            passage.block_hash,
            block,
        )


def build(engine: Engine, source: Source, count: int, seed: int = 0) -> BuildTimes:
    """Fill the default collection of an empty data directory with so many passages; nothing is published."""
    times, began = BuildTimes(), time.perf_counter()
    connection = engine.catalog._connection()
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"PRAGMA cache_size = -{min(_MOST_CACHE_KIB, 65536 + int(count * _CACHE_KIB_A_PASSAGE))}")
    writer = Writer(engine, source.vocabulary)
    sizes = [min(BATCH_PASSAGES, count - first) for first in range(0, count, BATCH_PASSAGES)]
    for number, batch in enumerate(_made(source, seed, sizes, times)):
        writer.write(batch, times)
        done = sum(sizes[: number + 1])
        print(f"\r{done:,} of {count:,} passages in {time.perf_counter() - began:,.0f} s", end="", flush=True)
    print(flush=True)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -2000")
    times.total = time.perf_counter() - began
    return times


def disk(data: Path) -> dict[str, int]:
    """Sum up the bytes on disk: the catalogue, the vectors, and each kind of index file."""
    sizes: dict[str, int] = {}
    for path in sorted(data.rglob("*")):
        if path.is_file():
            part = path.relative_to(data).parts
            kind = part[0].partition("-")[0] if part[0] != "indexes" else "/".join((part[0], *part[3:4]))
            kind = "catalog.sqlite3" if kind.startswith("catalog") else kind
            sizes[kind] = sizes.get(kind, 0) + path.stat().st_blocks * 512
    return sizes


_maker: Maker | None = None


def _start_maker(source: Source, seed: int) -> None:
    global _maker  # noqa: PLW0603 - one to a child process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _maker = Maker(source, seed)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make(number: int, passages: int) -> list[MadeArticle]:
    assert _maker is not None
    return _maker.batch(number, passages)


def _made(source: Source, seed: int, sizes: Sequence[int], times: BuildTimes) -> Iterator[list[MadeArticle]]:
    """Have batches made in child processes, a few ahead; give them in order."""
    children = max(1, (os.cpu_count() or 2) - 1)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(children, context, _start_maker, (source, seed)) as pool:
        pending: deque[Future[list[MadeArticle]]] = deque()
        for number, size in enumerate(sizes):
            pending.append(pool.submit(_make, number, size))
            if len(pending) > children + _AHEAD:
                yield _wait(pending, times)
        while pending:
            yield _wait(pending, times)


def _wait(pending: deque[Future[list[MadeArticle]]], times: BuildTimes) -> list[MadeArticle]:
    began = time.perf_counter()
    batch = pending.popleft().result()
    times.waited += time.perf_counter() - began
    return batch


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
