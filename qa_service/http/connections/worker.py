"""gunicorn's threaded worker with connections of our own: threads are given whole requests, and keep no client's pace.

gunicorn's own hands a connection to a thread as soon as it is accepted, where head and body are read and the answer is
written as slowly as the client likes. Here one loop reads and writes (`Loop`), `Lanes` decides what is worked on, and
of gunicorn there are the process, the parser, and the WSGI side of a request.
"""

from __future__ import annotations

import logging
import math
import signal
import time
from collections import Counter
from concurrent import futures
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from gunicorn.workers.gthread import ThreadWorker

from qa_service import logs
from qa_service.deadline import set_deadline
from qa_service.http import large_bodies
from qa_service.http.connections import refusals
from qa_service.http.connections.connection import Connection, State
from qa_service.http.connections.ending import Ending
from qa_service.http.connections.giving_up import giving_up
from qa_service.http.connections.hurry import Hurry
from qa_service.http.connections.lanes import STATE_THREADS, Lane, Lanes, Verdict, lane_of
from qa_service.http.connections.limits import Limits, NoRoom, room_for_connections
from qa_service.http.connections.loop import Loop
from qa_service.http.failure import Failure
from qa_service.http.load import load_of
from qa_service.http.stopping import stop_of, stopping
from qa_service.long_work import set_check

if TYPE_CHECKING:
    from qa_service.config import Settings

_IDLE_SECONDS = 65
_TICK_SECONDS = 0.25
_LINGER_SECONDS = 0.5
"""How long a server that stops goes on answering (that it stops) to those who may just be asking."""
_LAST_WORDS_SECONDS = 1.0
"""How long before the end streams are told to end."""
_log = logging.getLogger(__name__)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Serves the application in one process; `app.settings` are the service's."""

    wsgi: Any
    _quitting = False
    _notified = -math.inf
    _swept = -math.inf

    def init_process(self) -> None:
        """Put the parts together; gunicorn calls `run` in the end."""
        settings: Settings = self.app.settings
        self._seconds = settings.read_seconds
        self._patience = settings.queue_seconds
        self._encode_seconds = settings.encode_seconds
        self._stop_seconds = settings.stop_seconds
        self._lanes: Lanes[Connection] = Lanes(settings.threads, settings.queue, settings.queue_seconds)
        self._hurry = Hurry()
        self._ending = Ending[Connection]()
        limits = Limits(settings.read_seconds, _IDLE_SECONDS, room_for_connections())
        self._loop = Loop(self.cfg, limits, self._admit, self._refuse_unread, self._takes_large)
        super().init_process()

    def get_thread_pool(self) -> futures.ThreadPoolExecutor:
        """Make the threads: those of the settings and a few that tell the state."""
        return futures.ThreadPoolExecutor(self.cfg.threads + STATE_THREADS, "request")

    def notify(self) -> None:
        """Tell the parent that the worker lives: once a second is enough, not with every event."""
        now = time.monotonic()
        if now - self._notified >= 1:
            self._notified = now
            super().notify()

    def init_signals(self) -> None:
        """Leave SIGINT to the parent: Ctrl-C reaches both, and the parent passes it on."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ARG002 - a signal's
        """Begin to stop."""
        self.alive = False
        self._loop.events.wake()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop at once; a second signal must not come in between, since the first may hold the pool's lock."""
        if not self._quitting:
            self._quitting = True
            super().handle_quit(sig, frame)

    def run(self) -> None:
        """Serve until told to stop, and then finish what was accepted."""
        self._flask = self.wsgi
        self.wsgi = self._ending.watching(self._flask)
        self._load = load_of(self._flask)
        self._large_bodies = large_bodies.decided_by(self._flask)
        for listener in self.sockets:
            self._loop.listen(listener)
        while self.alive and self.is_parent_alive():
            self._turn()
        self.alive = False
        self._finish()
        self.tpool.shutdown(wait=False, cancel_futures=True)
        for listener in self.sockets:
            listener.close()

    def _turn(self) -> None:
        self.notify()
        self._loop.run(_TICK_SECONDS if self._loop.connections else 1.0)
        now = time.monotonic()
        if now < self._swept + _TICK_SECONDS:
            return
        self._swept = now
        self._loop.sweep()
        self._hurry.look(now)
        for connection in self._lanes.expired(now):
            retry_after = self._lanes.retry_after(connection.lane, now)
            self._refuse(connection, "waited", refusals.waited(self._patience, retry_after))
        self._count()

    def _finish(self) -> None:
        """Answer what was accepted while the time to stop lasts; new requests are told that the service stops."""
        stop = stop_of(self._flask)
        stop.begun.set()
        began = time.monotonic()
        end = began + self._stop_seconds
        streams_end = end - min(_LAST_WORDS_SECONDS, self._stop_seconds / 2)
        while (now := time.monotonic()) < end:
            if not self._accepted() and (not self._loop.connections or now > began + _LINGER_SECONDS):
                break
            if now > streams_end:
                stop.over.set()
            self._turn()
        for connection in self._lanes.emptied():
            self._refuse(connection, "stopping", stopping())
        for connection in self._accepted():
            request = connection.incoming.request
            last = refusals.answer(self._flask, stopping(), request, refusals.id_of(request), keep=False)
            connection.sock.last_words(last)
        self._loop.close()

    def _accepted(self) -> list[Connection]:
        unfinished = (State.WAITING, State.WORKING, State.SENDING)
        return [connection for connection in self._loop.connections if connection.state in unfinished]

    def _admit(self, connection: Connection) -> None:
        """Have a whole request worked on, now or later, or refuse it."""
        request = connection.incoming.request
        connection.lane = lane_of(request.method, request.path)
        if not self.alive and connection.lane is not Lane.STATE:
            self._refuse(connection, "stopping", stopping())
            return
        now = connection.arrived = time.monotonic()
        verdict = self._lanes.admit(connection, connection.lane, now, self._ends())
        if verdict is Verdict.START:
            self._start(connection)
        elif verdict is Verdict.REFUSE:
            self._refuse(connection, "full", refusals.busy(self._lanes.retry_after(connection.lane, now)))
        self._count()

    def _takes_large(self, request: Any) -> bool:
        return bool(self._large_bodies(request.headers))

    def _ends(self) -> Counter[Lane] | None:
        return Counter(connection.lane for connection in self._ending) if self._ending else None

    def _start(self, connection: Connection) -> None:
        connection.state = State.WORKING
        self.tpool.submit(self._work, connection)

    def _work(self, connection: Connection) -> None:
        """Answer a request, in a thread."""
        keep = False
        self._ending.begin(connection)
        # Waiting here and waiting for a turn within the engine count together.
        set_deadline(connection.arrived + self._patience)
        if connection.lane is Lane.SIDE:
            set_check(giving_up(connection.sock, self._encode_seconds))
        try:
            keep = self._respond(connection)
        finally:
            set_check(None)
            self._loop.events.call_soon(partial(self._done, connection, keep))

    def _respond(self, connection: Connection) -> bool:
        request = connection.incoming.request
        try:
            keep = self.handle_request(request, connection)
        except StopIteration:  # an answer that broke off
            return False
        except OSError as error:
            _log.debug("a client has gone: %s", error)
            return False
        except Exception as error:
            self.handle_error(request, connection.sock, connection.client, error)
            return False
        # After a body that could not be read, nobody knows where the next request begins.
        return bool(keep) and not connection.incoming.truncated and not getattr(request.body, "failed", False)

    def _done(self, connection: Connection, keep: bool) -> None:
        self._ending.over(connection)
        started = self._lanes.done(connection.lane)
        for waiting, _ in started:
            self._start(waiting)
        self._count()
        self._loop.finish(connection, keep=keep and self.alive)

    def _refuse_unread(self, connection: Connection, error: Exception) -> None:
        reason = "memory" if isinstance(error, NoRoom) else "unreadable"
        self._refuse(connection, reason, refusals.unreadable(error, self._seconds), keep=False)

    def _refuse(self, connection: Connection, reason: str, failure: Failure, *, keep: bool = True) -> None:
        request = connection.incoming.request
        keep = keep and self.alive and not request.should_close()
        self._hurry.refused(time.monotonic())
        self._load.refuse(reason)
        request_id = refusals.id_of(request)
        data = refusals.answer(self._flask, failure, request, request_id, keep=keep)
        try:
            connection.sock.sendall(data)
        except OSError:
            keep = False
        seen = logs.request_id.set(request_id)
        try:
            self._log_refusal(connection, failure.status, len(data))
        finally:
            logs.request_id.reset(seen)
        self._loop.finish(connection, keep=keep)

    def _log_refusal(self, connection: Connection, status: int, sent: int) -> None:
        request = connection.incoming.request
        environ = {"REMOTE_ADDR": connection.client[0]}
        if request is not None:
            environ |= {"REQUEST_METHOD": request.method, "RAW_URI": request.uri}
        said = SimpleNamespace(status=f"{status} refused", sent=sent, headers=[], response_length=sent)
        self.log.access(said, request, environ, timedelta(seconds=time.monotonic() - connection.since))

    def _count(self) -> None:
        self._load.working, self._load.waiting = self._lanes.working, self._lanes.waiting
        self._load.connections = len(self._loop.connections)
