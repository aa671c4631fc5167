"""Where a chunked body ends, found as it arrives."""

from __future__ import annotations

import re

from qa_service.http.connections.limits import LONGEST_BODY, LONGEST_HEAD, MOST_SMALL_CHUNKS, SMALL_CHUNK, TinyChunks

_LONGEST_CHUNK_LINE = 8190
_TRAILER_END = b"\r\n\r\n"
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")


class Chunks:
    """Finds the end of a chunked body (RFC 9112, section 7.1) in data that grows.

    Where nobody reads the body, this alone says where the next request begins. A proxy in front may see another end
    in lines that do not end with CRLF, or in a size that is not followed by it: they are refused. So are many chunks
    of a few bytes: each costs as much to find and to take apart as a large one, here and in the parser.
    """

    def __init__(self) -> None:
        self._at = 0
        self._is_trailer = False
        self._count = 0
        self._size = 0

    def end(self, data: bytearray) -> int | None:
        """Give the place after the body; None while it is not there.

        Errors:
            ValueError: the data is no chunked body. TinyChunks: it is in too many, too small pieces.
        """
        while not self._is_trailer:
            line = self._line_end(data)
            if line is None:
                return None
            found = _CHUNK_SIZE.fullmatch(bytes(data[self._at : line]))
            if found is None:
                raise ValueError("a chunk without a size")
            size = int(found[1], 16)
            if size == 0:
                self._at, self._is_trailer = line + 2, True
                break
            after = line + 2 + size
            if after > LONGEST_BODY or (len(data) >= after + 2 and data[after : after + 2] != b"\r\n"):
                raise ValueError("a chunk that is too long, or longer than its size")
            if len(data) < after + 2:
                return None
            self._at = after + 2
            self._count += 1
            self._size += size
            if self._count > MOST_SMALL_CHUNKS and self._size < self._count * SMALL_CHUNK:
                raise TinyChunks
        return self._trailer_end(data)

    def _line_end(self, data: bytearray) -> int | None:
        line = data.find(b"\r\n", self._at)
        if (len(data) if line < 0 else line) - self._at > _LONGEST_CHUNK_LINE:
            raise ValueError("a chunk whose size is a long story")
        return line if line >= 0 else None

    def _trailer_end(self, data: bytearray) -> int | None:
        if data.startswith(b"\r\n", self._at):
            return self._at + 2
        end = data.find(_TRAILER_END, self._at)
        trailer = bytes(data[self._at : end + len(_TRAILER_END) if end >= 0 else len(data)])
        if end < 0 and len(trailer) > LONGEST_HEAD:
            raise ValueError("a trailer that is too long")
        # Of a line end, the first half may have come.
        if not trailer.count(b"\n") == trailer.count(b"\r\n") == trailer.removesuffix(b"\r").count(b"\r"):
            raise ValueError("a trailer with half a line end")
        return end + len(_TRAILER_END) if end >= 0 else None
