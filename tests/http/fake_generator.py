"""A server of the OpenAI chat protocol under a test's control: what a language model would be."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeGenerator:
    """Answers every request with `pieces`, as a stream.

    `status` other than 200 refuses; `end` None breaks off without `[DONE]`; a piece that is an Event is waited for.
    """

    def __init__(self) -> None:
        self.pieces: list[str | threading.Event] = []
        self.status = 200
        self.content_type = "text/event-stream"
        self.end: str | None = "[DONE]"
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.asked = threading.Event()
        self.gone = threading.Event()
        self.url = ""

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.requests.append(json.loads(body))
        self.keys.append(handler.headers["Authorization"])
        self.asked.set()
        handler.send_response(self.status)
        handler.send_header("Content-Type", self.content_type)
        handler.end_headers()
        try:
            for piece in self.pieces:
                if isinstance(piece, threading.Event):
                    self._wait(handler, piece)
                else:
                    self._send(handler, json.dumps({"choices": [{"index": 0, "delta": {"content": piece}}]}))
            if self.end is not None:
                self._send(handler, self.end)
        except OSError:
            self.gone.set()

    def _wait(self, handler: BaseHTTPRequestHandler, event: threading.Event) -> None:
        while not event.wait(0.02):
            handler.wfile.write(b": waiting\n\n")

    def _send(self, handler: BaseHTTPRequestHandler, data: str) -> None:
        handler.wfile.write(f"data: {data}\n\n".encode())
        handler.wfile.flush()


@contextmanager
def serving() -> Iterator[FakeGenerator]:
    """Run one on a free port."""
    fake = FakeGenerator()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            fake.respond(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
