"""The thread that writes the question log, so that no answer waits for a disk."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from qa_service.asked import AskedQuestion
from qa_service.errors import Overloaded, QAError, Unavailable
from qa_service.store.question_log import QuestionLog

MOST_WAITING = 2000
"""Questions that wait to be written at most, some megabytes; what comes beyond is dropped and counted."""
MOST_AT_ONCE = 500
LINGER_S = 0.1
"""How long questions are gathered, so that many asked at once share a transaction; the last ones may be lost in a
crash."""
SWEEP_EVERY_S = 86_400.0
PATIENCE_S = 30.0
"""How long is waited for something that is done with the log in any case."""
SHORT_PATIENCE_S = 2.0
"""How long is waited for what is not done any more after that: a request holds its thread meanwhile."""

Value = TypeVar("Value")
logger = logging.getLogger(__name__)


class Wanted:
    """Whether something is done or given up, when who waits for it may give it up: who decides first has decided."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: bool | None = None

    def do(self) -> bool:
        """Decide to do it, as the last step before it cannot be undone; False if it was given up."""
        return self._decide(True)

    def give_up(self) -> bool:
        """Decide to give it up; False if it is being done."""
        return not self._decide(False)

    def _decide(self, done: bool) -> bool:
        with self._lock:
            if self._done is None:
                self._done = done
            return self._done


class _Call:
    """Something to be done with the log, and where its outcome goes."""

    def __init__(self, what: Callable[[QuestionLog], Any]) -> None:
        self.what = what
        self.outcome: Future[Any] = Future()


class LogWriter:
    """Writes the log of a data directory from a thread of its own, once started. Safe for threads.

    Attributes:
        dropped, written: how many questions were not written, and how many were, since the start.
    """

    def __init__(
        self,
        data_dir: Path,
        sweep: Callable[[QuestionLog], None],
        wanted: Callable[[Sequence[AskedQuestion]], Sequence[AskedQuestion]],
    ) -> None:
        """Make one that is not started.

        Parameters:
            sweep: is called with the log at the start and every day.
            wanted: chooses, right before they are written, which questions are.
        """
        self._data_dir = data_dir
        self._sweep = sweep
        self._wanted = wanted
        self._queue: queue.Queue[AskedQuestion | _Call | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._log: QuestionLog | None = None
        self.warning: str | None = None
        self.dropped = 0
        self.written = 0

    @property
    def running(self) -> bool:
        """Whether the thread takes orders."""
        return self._thread is not None

    @property
    def waiting(self) -> int:
        """How many orders wait."""
        return self._queue.qsize()

    def start(self) -> None:
        """Start the thread; does nothing the second time."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="qa-questions", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Write what waits and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(timeout_s)

    def note(self, question: AskedQuestion) -> bool:
        """Hand a question over without waiting; False when there is no room and it is dropped."""
        try:
            self._queue.put_nowait(question)
        except queue.Full:
            self._drop(1)
            return False
        return True

    def call(self, what: Callable[[QuestionLog], Value], wanted: Wanted | None = None) -> Value:
        """Do something with the log after all that was handed over before, and wait for it.

        Parameters:
            wanted: is given up when it was waited for in vain; `what` asks it before it commits. Without it, it is
                waited for longer, and `what` may still be done after that.

        Errors:
            Overloaded: the log is behind. Unavailable: it cannot be used. Whatever `what` raises.
        """
        if self._thread is None:
            with closing(QuestionLog(self._data_dir)) as log:
                return what(log)
        order = _Call(what)
        patience = PATIENCE_S if wanted is None else SHORT_PATIENCE_S
        until = time.monotonic() + patience
        try:
            self._queue.put(order, timeout=patience)
            found: Value = order.outcome.result(max(0.0, until - time.monotonic()))
        except (queue.Full, TimeoutError) as error:
            if wanted is not None:
                order.outcome.cancel()
            if wanted is None or wanted.give_up():
                raise Overloaded("the question log is behind", retry_after=2) from error
            # It is being committed, which waits for nothing but the disk.
            found = order.outcome.result()
        return found

    def _run(self) -> None:
        sweep_at = time.monotonic()
        stopped = False
        while not stopped:
            orders = self._gather(sweep_at)
            questions = [one for one in orders if isinstance(one, AskedQuestion)]
            if questions:
                self._write(questions)
            for one in orders:
                if isinstance(one, _Call):
                    self._do(one)
                stopped = stopped or one is None
            if not stopped and time.monotonic() >= sweep_at:
                self._attempt(self._sweep, "could not be swept")
                sweep_at = time.monotonic() + SWEEP_EVERY_S
        self._close()

    def _gather(self, until: float) -> Sequence[AskedQuestion | _Call | None]:
        """Wait for orders, at most until a time: questions, and at their end what is waited for or ends the thread."""
        orders: list[AskedQuestion | _Call | None] = []
        while len(orders) < MOST_AT_ONCE:
            try:
                orders.append(self._queue.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
            if not isinstance(orders[-1], AskedQuestion):
                break
            if len(orders) == 1:
                until = time.monotonic() + LINGER_S
        return orders

    def _write(self, questions: Sequence[AskedQuestion]) -> None:
        def write(log: QuestionLog) -> None:
            wanted = self._wanted(questions)
            log.add(wanted)
            self.written += len(wanted)

        if not self._attempt(write, "could not be written"):
            self._drop(len(questions))

    def _do(self, order: _Call) -> None:
        if not order.outcome.set_running_or_notify_cancel():
            return
        try:
            order.outcome.set_result(order.what(self._opened()))
        except Exception as error:
            if not isinstance(error, QAError) or isinstance(error, Unavailable):
                self._close()
            order.outcome.set_exception(error)

    def _attempt(self, what: Callable[[QuestionLog], None], problem: str) -> bool:
        """Do something that nobody waits for; its trouble becomes a warning, and the file is opened anew after it."""
        try:
            what(self._opened())
        except Exception as error:
            if self.warning is None:
                logger.exception("the question log %s", problem)
            self.warning = f"the question log {problem}: {error}"
            self._close()
            return False
        self.warning = None
        return True

    def _opened(self) -> QuestionLog:
        if self._log is None:
            self._log = QuestionLog(self._data_dir)
        return self._log

    def _close(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            log.close()

    def _drop(self, count: int) -> None:
        with self._lock:
            self.dropped += count
