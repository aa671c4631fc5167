"""Working through the queue of jobs: articles that were handed in to be taken later."""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from qa_service.errors import Damaged, Incompatible, QAError, Unavailable
from qa_service.ingest import Noted
from qa_service.store import jobs
from qa_service.store.catalog import Catalog, Mine, WriteTransaction
from qa_service.types import Outcome, Submission
from qa_service.writing import now

logger = logging.getLogger(__name__)

PAGE = 100
"""Submissions read at once."""

IngestBatches = Callable[[Iterable[Submission], str, Callable[[], bool], Noted], Iterator[Sequence[Outcome]]]
"""Ingests submissions into a collection as long as they are wanted; gives the outcomes of each batch to be noted in
the transaction that writes it, and once it is durable."""


class _Overtaken(Exception):
    """Another process has worked on the job, since the lock was lost, or it was ended with its collection."""


class JobRunner:
    """Takes the articles of unfinished jobs in, the oldest job first.

    Parameters:
        stopping: tells when to leave off; what is left is taken up by the next runner.
    """

    def __init__(self, catalog: Catalog, ingest: IngestBatches, stopping: Callable[[], bool]) -> None:
        self._catalog = catalog
        self._ingest = ingest
        self._stopping = stopping

    def drain(self) -> None:
        """Work until no job is left; does nothing while another process does.

        Errors:
            Unavailable, OSError, MemoryError: nothing can be written or held now. Damaged, Incompatible: a collection
            has to be mended first; the jobs of all others are done. The jobs wait for that.
        """
        waiting: dict[str, QAError] = {}
        with self._catalog.jobs_lock() as mine:
            while not self._stopping() and mine() and self._next(waiting, mine):
                pass
        for error in waiting.values():
            raise error

    def _next(self, waiting: dict[str, QAError], mine: Mine) -> bool:
        """Do the oldest job of the collections that have none waiting; articles must not overtake each other."""
        with self._catalog.read() as connection:
            job = jobs.next_unfinished(connection, waiting)
        if job is None:
            return False
        job_id, collection = job
        try:
            self._take(job_id, collection, mine)
        except _Overtaken:
            logger.warning("job %s was worked on or ended by others meanwhile", job_id)
        except (Unavailable, OSError, MemoryError):
            raise  # a full disk or a busy writer passes
        except (Damaged, Incompatible) as error:
            waiting[collection] = error  # it was accepted; whoever mends the collection still wants its articles
        except Exception as error:
            logger.exception("job %s failed", job_id)
            self._fail(job_id, str(error) or type(error).__name__)
        else:
            if not self._stopping():
                self._finish(job_id, None)
        return True

    def _fail(self, job_id: str, error: str) -> None:
        """End a job that nothing will make succeed; each article that it has left is told to be rejected."""
        with self._catalog.writer_lock(), self._catalog.write() as tx:
            if not jobs.is_open(tx.connection, job_id):
                return  # its collection was deleted meanwhile
            while page := jobs.pending(tx.connection, job_id, PAGE):
                jobs.record(tx, job_id, [(place, _rejected(submission, error)) for place, submission in page])
            jobs.finish(tx, job_id, now(), error)

    def _take(self, job_id: str, collection: str, mine: Mine) -> None:
        """Ingest what the job has left, and note what became of each article together with it.

        An article that was taken is never taken again, when it may have been replaced or deleted meanwhile: also not
        when the lock of the jobs was lost and another process has taken it, which is seen where it is written.
        """
        places: deque[int] = deque()

        def noted(tx: WriteTransaction, outcomes: Sequence[Outcome]) -> None:
            positions = list(itertools.islice(places, len(outcomes)))
            if not jobs.await_outcomes(tx.connection, job_id, positions):
                raise _Overtaken  # which undoes all that the transaction has written
            jobs.record(tx, job_id, list(zip(positions, outcomes, strict=True)))
            for _ in positions:
                places.popleft()

        def wanted() -> bool:
            if not mine():
                raise _Overtaken
            return self._is_open(job_id)

        submissions = self._submissions(job_id, places)
        for _ in self._ingest(submissions, collection, wanted, noted):
            if self._stopping():
                return

    def _submissions(self, job_id: str, places: deque[int]) -> Iterator[Submission]:
        """Read the job's submissions without an outcome; `places` gets the position of each."""
        after = -1
        while not self._stopping() and self._is_open(job_id):
            with self._catalog.read() as connection:
                page = jobs.pending(connection, job_id, PAGE, after)
            if not page:
                return
            for after, submission in page:
                places.append(after)
                yield submission

    def _is_open(self, job_id: str) -> bool:
        """Tell whether the job is still to be worked on; it is not once its collection was deleted."""
        with self._catalog.read() as connection:
            return jobs.is_open(connection, job_id)

    def _finish(self, job_id: str, error: str | None) -> None:
        with self._catalog.writer_lock(), self._catalog.write() as tx:
            jobs.finish(tx, job_id, now(), error)


def _rejected(submission: Submission, error: str) -> Outcome:
    reason = f"its job failed: {error}; hand the article in again"
    return Outcome(submission.id or hashlib.sha256(submission.content).hexdigest(), "rejected", reason)
