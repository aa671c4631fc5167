"""What a server does besides answering: follow other processes' generations, work on jobs, compact."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import filelock

from qa_service.errors import Unavailable
from qa_service.index.generation import Generations
from qa_service.index.opened import OpenedCollections
from qa_service.store import collections, jobs
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.types import Outcome, Submission

logger = logging.getLogger(__name__)

POLL_S = 0.25
"""How often a server looks for generations that other processes published; they show within a second."""
LAG_S = 10.0
"""A write that nobody published for this long was left by a process that died; the server publishes it."""
JOB_BATCH = 100
JOBS_POLL_S = 5.0
"""How often jobs are looked for that another server left, and failed work is tried again."""


Ingest = Callable[[Iterable[Submission], str], Iterator[Outcome]]


class Background:
    """Two daemon threads: one that watches, one that works through jobs and compactions."""

    def __init__(
        self,
        catalog: Catalog,
        generations: Generations,
        opened: OpenedCollections,
        ingest: Ingest,
        compact: Callable[[str], None],
    ) -> None:
        self._catalog = catalog
        self._generations = generations
        self._opened = opened
        self._ingest = ingest
        self._compact = compact
        self._stop = threading.Event()
        self._work: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stamps: dict[int, tuple[int, int] | None] = {}
        self._seen: dict[int, tuple[int, float]] = {}
        self._pause_until: dict[int, float] = {}
        self._warnings: dict[str, str] = {}

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
        return list(self._warnings.values())

    def _watch(self) -> None:
        while not self._stop.wait(POLL_S):
            try:
                with self._catalog.read() as connection:
                    found = collections.every(connection)
                self._opened.forget_all_but({collection.row for collection in found})
            except Exception as error:
                self._warn("catalogue", f"new articles may not show: {error}")
                continue
            self._settled("catalogue")
            for collection in found:
                self._follow(collection)

    def _follow(self, collection: Collection) -> None:
        """Keep up with one collection; its trouble is its own and is tried again, less often."""
        what = f"collection {collection.name}"
        if time.monotonic() < self._pause_until.get(collection.row, 0.0):
            return
        try:
            stamp = self._generations.directory(collection.row).stamp()
            if self._stamps.get(collection.row) != stamp:
                self._opened.refresh(collection.name)
                self._stamps[collection.row] = stamp
                self._seen.pop(collection.row, None)
            elif self._lags(collection):
                self._opened.publish_lagging(collection.name)
            self._settled(what)
        except Exception as error:
            self._pause_until[collection.row] = time.monotonic() + LAG_S
            self._warn(what, f"{what}: new articles may not show: {error}")

    def _lags(self, collection: Collection) -> bool:
        """Tell whether the last write is old and unpublished: its writer died."""
        seq, since = self._seen.setdefault(collection.row, (collection.seq, time.monotonic()))
        if seq != collection.seq:
            self._seen[collection.row] = (collection.seq, time.monotonic())
            return False
        if time.monotonic() - since < LAG_S:
            return False
        self._seen[collection.row] = (collection.seq, float("inf"))
        manifest = self._generations.directory(collection.row).read()
        return manifest is None or manifest.seq != collection.seq

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._drain_jobs()
                self._settled("jobs")
                # The time limit takes over jobs whose server died, and retries what failed.
                name = self._work.get(timeout=JOBS_POLL_S)
                if name is not None and not self._stop.is_set():
                    self._compact(name)
            except queue.Empty:
                continue
            except Exception as error:
                self._warn("jobs", f"background work failed and is tried again: {error}")
                self._stop.wait(JOBS_POLL_S)

    def _warn(self, what: str, warning: str) -> None:
        if what not in self._warnings:
            logger.exception("%s", warning)
        self._warnings[what] = warning

    def _settled(self, what: str) -> None:
        self._warnings.pop(what, None)

    def _drain_jobs(self) -> None:
        # One process works on jobs at a time; another server on the same data looks again later.
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
        except Unavailable:
            raise  # a full disk or a busy writer passes; the job waits for that
        except Exception as error:
            logger.exception("job %s failed", job_id)
            self._finish(job_id, str(error) or type(error).__name__)
        return True

    def _pending(self, job_id: str) -> list[tuple[int, Submission]]:
        with self._catalog.read() as connection:
            return jobs.pending(connection, job_id, JOB_BATCH) if jobs.is_open(connection, job_id) else []

    def _finish(self, job_id: str, error: str | None) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._catalog.writer_lock(), self._catalog.write() as tx:
            jobs.finish(tx, job_id, now, error)
