"""One request on its way in: fed with what arrives, until all of its head and body are there.

gunicorn's parser has the last word on every request. Here is only found out how many bytes to wait for before it is
given to a thread; a thread that reads more than that finds the end of the data, and never waits for a client.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gunicorn.http.errors import InvalidHeader, InvalidRequestLine, LimitRequestHeaders, LimitRequestLine, NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from qa_service.http.connections.chunks import Chunks
from qa_service.http.connections.limits import LONGEST_BODY, LONGEST_HEAD, TinyChunks
from qa_service.http.connections.memory import OWN
from qa_service.http.limits import MEGABYTE

LONGEST_REQUEST_LINE = 8190
_PIECE = 64
_HEAD_END = b"\r\n\r\n"


class Received(Unreader):  # type: ignore[misc]
    """What has arrived, as gunicorn's parser reads it: at its end is the end of the data.

    Where it names no size, the parser copies what it was given once for every chunk that it finds in it: the head is
    read as a whole, but a body in pieces that are not much longer than the line of a chunk's size.
    """

    def __init__(self, head: bytes) -> None:
        super().__init__()
        self._view = memoryview(head)
        self._at = 0
        self._piece = len(head)

    def replace(self, body: memoryview) -> None:
        """Go on with the body."""
        self._view, self._at, self._piece = body, 0, _PIECE

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Read so many bytes, or a piece that is as long as may be read ahead; fewer at the end."""
        if size is None or size < 0:
            size = max(self._piece, min(read_ahead or 0, MEGABYTE))
        piece = bytes(self._view[self._at : self._at + size])
        self._at += len(piece)
        return piece

    def unread(self, data: bytes) -> None:
        """Put back what was just read."""
        self._at -= len(data)


def _from_anybody(_: Any) -> bool:
    return True


class Incoming:
    """A request that is being received.

    Parameters:
        takes_large: tells of a request, gunicorn's, of which the head is there, whether a body over `OWN` bytes is
            read. Where it is not, the application is given none of it.

    Attributes:
        request: gunicorn's, once the head is there.
        whole: all that is waited for is there.
        truncated: more of the body will come than is waited for, so that the connection ends with the answer.
        wants_continue: the client waits to be told to send the body.
        surplus: what arrived after the request's end.
    """

    def __init__(
        self, cfg: Any, client: Any, number: int = 1, *, takes_large: Callable[[Any], bool] = _from_anybody
    ) -> None:
        self._cfg = cfg
        self._client = client
        self.number = number
        self._takes_large = takes_large
        self._is_taken = False
        self._data = bytearray()
        self._received: Received | None = None
        self._length: int | None = None
        self._chunks: Chunks | None = None
        self.request: Any = None
        self.whole = False
        self.truncated = False
        self.wants_continue = False
        self.surplus = b""

    @property
    def size(self) -> int:
        """Bytes that are kept of it."""
        return len(self._data)

    @property
    def begun(self) -> bool:
        """Whether anything of it has arrived."""
        return bool(self._data) or self.request is not None

    def feed(self, piece: bytes) -> None:
        """Take what has arrived.

        Errors:
            ParseException: this is no request, its head is too large, or its chunks are too small.
        """
        searched = max(0, len(self._data) - len(_HEAD_END) + 1)
        self._data += piece
        if self.request is None:
            end = self._data.find(_HEAD_END, searched)
            if end < 0:
                self._check_head()
                return
            self._read_head(bytes(self._data[: end + len(_HEAD_END)]))
            del self._data[: end + len(_HEAD_END)]
        self._look_for_end()
        # Whoever has sent something of the body does not wait.
        self.wants_continue = self.wants_continue and not self.whole and not self._data

    def release(self) -> None:
        """Let go of the body, the parser's copies included: its request has been answered."""
        if self._received is not None:
            self._received.replace(memoryview(b""))
        if self.request is not None:
            # Its reader knows the request in turn: what it keeps would stay until somebody looks for such circles.
            self.request.body = None
        # Not cleared: what is read of it now may still be seen.
        self._data = bytearray()

    def _check_head(self) -> None:
        if len(self._data) > LONGEST_HEAD:
            raise LimitRequestHeaders("the head is too large")
        if len(self._data) > LONGEST_REQUEST_LINE + 2 and self._data.find(b"\r\n", 2) < 0:
            raise LimitRequestLine(len(self._data), LONGEST_REQUEST_LINE)
        # Such a head would never end as it is read here.
        if self._data.count(b"\n") != self._data.count(b"\r\n"):
            raise InvalidHeader("bare LF as line terminator")

    def _read_head(self, head: bytes) -> None:
        self._received = Received(head)
        try:
            request = Request(self._cfg, self._received, self._client, self.number)
        except (NoMoreData, StopIteration):
            raise InvalidRequestLine(repr(head[:40])) from None
        headers = dict(request.headers)
        if "TRANSFER-ENCODING" in headers:
            self._chunks = Chunks()
        else:
            self._length = int(headers.get("CONTENT-LENGTH", 0))
        self.wants_continue = request.version >= (1, 1) and headers.get("EXPECT", "").lower() == "100-continue"
        # It is answered here; gunicorn would do it once more, when the body has long been read.
        request.headers = [(name, value) for name, value in request.headers if name != "EXPECT"]
        request._expected_100_continue = False
        self.request = request

    def _look_for_end(self) -> None:
        end: int | None = self._length
        try:
            if self._chunks is not None:
                end = self._chunks.end(self._data)
        except TinyChunks:
            # The client may read no answer before it has sent all.
            self.truncated = True
            raise
        except ValueError:
            end = None
            self.truncated = True
        if (end is not None and end > LONGEST_BODY) or not self._is_welcome(len(self._data) if end is None else end):
            # By its length, or by whom it comes from, it is known to be refused: what there is of it is of no use.
            end = 0
            self._data.clear()
            self.truncated = True
        elif self.truncated or len(self._data) > LONGEST_BODY:
            end = len(self._data)
            self.truncated = True
        if end is None or len(self._data) < end:
            return
        self.whole = True
        self.surplus = b"" if self.truncated else bytes(self._data[end:])
        if self.truncated:
            self.request.force_close()
        assert self._received is not None
        self._received.replace(memoryview(self._data)[:end])

    def _is_welcome(self, size: int) -> bool:
        """Tell whether a body is read that is at least so long."""
        self._is_taken = self._is_taken or (size > OWN and self._takes_large(self.request))
        return self._is_taken or size <= OWN
