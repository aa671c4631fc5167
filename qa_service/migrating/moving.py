"""The migration itself: copy, publish, compare, and only then let the target be served."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from embeddings.encoder import Encoder
from qa_service import assembly, index_place
from qa_service.engine import Engine
from qa_service.errors import BadInput, Damaged
from qa_service.index.snapshot import Published
from qa_service.keys import key_file
from qa_service.masking import masked
from qa_service.migrating import verifying
from qa_service.migrating.places import FILES, Route, ensure_catalogue, nothing_there
from qa_service.names import DEFAULT_COLLECTION
from qa_service.progress import Advance
from qa_service.store import collections, copying, files, question_log
from qa_service.store import identity as identities
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.copying import Copy, Mark
from qa_service.store.opening import open_catalog

Track = Callable[[str, str], AbstractContextManager[Callable[[int], Advance]]]
"""Shows the progress of what is named, of things that are named; see `qa_service.cli.progress.counting`."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a migration did.

    Attributes:
        rows: copied by this run; `copy_s` is the time that took, in seconds.
        passages: that are searched in the target; `publish_s` is the time to have them so.
        compared: questions that both answered alike.
        files: those of the source's data directory that each service needs; `taken` tells whether the target's data
            directory has them, and the question log, if there is one.
        question_log: whether there is one.
    """

    rows: int
    copy_s: float
    passages: int
    publish_s: float
    compared: int
    files: tuple[str, ...]
    taken: bool
    question_log: bool


def migrate(route: Route, questions: int, track: Track, encoder: Encoder | None = None) -> Report:
    """Move everything, or go on with what was interrupted.

    Writes to the source wait or are refused meanwhile; it is asked as ever.

    Parameters:
        questions: how many the target has to answer as the source does before it may be served.

    Errors:
        BadInput: the source holds nothing, or the target something else. Incompatible: the source was made with other
        settings. Damaged: the source is, or the target differs from it. Unavailable: one of the places cannot be used
        now.
    """
    ensure_catalogue(route.source)
    with contextlib.closing(Engine.open(route.source, encoder, asking=False, adjusted=False)) as source:
        _ensure_filled(source)
        if not route.copies:
            twin = _engine(route, source, source.catalog)
            with source.catalog.writer_lock():
                report = _settled(route, source, twin, questions, track, (0, 0.0))
                with source.catalog.write() as tx:
                    index_place.record(tx, route.target)
                return report
        identity = identities.name_of(source.catalog)
        with source.catalog.writer_lock(), contextlib.closing(open_catalog(route.target, unfinished=True)) as catalog:
            copied = _copied(source, catalog, identity, route, track)
            twin = _engine(route, source, catalog)
            with catalog.writer_lock():
                report = _settled(route, source, twin, questions, track, copied)
                with catalog.write() as tx:
                    copying.remove_mark(tx)
                    index_place.record(tx, route.target)
            return report


def _ensure_filled(source: Engine) -> None:
    """Refuse what holds nothing, before anything is made of it."""
    with source.catalog.read() as connection:
        found = copying.counts(connection)
        named = [one for one in collections.every(connection) if one.name != DEFAULT_COLLECTION]
        # The first opening makes the default collection.
        if not named and not any(count for table, count in found.items() if table != "collections"):
            raise nothing_there(source.settings)


def _engine(route: Route, source: Engine, catalog: Catalog) -> Engine:
    return Engine(route.target, source.encoder, catalog, adjusted=False, tokenizer=source.tokenizer)


def _copied(source: Engine, target: Catalog, identity: str, route: Route, track: Track) -> tuple[int, float]:
    """Copy all rows and vectors; give how many rows that were, and the seconds it took."""
    vectors = target.segments()
    mark = _begun(source, target, identity, route)
    copy = Copy(source.catalog, target, source.segments, vectors)
    with source.catalog.read() as connection:
        total = sum(copying.counts(connection).values())
    before, started = mark.rows, time.monotonic()
    with track("copying", "rows") as begin:
        advance = begin(total)
        advance(before)
        mark = copy.run(mark, advance)
    return mark.rows - before, time.monotonic() - started


def _begun(source: Engine, target: Catalog, identity: str, route: Route) -> Mark:
    """Give how far the copy is: nothing of it is there yet, or all up to a key of the source as it is now."""
    with target.read() as connection:
        mark, empty = copying.read_mark(connection), copying.is_empty(connection)
    with source.catalog.read() as connection:
        seq = connection.sequence()
    if mark is None and not empty:
        raise BadInput(
            "it holds articles already", field=target.where, remedy="name an empty database, or an empty directory"
        )
    if mark is not None and mark.source != identity:
        raise BadInput(
            "it is an unfinished migration of another source",
            field=target.where,
            remedy="set QA_DATA_DIR and QA_CATALOG to that, or name another target",
        )
    if mark is None or mark.seq != seq:
        # What was copied before stays, and is compared with what the source has now.
        mark = Mark(identity, seq)
        indexes = assembly.indexes(route.target, target, target.segments(), source.generations.versions)
        with target.writer_lock():
            with target.write() as tx:
                copying.put_mark(tx, mark)
            indexes.erase_unknown(set(), surely=True)
    return mark


def _settled(
    route: Route, source: Engine, twin: Engine, questions: int, track: Track, copied: tuple[int, float]
) -> Report:
    """Publish what the target's catalogue holds, compare, and copy the files; both writers' locks are held."""
    started = time.monotonic()
    made = _unpublished(twin)
    passages = _publish(twin, track)
    published = time.monotonic() - started
    try:
        if route.copies:
            verifying.check_counts(source.catalog, twin.catalog)
        compared = verifying.check_answers(source, twin, questions, track)
    except verifying.Differs as error:
        raise _refused(route, twin, made, error) from error
    found = tuple(name for name in FILES if (route.source.data_dir / name).is_file())
    taken = route.target.data_dir != route.source.data_dir
    if taken:
        _take_files(route, found)
    has_log = (route.source.data_dir / question_log.NAME).is_file()
    if taken and has_log:
        question_log.copy(route.source.data_dir, route.target.data_dir)
    return Report(*copied, passages, published, compared, found, taken, has_log)


def _unpublished(engine: Engine) -> list[int]:
    """List the collections of which the index has nothing yet, or what will be made anew."""
    with engine.catalog.read() as connection:
        found = collections.every(connection)
    known = {one.row: engine.generations.current(one.row) for one in found}
    stale = {one.row for one in found if engine.settings.milvus is None and _is_stale(known[one.row], one)}
    return [row for row, published in known.items() if published is None or row in stale]


def _is_stale(known: Published | None, collection: Collection) -> bool:
    return known is not None and known.seq != collection.seq


def _refused(route: Route, twin: Engine, made: list[int], error: verifying.Differs) -> Damaged:
    """Say that a target differs. An index alone has no mark that keeps it from being served: it is taken back."""
    if route.copies:
        detail = f"the target is not what the source is, and stays unserved: {error.detail}"
        return Damaged(detail, field=error.field, remedy=error.remedy)
    for row in made:
        twin.generations.erase(row)
    with twin.catalog.read() as connection:
        kept = [one.name for one in collections.every(connection) if one.row not in made]
    what = "what was made of it is removed"
    if kept:
        what = f"it had {', '.join(kept[:5])} before and keeps that, so do not serve it"
    return Damaged(
        f"the index does not answer as the one that is served: {error.detail}; {what}",
        field=masked(route.target.index.get_secret_value()),
        remedy=f"go on with the one that is served; {error.remedy}",
    )


def _publish(engine: Engine, track: Track) -> int:
    """Make what is searched of every collection; return the number of passages."""
    with engine.catalog.read() as connection:
        found = collections.every(connection)
    total = sum(collection.passages for collection in found)
    with track("indexing", "passages") as begin:
        advance = begin(total)
        for collection in found:
            known = engine.generations.current(collection.row)
            if engine.settings.milvus is None and _is_stale(known, collection):
                # Of before an earlier migration: what has been erased since is in it.
                engine.generations.erase(collection.row)
            engine.generations.recover(collection, advance=advance)
            engine.opened.refresh(collection.name)
    return total


def _take_files(route: Route, names: tuple[str, ...]) -> None:
    """Copy files of the data directory that the catalogue does not hold."""
    for name in names:
        mode = 0o600 if name == key_file.NAME else None
        files.put(route.target.data_dir / name, (route.source.data_dir / name).read_bytes(), mode)
    files.sync_directory(route.target.data_dir)
