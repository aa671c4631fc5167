"""What a server does besides answering: follow other processes' generations, work on jobs, compact."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import filelock

from qa_service.errors import QAError
from qa_service.index.generation import Generations
from qa_service.index.opened import OpenedCollections
from qa_service.store import collections, jobs
from qa_service.store.catalog import Catalog
from qa_service.types import Outcome, Submission

logger = logging.getLogger(__name__)

POLL_S = 0.25
"""How often a server looks for generations that other processes published; they show within a second."""
LAG_S = 10.0
"""A write that nobody published for this long was left by a process that died; the server publishes it."""
JOB_BATCH = 100


Ingest = Callable[[Iterable[Submission], str], Iterator[Outcome]]


class Background:
    """Two daemon threads: one that watches, one that works through jobs and compactions."""

    def __init__(self, catalog: Catalog, generations: Generations, opened: OpenedCollections, ingest: Ingest) -> None:
        self._catalog = catalog
        self._generations = generations
        self._opened = opened
        self._ingest = ingest
        self._stop = threading.Event()
        self._work: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stamps: dict[int, tuple[int, int] | None] = {}
        self._lagging: dict[int, tuple[int, float]] = {}
        self._warning: str | None = None

    @property
    def running(self) -> bool:
        """Whether the threads were started and not stopped."""
        return bool(self._threads) and not self._stop.is_set()

    def start(self) -> None:
        """Start the threads; does nothing the second time."""
        if self._threads:
            return
        for name, target in (("qa-watch", self._watch), ("qa-work", self._run)):
            thread = threading.Thread(target=target, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Ask the threads to end after what they are doing and wait for them."""
        self._stop.set()
        self._work.put(None)
        for thread in self._threads:
            thread.join(timeout_s)

    def wake(self, compact: str | None = None) -> None:
        """Tell the worker that a job was queued, or that a collection may need compaction."""
        self._work.put(compact)

    def warnings(self) -> list[str]:
        """Name the trouble that the workers last met and that has not gone since."""
        return [self._warning] if self._warning else []

    def _watch(self) -> None:
        while not self._stop.wait(POLL_S):
            try:
                self._look()
                self._warning = None
            except Exception as error:
                if self._warning is None:
                    logger.exception("following the published generations failed")
                self._warning = f"new articles may not show: {error}"

    def _look(self) -> None:
        with self._catalog.read() as connection:
            found = collections.every(connection)
        self._opened.forget_all_but({collection.row for collection in found})
        for collection in found:
            directory = self._generations.directory(collection.row)
            stamp = directory.stamp()
            if self._stamps.get(collection.row) != stamp:
                self._opened.refresh(collection.name)
                self._stamps[collection.row] = stamp
                self._lagging.pop(collection.row, None)
                continue
            since = self._lagging.setdefault(collection.row, (collection.seq, time.monotonic()))
            if since[0] != collection.seq:
                self._lagging[collection.row] = (collection.seq, time.monotonic())
            elif time.monotonic() - since[1] > LAG_S:
                manifest = directory.read()
                if manifest is None or manifest.seq != collection.seq:
                    self._opened.publish_lagging(collection.name)
                self._lagging[collection.row] = (collection.seq, float("inf"))

    def _run(self) -> None:
        self._drain_jobs()
        while not self._stop.is_set():
            name = self._work.get()
            if self._stop.is_set():
                return
            try:
                if name is None:
                    self._drain_jobs()
                else:
                    self._opened.compact(name)
            except Exception:
                logger.exception("background work failed")

    def _drain_jobs(self) -> None:
        # One process works on jobs at a time; another server on the same data leaves them to it.
        lock = filelock.FileLock(self._catalog.data_dir / "jobs.lock", is_singleton=False)
        try:
            with lock.acquire(blocking=False):
                while not self._stop.is_set() and self._next_job():
                    pass
        except filelock.Timeout:
            return

    def _next_job(self) -> bool:
        with self._catalog.read() as connection:
            job = jobs.next_unfinished(connection)
        if job is None:
            return False
        job_id, collection = job
        try:
            while batch := self._pending(job_id):
                if self._stop.is_set():
                    return False
                outcomes = list(self._ingest((submission for _, submission in batch), collection))
                with self._catalog.writer_lock(), self._catalog.write() as tx:
                    jobs.record(tx, job_id, [(place, o) for (place, _), o in zip(batch, outcomes, strict=True)])
            self._finish(job_id, None)
        except QAError as error:
            logger.warning("job %s failed: %s", job_id, error)
            self._finish(job_id, str(error))
        return True

    def _pending(self, job_id: str) -> list[tuple[int, Submission]]:
        with self._catalog.read() as connection:
            return jobs.pending(connection, job_id, JOB_BATCH)

    def _finish(self, job_id: str, error: str | None) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._catalog.writer_lock(), self._catalog.write() as tx:
            jobs.finish(tx, job_id, now, error)
