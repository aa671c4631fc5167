"""The socket of a client: what it does not take at once is kept and sent when it does, so that no writer waits for it.

Only who is over `LONGEST` bytes ahead of it does.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable

from qa_service.http.connections.limits import Pace
from qa_service.http.connections.memory import MEGABYTE, Memory, Share

LONGEST = 8 * MEGABYTE
"""Bytes that may wait on one connection before its writer has to wait too; one piece may be larger."""


class Outgoing(socket.socket):
    """A non-blocking socket with a buffer for what is to be sent.

    `sendall` and `is_gone` are called by the thread that answers, everything else by the loop that owns the connection.
    """

    def prepare(self, memory: Memory, seconds: float, wake: Callable[[], None]) -> None:
        """Make it ready.

        Parameters:
            seconds: that the client has for what waits, see `Pace`.
            wake: called, by any thread, when something begins to wait.
        """
        self.setblocking(False)
        self._wake = wake
        self._room = threading.Condition(threading.Lock())
        self._pieces: deque[memoryview] = deque()
        self._share = Share(memory)
        self._broken = False
        self._dropped = False
        self._used = False
        self._pace = Pace(seconds)

    @property
    def waiting(self) -> int:
        """Bytes that wait to be sent."""
        return self._share.size

    @property
    def broken(self) -> bool:
        """Whether something of an answer was dropped, so that nothing can follow it."""
        return self._broken

    def next_request(self) -> None:
        """Forget that something was sent: what comes answers another request."""
        self._used = False

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]  # noqa: ARG002 - the socket's
        """Send what can be sent at once and keep the rest.

        Errors:
            BrokenPipeError: the client has gone, or takes so little that it was given up.
        """
        view = memoryview(data)
        with self._room:
            self._used = True
            self._check()
            if not self._pieces:
                view = self._send_some(view)
            if not view:
                return
            while self._share.size > LONGEST:
                self._room.wait()
                self._check()
            begins = not self._pieces
            if not self._share.resize(self._share.size + len(view)):
                self._dropped = True
                self._break()
                self._check()
            if begins:
                self._pace.begin(time.monotonic())
            self._pieces.append(view)
        if begins:
            self._wake()

    def is_gone(self) -> bool:
        """Tell whether the client has closed the connection, or sends no more, before it has its answer."""
        if self._broken:
            return True
        try:
            return not self.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True

    def flush(self) -> bool:
        """Send what can be sent; True when nothing waits any more.

        Errors:
            OSError: the client has gone.
        """
        with self._room:
            while self._pieces:
                rest = self._send_some(self._pieces[0])
                sent = len(self._pieces[0]) - len(rest)
                self._pace.moved(sent, time.monotonic())
                self._share.resize(self._share.size - sent)
                if rest:
                    self._pieces[0] = rest
                    break
                self._pieces.popleft()
            self._room.notify_all()
            return not self._pieces

    def is_stalled(self, now: float) -> bool:
        """Tell whether the client has had its time for what waits."""
        with self._room:
            return bool(self._pieces) and self._pace.is_over(now)

    def cut(self) -> None:
        """Drop what waits; who writes from now on gets an error."""
        with self._room:
            self._break()

    def last_words(self, data: bytes) -> bool:
        """Answer in place of a thread that has said nothing yet, which gets an error from then on; False otherwise."""
        with self._room:
            if self._used or self._broken:
                return False
            self._broken = True
            try:
                return not self._send_some(memoryview(data))
            except OSError:  # who has gone keeps nobody else from its last words
                return False

    def shutdown(self, how: int) -> None:  # noqa: ARG002 - the socket's
        """Refuse: the connection is the loop's to end, not that of who answers."""
        raise OSError(errno.ENOTCONN, "the connection is not yours to end")

    def close(self) -> None:
        """Do nothing, for the same reason."""

    def finish_sending(self) -> None:
        """Tell the client that nothing more will come."""
        super().shutdown(socket.SHUT_WR)

    def end(self) -> None:
        """Close the connection; it is reset where a part of its answer is missing: nothing is kept for it then."""
        self.cut()
        # It leads back here: without it nothing of a connection outlives its end.
        self._wake = _nothing
        if self._dropped:
            with contextlib.suppress(OSError):
                self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        super().close()

    def _check(self) -> None:
        if self._broken:
            raise BrokenPipeError(errno.EPIPE, "the client has gone")

    def _break(self) -> None:
        self._broken = True
        self._dropped = self._dropped or bool(self._pieces)
        self._pieces.clear()
        self._share.resize(0)
        self._room.notify_all()

    def _send_some(self, view: memoryview) -> memoryview:
        try:
            while view:
                view = view[self.send(view) :]
        except (BlockingIOError, InterruptedError):
            pass
        return view


def _nothing() -> None:
    """Wake nobody."""
