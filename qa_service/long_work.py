"""Work that takes long, a step at a time: between steps it asks whether to go on, of whoever took it in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar

import numpy as np

from embeddings.encoder import Vectors

STEP_TEXTS = 64
"""Texts encoded in a step. With the default model 64 of the longest passages take 4.6 s of processor time. 600 texts,
sentences to whole passages, take 5.2 s in steps and 5.3 s in one call."""
_check: ContextVar[Callable[[], None] | None] = ContextVar("long_work_check", default=None)


def set_check(check: Callable[[], None] | None) -> None:
    """Set what this thread calls between the steps of its work; it raises to end the work."""
    _check.set(check)


def go_on() -> None:
    """Ask whether to go on; raises what the check raises."""
    check = _check.get()
    if check is not None:
        check()


def encode_in_steps(encode: Callable[[Sequence[str]], Vectors], texts: Sequence[str]) -> Vectors:
    """Encode texts, asking before each step whether to go on.

    Those of about one length together, as an encoder has them in batches; which they are does not depend on the order.

    Parameters:
        encode: of an encoder; takes texts, gives float32 of shape (len(texts), dim).

    Returns:
        float32 of shape (len(texts), dim).
    """
    if len(texts) <= STEP_TEXTS:
        go_on()
        return encode(texts)
    order = sorted(range(len(texts)), key=lambda place: (len(texts[place]), texts[place]))
    steps = [order[start : start + STEP_TEXTS] for start in range(0, len(order), STEP_TEXTS)]
    vectors: Vectors | None = None
    for step in steps:
        go_on()
        encoded = encode([texts[place] for place in step])
        if vectors is None:
            vectors = np.empty((len(texts), encoded.shape[1]), dtype=np.float32)
        vectors[step] = encoded
    assert vectors is not None
    return vectors
