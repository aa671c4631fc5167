"""Verifying what is stored, and making again what can be derived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qa_service.errors import Damaged, QAError
from qa_service.index import base as base_index
from qa_service.index.generation import Generations
from qa_service.index.manifest import LegEntry
from qa_service.index.recall import TARGET
from qa_service.ingest import Ingestor
from qa_service.store import articles, audits, collections, entries, passages, soundness, words
from qa_service.store.catalog import Catalog, Connection
from qa_service.store.collections import Collection
from qa_service.store.segments import Block, Segments

RESTORE = "restore the data directory from a backup, or ingest the article again"
REBUILD = "run `qa-service rebuild`"


def check(catalog: Catalog, segments: Segments, generations: Generations) -> list[str]:
    """Verify catalogue, texts, offsets, vectors, counts and index files; return the problems with their remedies."""
    problems: list[str] = []
    with catalog.read() as connection:
        problems.extend(f"catalog.sqlite3: {message} ({RESTORE})" for message in catalog.integrity_problems())
        for collection in collections.every(connection):
            problems.extend(_check_articles(connection, collection, segments))
            problems.extend(_check_counts(connection, collection))
            problems.extend(_check_generation(connection, collection, generations))
    return problems


@dataclass(frozen=True, slots=True)
class Recall:
    """How much of an exact search one vector index of a collection's base finds; `kind`: of windows or sentences."""

    collection: str
    kind: str
    leg: LegEntry

    @property
    def missed(self) -> bool:
        """Tell whether that is less than it should be."""
        return self.leg.recall is None or self.leg.recall < TARGET


def measure_recall(catalog: Catalog, generations: Generations, name: str | None, queries: int) -> list[Recall]:
    """Measure and record the recall of the bases of a collection, or of all.

    Errors:
        NotFound: no such collection.
    """
    with catalog.read() as connection:
        found = collections.every(connection) if name is None else [collections.get(connection, name)]
    measured: list[Recall] = []
    for collection in found:
        entry = generations.measure(collection, queries)
        if entry is not None and entry.windows is not None and entry.sentences is not None:
            measured.append(Recall(collection.name, "windows", entry.windows))
            measured.append(Recall(collection.name, "sentences", entry.sentences))
    return measured


def _check_articles(connection: Connection, collection: Collection, segments: Segments) -> Iterator[str]:
    for row, article_id in articles.live(connection, collection.row):
        where = f"collection {collection.name}, article {article_id!r}"
        try:
            text = articles.original_text(connection, row)
        except (Damaged, UnicodeDecodeError) as error:
            yield f"{where}: {error} ({RESTORE})"
            continue
        yield from (f"{where}: {problem}" for problem in soundness.problems(connection, collection, row))
        try:
            audits.edits(connection, row)
        except Damaged as error:
            yield f"{where}: {error.detail} ({REBUILD})"
        end = 0
        for passage in passages.of_article(connection, row):
            spans = (*passage.sentences, *passage.omitted)
            inside = all(passage.start <= s.start < s.end <= passage.end for s in spans) and spans
            if not (end <= passage.start < passage.end <= len(text)) or not inside:
                yield f"{where}: passage {passage.passage_id} does not lie in the text ({REBUILD})"
            end = passage.end
        for entry in entries.of_article(connection, row):
            try:
                segments.read(entry.block)
            except Damaged as error:
                yield f"{where}: {error.detail} ({REBUILD})"


def _check_counts(connection: Connection, collection: Collection) -> Iterator[str]:
    if words.wrong_frequencies(connection, collection.row):
        yield f"collection {collection.name}: its word counts do not match its passages ({REBUILD})"
    if passages.count_live(connection, collection.row) != (collection.passages, collection.words):
        yield f"collection {collection.name}: its counters do not match its passages ({REBUILD})"


def _check_generation(connection: Connection, collection: Collection, generations: Generations) -> Iterator[str]:
    where = f"collection {collection.name}"
    directory = generations.directory(collection.row)
    try:
        manifest = generations.manifest(collection.row)
        if manifest is None or manifest.seq != collection.seq:
            yield f"{where}: its last write is not published (start the service or ingest anything)"
            return
        directory.read_delta(manifest.delta)
        if stale := articles.outdated(connection, collection.row, manifest.versions.pipeline):
            yield f"{where}: {len(stale)} articles were processed with other settings ({REBUILD})"
        if manifest.base is not None:
            for name in base_index.verify(directory.root, manifest.base):
                yield f"{where}: index file {name} fails its checksum ({REBUILD})"
    except QAError as error:
        yield f"{where}: {error}"


def rebuild(catalog: Catalog, segments: Segments, generations: Generations, ingestor: Ingestor) -> None:
    """Process articles made with other settings, or whose vectors are damaged, anew; then build every base.

    Encodes only what has to be. May be stopped and started again; the old indexes stay published until a collection
    is complete. Articles that another process replaces or deletes meanwhile are left as that made them.
    """
    with catalog.writer_lock():
        with catalog.read() as connection:
            found = collections.every(connection)
        # What a catalogue that lost its last writes does not know any more.
        generations.erase_unknown({collection.row for collection in found})
    for collection in found:
        _forget_damaged(catalog, segments, collection)
    for collection in found:
        with catalog.writer_lock(), catalog.write() as tx:
            words.recount(tx, collection.row)
            passages.recount(tx, collection.row)
        with catalog.read() as connection:
            rows = articles.outdated(connection, collection.row, generations.versions.pipeline)
        ingestor.reprocess(rows, collection.name)
        ingestor.settle(collection.name, publish=False)
        with catalog.read() as connection:
            current = collections.find(connection, collection.name)
        if current is not None:
            generations.compact(current, anew=True)


def _forget_damaged(catalog: Catalog, segments: Segments, collection: Collection) -> None:
    """Mark articles with a damaged vector block, so that they are encoded again and the block is not reused."""
    damaged: list[Block] = []
    with catalog.read() as connection:
        for row, _ in articles.live(connection, collection.row):
            for entry in entries.of_article(connection, row):
                try:
                    segments.read(entry.block)
                except Damaged:
                    damaged.append(entry.block)
    if damaged:
        with catalog.writer_lock(), catalog.write() as tx:
            for block in damaged:
                for row in passages.forget_block(tx, block):
                    articles.mark_outdated(tx, row)
