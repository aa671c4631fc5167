"""How arrays are packed into the catalogue's BLOB columns: little-endian, no header, one row's arrays only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qa_service.types import Span

_TERM = np.dtype("<u4")
_FREQUENCY = np.dtype("<u2")
_OFFSET = np.dtype("<u4")
_UNIT = np.dtype([("print", "<i8"), ("length", "<u2"), ("kind", "u1")])
_TERM_BYTES = _TERM.itemsize + _FREQUENCY.itemsize


def pack_spans(spans: Sequence[Span]) -> bytes:
    """Pack spans as pairs of unsigned 32-bit offsets."""
    return np.array([(span.start, span.end) for span in spans], dtype=_OFFSET).tobytes()


def unpack_spans(blob: bytes) -> tuple[Span, ...]:
    """Undo `pack_spans`."""
    pairs = np.frombuffer(blob, dtype=_OFFSET).reshape(-1, 2).tolist()
    return tuple(Span(start, end) for start, end in pairs)


Units = NDArray[np.void]
"""A passage's units (n,), with the fields `print`, `length` and `kind` of `text/units.py`."""


def pack_units(units: Sequence[tuple[int, int, int]]) -> bytes:
    """Pack units given as (print, length, kind)."""
    return np.array(list(units), dtype=_UNIT).tobytes()


def unpack_units(blob: bytes) -> Units:
    """Undo `pack_units`."""
    return np.frombuffer(blob, dtype=_UNIT)


def pack_terms(frequencies: Mapping[int, int]) -> bytes:
    """Pack a passage's term frequencies: all term ids in increasing order, then all frequencies (capped at 65535)."""
    ids = np.array(sorted(frequencies), dtype=_TERM)
    counts = np.array([min(frequencies[int(term)], 0xFFFF) for term in ids], dtype=_FREQUENCY)
    return ids.tobytes() + counts.tobytes()


def unpack_terms(blob: bytes) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Undo `pack_terms`: term ids (n,) in increasing order and their frequencies (n,)."""
    count = len(blob) // _TERM_BYTES
    ids = np.frombuffer(blob, dtype=_TERM, count=count)
    return ids, np.frombuffer(blob, dtype=_FREQUENCY, count=count, offset=count * _TERM.itemsize)


def split_terms(blob: bytes) -> tuple[bytes, bytes]:
    """Take what `pack_terms` gave apart: the ids and the frequencies, each still packed."""
    split = len(blob) // _TERM_BYTES * _TERM.itemsize
    return blob[:split], blob[split:]


def unpack_many_terms(
    split: Sequence[tuple[bytes, bytes]],
) -> tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.int64]]:
    """Undo `pack_terms` for n passages at once, each taken apart by `split_terms`.

    Returns:
        Their term ids one after the other (m,), the frequencies (m,), and where each passage's end (n,).
    """
    ids = np.frombuffer(b"".join([one for one, _ in split]), dtype=_TERM)
    frequencies = np.frombuffer(b"".join([one for _, one in split]), dtype=_FREQUENCY)
    return ids, frequencies, np.cumsum([len(one) for one, _ in split]) // _TERM.itemsize
