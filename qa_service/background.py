"""What a server does besides answering: follow other processes' generations, work on jobs, compact."""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from qa_service.config import Settings
from qa_service.errands import Errands, NotStarted, Order, Work
from qa_service.errors import QAError
from qa_service.forgetting import Forgetting
from qa_service.index.indexes import Indexes
from qa_service.index.opened import OpenedCollections
from qa_service.index.verifying import Verifying
from qa_service.job_runner import IngestBatches, JobRunner
from qa_service.lag import Lag
from qa_service.sparing import Sparing
from qa_service.store import collections, jobs
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection

logger = logging.getLogger(__name__)

POLL_S = 0.25
"""How often a server looks for generations that other processes published; they show within a second."""
LONG_LAG_S = 60.0
"""Writes that do not show for this long are worth a warning."""
LAG_S = 10.0
"""A write that nobody published for this long was left by a process that died; the server publishes it."""
AGAIN_S = 60.0
"""How often a manifest that covers the last write is read again, and memory given back where that failed."""
JOBS_POLL_S = 5.0
"""How often jobs are looked for that another server left, and failed work is tried again."""
LONGEST_PAUSE_S = 300.0
"""The pause before failed work is tried again doubles up to this."""


@dataclass(slots=True)
class Retry:
    """When work that failed is tried again: after a pause that doubles."""

    failures: int = 0
    not_before: float = 0.0

    def failed(self) -> None:
        """Wait longer than the last time."""
        self.failures += 1
        self.not_before = time.monotonic() + min(JOBS_POLL_S * 2 ** (self.failures - 1), LONGEST_PAUSE_S)


class Background:
    """Daemon threads: one that watches, one that has jobs and compactions done, one that verifies the indexes."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        generations: Indexes,
        opened: OpenedCollections,
        ingest: IngestBatches,
        compact: Callable[[str], None],
        forgetting: Forgetting,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._generations = generations
        self._opened = opened
        self._compact = compact
        self._forgetting = forgetting
        self._sparing = Sparing()
        self._stop = threading.Event()
        self._verifying = Verifying(generations, opened, self._stop)
        self._runner = JobRunner(catalog, ingest, self._stop.is_set)
        self._errands = Errands()
        self._alone = False
        self._due: dict[str, Retry] = {}
        self._work: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stamps: dict[int, bytes | None] = {}
        self._seen: dict[int, tuple[int, float]] = {}
        self._pause_until: dict[int, float] = {}
        self._warnings: dict[str, str] = {}
        self._rest_until = 0.0
        self.lag = Lag()

    @property
    def running(self) -> bool:
        """Whether the threads were started and not stopped."""
        return bool(self._threads) and not self._stop.is_set()

    def start(self) -> None:
        """Start the threads; does nothing the second time."""
        if self._threads:
            return
        for name, target in (("qa-watch", self._watch), ("qa-work", self._run), ("qa-verify", self._verifying.run)):
            thread = threading.Thread(target=target, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Ask the threads to end after what they are doing and wait for them."""
        self._stop.set()
        self._work.put(None)
        self._errands.stop()
        for thread in self._threads:
            thread.join(timeout_s)

    def wake(self, compact: str | None = None) -> None:
        """Tell the worker that a job was queued, or that a collection may need compaction."""
        self._work.put(compact)

    def warnings(self) -> list[str]:
        """Name the trouble that the workers last met and that has not gone since, and how far they are behind."""
        late = {name: lag for name, lag in self.lag.seconds().items() if lag >= LONG_LAG_S}
        found = [f"collection {name}: what was written {lag:.0f} s ago does not show yet" for name, lag in late.items()]
        if self.running and not all(thread.is_alive() for thread in self._threads):
            found.append("background work has ended: new articles may not show until the service is restarted")
        verifying = [self._verifying.trouble] if self._verifying.trouble else []
        return [*list(self._warnings.values()), *verifying, *self._opened.warnings(), *found]

    def _watch(self) -> None:
        while not self._stop.wait(POLL_S):
            try:
                with self._catalog.read() as connection:
                    found = collections.every(connection)
                self._forget_all_but(found)
            except Exception as error:
                self._warn("catalogue", f"new articles may not show: {error}")
                continue
            self._settled("catalogue")
            for collection in found:
                self._follow(collection)
            self.lag.note(found, self._opened.served())
            self._give_back()

    def _forget_all_but(self, found: Sequence[Collection]) -> None:
        """Let go of what was noted of collections that exist no more."""
        rows, named = {collection.row for collection in found}, {_of(collection.name) for collection in found}
        self._opened.forget_all_but(rows)
        for row in {*self._stamps, *self._seen, *self._pause_until} - rows:
            self._stamps.pop(row, None)
            self._seen.pop(row, None)
            self._pause_until.pop(row, None)
        for what in list(self._warnings):
            if what.startswith(_of("")) and what not in named:
                self._settled(what)

    def _give_back(self) -> None:
        """Let go of memory that nothing needs; trouble with that is no reason to follow no collection any more."""
        if time.monotonic() < self._rest_until:
            return
        try:
            self._forgetting.look()
            self._sparing.look()
            self._settled("memory")
        except Exception as error:
            self._rest_until = time.monotonic() + AGAIN_S
            self._warn("memory", f"memory that nothing needs is not given back: {error!r}")

    def _follow(self, collection: Collection) -> None:
        """Keep up with one collection; its trouble is its own and is tried again, less often."""
        what = _of(collection.name)
        if time.monotonic() < self._pause_until.get(collection.row, 0.0):
            return
        try:
            stamp = self._generations.stamp(collection.row)
            if self._stamps.get(collection.row) != stamp:
                self._opened.refresh_or_mend(collection.name)
                self._stamps[collection.row] = stamp
                self._seen.pop(collection.row, None)
            elif self._lags(collection):
                self._opened.publish_lagging(collection.name)
            self._settled(what)
        except Exception as error:
            self._pause_until[collection.row] = time.monotonic() + LAG_S
            self._seen.pop(collection.row, None)  # what could not be published is tried again
            self._warn(what, f"{what}: new articles may not show: {error}")

    def _lags(self, collection: Collection) -> bool:
        """Tell whether the last write is old and unpublished: its writer died, or the manifest was damaged since."""
        if collection.row in self._opened.doubted:
            if not self._generations.covers(collection):
                return True
            self._opened.doubted.pop(collection.row, None)
        seq, since = self._seen.setdefault(collection.row, (collection.seq, time.monotonic()))
        if seq != collection.seq:
            self._seen[collection.row] = (collection.seq, time.monotonic())
            return False
        if time.monotonic() - since < LAG_S:
            return False
        # Looked at again now and then: a manifest may be damaged under the server, with no write to notice it.
        self._seen[collection.row] = (collection.seq, time.monotonic() + AGAIN_S - LAG_S)
        return not self._generations.covers(collection)

    def _run(self) -> None:
        retry = Retry()
        # What was due when the last server ended.
        self._due = {collection.name: Retry() for collection in self._collections()}
        while not self._stop.is_set():
            try:
                if time.monotonic() >= retry.not_before:
                    self._work_on_jobs()
                    self._settled("jobs")
                    retry = Retry()
            except Exception as error:
                self._warn("jobs", f"background work failed and is tried again: {error}")
                retry.failed()
            # The time limit takes over jobs whose server died, and retries what failed.
            with contextlib.suppress(queue.Empty):
                name = self._work.get(timeout=JOBS_POLL_S)
                if name is None:
                    retry.not_before = 0.0  # the new job need not wait for what the others wait for
                else:
                    self._due.setdefault(name, Retry())
            self._compact_due()
            for collection in self._collections():
                if collection.row in self._generations.damage:
                    self._due.setdefault(collection.name, Retry())

    def _collections(self) -> list[Collection]:
        try:
            with self._catalog.read() as connection:
                return collections.every(connection)
        except Exception as error:
            self._warn("catalogue", f"the catalogue cannot be read: {error}")
            return []

    def _work_on_jobs(self) -> None:
        with self._catalog.read() as connection:
            waiting = jobs.next_unfinished(connection) is not None
        if waiting and not self._stop.is_set() and self._jobs_are_free():
            self._do(self._order("jobs"), self._runner.drain)

    def _jobs_are_free(self) -> bool:
        """Tell whether no other server works on jobs: then none has to be started for them."""
        with self._catalog.jobs_lock() as mine:
            return mine()

    def _compact_due(self) -> None:
        """Compact the collections that may need it; where it fails it is tried again, less and less often."""
        for name, retry in list(self._due.items()):
            if self._stop.is_set():
                return
            if time.monotonic() < retry.not_before:
                continue
            what = f"compaction of {name}"
            try:
                if self._opened.is_due(name):
                    self._do(self._order("compaction", name), partial(self._compact, name))
                self._due.pop(name)
                self._settled(what)
            except Exception as error:
                retry.failed()
                self._warn(what, f"{what} failed and is tried again: {error}")

    def _order(self, work: Work, collection: str | None = None) -> Order:
        return Order(work, self._settings, self._generations.versions, self._catalog.root, collection)

    def _do(self, order: Order, here: Callable[[], None]) -> None:
        """Have something done by a process of low priority, or where that is not possible, by this thread."""
        if self._settings.background == "process" and not self._alone:
            try:
                self._errands.run(order)
                return
            except NotStarted as error:
                logger.warning("background work is done by the server's own process: %s", error)
                self._alone = True
        if not self._stop.is_set():
            here()

    def _warn(self, what: str, warning: str) -> None:
        if what not in self._warnings:
            # Of an outage the trace tells nothing more.
            foreseen = isinstance(sys.exc_info()[1], QAError)
            logger.log(logging.WARNING if foreseen else logging.ERROR, "%s", warning, exc_info=not foreseen)
        self._warnings[what] = warning

    def _settled(self, what: str) -> None:
        self._warnings.pop(what, None)


def _of(collection: str) -> str:
    return f"collection {collection}"
