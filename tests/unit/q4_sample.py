"""A small model file in the 4-bit format, made here value by value, for the tests of what reads it."""

from __future__ import annotations

import hashlib
import struct

import numpy as np

from embeddings.models import SourceFile

HIDDEN, LAYERS, WIDE, VOCABULARY, POSITIONS = 32, 2, 64, 40, 8


def _tensors():
    """Name and number of values of each tensor, and whether it is quantised."""
    yield from (("emb.word", VOCABULARY * HIDDEN, True), ("emb.pos", POSITIONS * HIDDEN, False))
    yield from (("emb.type", 2 * HIDDEN, False), ("emb.ln.w", HIDDEN, False), ("emb.ln.b", HIDDEN, False))
    for layer in range(LAYERS):
        for part in ("q", "k", "v", "ao", "fi", "fo"):
            yield f"l{layer}.{part}.w", HIDDEN * (WIDE if part in ("fi", "fo") else HIDDEN), True
            yield f"l{layer}.{part}.b", WIDE if part == "fi" else HIDDEN, False
        for part in ("aln", "oln"):
            yield from ((f"l{layer}.{part}.w", HIDDEN, False), (f"l{layer}.{part}.b", HIDDEN, False))


def _q4_bytes():
    """A small file of the format, and the values a reader must find in it."""
    rng = np.random.default_rng(0)
    expected, payload, directory = {}, b"", []
    for name, count, quantised in _tensors():
        if quantised:
            data, values = b"", []
            for _ in range(count // 32):
                scale = np.float16(rng.normal())
                nibbles = rng.integers(0, 16, 32).tolist()
                data += struct.pack("<e", scale) + bytes(nibbles[j] | nibbles[j + 16] << 4 for j in range(16))
                values += [(nibble - 8) * float(scale) for nibble in nibbles]
            expected[name] = np.array(values, np.float32)
        else:
            expected[name] = rng.standard_normal(count).astype("<f4")
            data = expected[name].tobytes()
        directory.append((name.encode(), int(quantised), count, len(payload), len(data)))
        payload += data
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, 4, WIDE, VOCABULARY, POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", 2, 0, 2, 1, 3, 5) + struct.pack("<3I2f", 0, 3, 5, -1.0, -2.0) + b"abcde"
    head += struct.pack("<iI", 1, 7) + b"mapping" + struct.pack("<i", len(directory))
    start = len(head) + sum(2 + len(entry[0]) + 1 + 4 + 8 + 8 for entry in directory)
    for name, kind, count, offset, size in directory:
        head += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", kind, count, start + offset, size)
    return head + payload, expected


Q4, VALUES = _q4_bytes()


def make_source(folder):
    """Write a package that carries the file into `folder` and must not be imported; return its description."""
    package = folder / "carrier_of_tests"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "data.bin").write_bytes(Q4)
    return SourceFile("carrier-of-tests", "1.0", package.name, "data.bin", len(Q4), hashlib.sha256(Q4).hexdigest())
