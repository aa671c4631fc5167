"""What the loop waits for: sockets, and calls that other threads want made."""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import socket
from collections.abc import Callable, Iterator

from qa_service.http.connections.connection import Connection

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Events:
    """A selector with a queue of calls. `call_soon` and `wake` are for any thread, the rest for the loop's."""

    def __init__(self) -> None:
        self._poller = selectors.DefaultSelector()
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._signalled = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._poller.register(self._wake_read, READ, self._run_calls)

    def listen(self, listener: socket.socket, accept: Callable[[], None]) -> None:
        """Call `accept` whenever there is somebody."""
        listener.setblocking(False)
        self._poller.register(listener, READ, accept)

    def pause(self, listener: socket.socket) -> None:
        """Leave those who come waiting until `listen` is called again."""
        self._poller.unregister(listener)

    def call_soon(self, call: Callable[[], None]) -> None:
        """Have something called by the loop."""
        self._calls.put(call)
        # The loop resets this before it looks at the calls, so that none is overlooked.
        if not self._signalled:
            self._signalled = True
            self.wake()

    def wake(self) -> None:
        """End the loop's waiting; also from a signal's handler."""
        with contextlib.suppress(OSError):  # it is full of this already
            os.write(self._wake_write, b"\0")

    def watch(self, connection: Connection, events: int) -> None:
        """Watch a connection for these events from now on."""
        if events == connection.events:
            return
        if not connection.events:
            self._poller.register(connection.sock, events, connection)
        elif events:
            self._poller.modify(connection.sock, events, connection)
        else:
            self._poller.unregister(connection.sock)
        connection.events = events

    def wait(self, seconds: float) -> Iterator[tuple[Connection, int]]:
        """Wait so long at most; make the calls that are due and give what happened on connections."""
        for key, events in self._poller.select(seconds):
            if isinstance(key.data, Connection):
                yield key.data, events
            else:
                key.data()

    def close(self) -> None:
        """Stop watching anything; calls are no longer made."""
        self._poller.close()

    def _run_calls(self) -> None:
        with contextlib.suppress(OSError):
            os.read(self._wake_read, 4096)
        self._signalled = False
        # What these calls add comes after what happens on connections: of a client that sends hundreds of requests in a
        # row, a call looks at the next one each time, and all others would wait for its last.
        for _ in range(self._calls.qsize()):
            self._calls.get_nowait()()
