"""Passes requests on to a service, and breaks the stream of a chat answer in the way a test asks for."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

Mode = Literal["pass", "cut", "end", "hang", "crumble", "loading", "error"]
CHAT = "/v1/chat/completions"
LOADING = b'{"error":{"message":"still loading","type":"server_error","param":null,"code":"loading"}}'
_TRANSPORT = ("transfer-encoding", "connection", "content-length", "date", "server", "keep-alive")


class Relay:
    """A server in threads of its own on `port`.

    `mode` holds for the next chat: `cut` breaks the connection after the first words, `end` ends the stream there in
    good order, `hang` says nothing more until the page leaves, which sets `left`, `crumble` passes single bytes with
    other line ends and comments, `loading` refuses once, `error` sends an error after the first words.
    `rewrite` changes each frame of a chat's stream.
    """

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.mode: Mode = "pass"
        self.rewrite: Callable[[dict[str, Any]], None] | None = None
        self.left = threading.Event()
        self.asked: list[bytes] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _rewritten(answer: bytes, rewrite: Callable[[dict[str, Any]], None]) -> bytes:
    frames = []
    for part in answer.decode().split("\n\n"):
        data = part.removeprefix("data: ")
        if data.startswith("{"):
            frame = json.loads(data)
            rewrite(frame)
            frames.append(f"data: {json.dumps(frame)}")
        else:
            frames.append(part)
    return "\n\n".join(frames).encode()


def _handler(relay: Relay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass()

        def do_POST(self) -> None:
            self._pass()

        def do_PUT(self) -> None:
            self._pass()

        def log_message(self, *_: object) -> None:
            pass

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            mode: Mode = "pass"
            if self.path == CHAT:
                relay.asked.append(body)
                mode, relay.mode = relay.mode, "pass"
            if mode == "loading":
                self._begin(503, {"Content-Type": "application/json", "Retry-After": "1"})
                self.wfile.write(LOADING)
                return
            status, headers, answer = self._upstream(body)
            if relay.rewrite and self.path == CHAT:
                answer = _rewritten(answer, relay.rewrite)
            self._begin(status, headers)
            if mode == "pass":
                self.wfile.write(answer)
            else:
                self._break(mode, answer)

        def _upstream(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", relay.upstream, timeout=120)
            given = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            connection.request(self.command, self.path, body or None, given)
            response = connection.getresponse()
            answer = response.read()
            connection.close()
            kept = {name: value for name, value in response.getheaders() if name.lower() not in _TRANSPORT}
            return response.status, kept, answer

        def _begin(self, status: int, headers: dict[str, str]) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def _break(self, mode: Mode, answer: bytes) -> None:
            if mode == "crumble":
                text = answer.replace(b"\n\n", b"\r\n: a comment\r\n\r\n")
                for at in range(len(text)):
                    self.wfile.write(text[at : at + 1])
                return
            # The result, the role, and the first words.
            first = b"\n\n".join(answer.split(b"\n\n")[:3]) + b"\n\n"
            self.wfile.write(first)
            if mode == "cut":
                self.wfile.write(b'data: {"choices": [{"del')
                time.sleep(0.3)  # so that what came is shown before the break
                # Closed with a reset, as when the process is killed.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            elif mode == "error":
                self.wfile.write(b'data: {"error": {"message": "the answer broke off", "type": "server_error"}}\n\n')
            elif mode == "hang":
                self.connection.recv(1)  # nothing comes; it returns when the page is gone
                relay.left.set()

    return Handler
