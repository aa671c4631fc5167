"""A relay between Open WebUI and the service that keeps what passes."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

_PASSED_ON = ("Authorization", "Content-Type", "Accept")
_PIECE = 65536
_MARK = re.compile(r"(?<!\\)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a chat answer, and what the service said; times in seconds."""

    body: dict[str, Any]
    status: int
    answer: str
    took: float

    @property
    def prompt(self) -> str:
        """Text of the last message."""
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, str) else json.dumps(content)

    @property
    def is_background(self) -> bool:
        """Whether Open WebUI asks on its own account."""
        return self.prompt.startswith("### Task:")

    def titles(self) -> list[str]:
        """Read the names of the source events, in order of arrival."""
        events = [frame["event"] for frame in self._frames() if "event" in frame]
        return [event["data"]["source"]["name"] for event in events if event["type"] == "source"]

    def marks(self) -> list[int]:
        """Read the numbers of the marks in a streamed answer, in order."""
        choices = [choice for frame in self._frames() for choice in frame.get("choices", ())]
        return [
            int(found[1])
            for found in _MARK.finditer("".join(choice["delta"].get("content") or "" for choice in choices))
        ]

    def _frames(self) -> list[dict[str, Any]]:
        lines = [line.removeprefix("data: ") for line in self.answer.splitlines() if line.startswith("data: {")]
        return [json.loads(line) for line in lines]

    def reply(self) -> str:
        """Read the text of an answer that was not streamed."""
        try:
            return str(json.loads(self.answer)["choices"][0]["message"]["content"])
        except (ValueError, LookupError, TypeError):
            return self.answer


class Relay:
    """Passes requests on to the service as long as the block runs."""

    def __init__(self, service: str) -> None:
        self.calls: list[Call] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(urlsplit(service).netloc, self.calls))
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def question(self, text: str) -> Call | None:
        """Find the call that passed a person's question, once it is answered to the end."""
        return next((call for call in reversed(self.calls) if call.prompt == text), None)

    def __enter__(self) -> Relay:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(service: str, calls: list[Call]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_POST(self) -> None:
            self._pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _pass_on(self, body: bytes) -> None:
            headers = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
            connection = http.client.HTTPConnection(service, timeout=120)
            started = time.monotonic()
            try:
                connection.request(self.command, self.path, body or None, headers)
                response = connection.getresponse()
                self.send_response(response.status)
                self.send_header("Content-Type", response.headers.get("Content-Type", ""))
                self.end_headers()
                pieces = []
                while piece := response.read1(_PIECE):
                    pieces.append(piece)
                    self.wfile.write(piece)
                    self.wfile.flush()
            finally:
                connection.close()
            if self.path.endswith("/chat/completions"):
                answer = b"".join(pieces).decode("utf-8", "replace")
                calls.append(Call(json.loads(body), response.status, answer, time.monotonic() - started))

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
