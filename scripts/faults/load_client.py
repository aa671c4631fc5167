"""A client for thousands of requests a second: one kept-alive connection, HTTP/1.1 and JSON, on asyncio's streams."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PATIENCE_S = 120
IDLE_S = 50
"""A connection that was idle for longer is made anew: the server ends it after 65 s, perhaps just when one asks."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and when it was asked for and came (monotonic seconds)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    asked: float
    came: float

    @property
    def ms(self) -> float:
        """How long it took."""
        return (self.came - self.asked) * 1e3

    def json(self) -> Any:
        """Read its JSON."""
        return json.loads(self.body)


class Lost(Exception):
    """The connection was cut, or no answer came, or one that is none."""


def request_bytes(method: str, path: str, body: object = None) -> bytes:
    """Write a request."""
    data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


@dataclass
class Caller:
    """A connection, made when it is needed and made again after it was closed."""

    port: int
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, init=False)
    _used: float = field(default=0.0, init=False)

    async def call(self, request: bytes) -> Answer:
        """Send a request and read its answer.

        Errors:
            Lost: there is none.
        """
        asked = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                if self._streams is not None and (asked > self._used + IDLE_S or self._streams[0].at_eof()):
                    self.close()
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self.port)
                reader, writer = self._streams
                writer.write(request)
                status, headers = await _read_head(reader)
                body = await _read_body(reader, headers) if status != 204 else b""
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, TimeoutError) as error:
            self.close()
            raise Lost(f"{type(error).__name__}: {error}") from error
        self._used = time.monotonic()
        answer = Answer(status, headers, body, asked, self._used)
        if headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return int(first.split(" ", 2)[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)
