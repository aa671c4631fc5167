"""Batches for an encoder: by token budget for many texts, and by joining concurrent callers for few."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.encoder import Vectors


def token_budget_batches(lengths: Sequence[int], budget: int, max_items: int) -> list[list[int]]:
    """Group texts of similar length so that little is spent on padding.

    A batch costs its size times its longest text, as every text in it is padded to that length. Batches come in
    increasing length, each of at most `budget` tokens and `max_items` texts; a text longer than the budget is a
    batch of its own.

    Args:
        lengths: tokens of each text.
        budget: tokens a batch may cost, padding included.
        max_items: texts a batch may hold.

    Returns:
        Positions in `lengths`, each exactly once.

    Errors:
        ValueError: `budget` or `max_items` is not positive.
    """
    if budget < 1 or max_items < 1:
        raise ValueError("budget and max_items must be positive")
    batches: list[list[int]] = []
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        # In increasing order the newcomer is the longest, so its length is what all of them would be padded to.
        if batch and (len(batch) == max_items or (len(batch) + 1) * lengths[position] > budget):
            batches.append(batch)
            batch = []
        batch.append(position)
    if batch:
        batches.append(batch)
    return batches


def restore_order(batches: Sequence[Sequence[int]], encoded: Iterable[Vectors], dim: int) -> Vectors:
    """Put the vectors of each batch back at the positions its texts came from.

    Args:
        batches: positions, as `token_budget_batches` gives them.
        encoded: one float32 array of shape (len(batch), dim) per batch, consumed one at a time.
        dim: the length of a vector.

    Returns:
        float32 of shape (number of positions, dim).
    """
    vectors = np.empty((sum(map(len, batches)), dim), dtype=np.float32)
    for batch, rows in zip(batches, encoded, strict=True):
        vectors[list(batch)] = rows
    return vectors


@dataclass(slots=True)
class _Call:
    texts: list[str]
    vectors: Vectors | None = None
    error: BaseException | None = None


class JoinedCalls:
    """Join calls that arrive while another one runs into a single call of the encoder.

    One batch of eight questions takes less time than eight batches of one that compete for the same cores.

    Args:
        encode: takes texts, returns float32 of shape (len(texts), dim); called by one thread at a time.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Vectors]) -> None:
        self._encode = encode
        self._running = threading.Lock()
        self._guard = threading.Lock()
        self._waiting: list[_Call] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of `texts`, of shape (len(texts), dim), or raise what `encode` raises for them alone."""
        call = _Call(list(texts))
        with self._guard:
            self._waiting.append(call)
        with self._running:
            # Whoever runs takes everyone who waits along; most callers find their vectors ready when their turn comes.
            if call.vectors is None and call.error is None:
                with self._guard:
                    calls, self._waiting = self._waiting, []
                self._run(calls)
        if call.error is not None:
            raise call.error
        assert call.vectors is not None
        return call.vectors

    def _run(self, calls: list[_Call]) -> None:
        try:
            vectors = self._encode([text for call in calls for text in call.texts])
        except BaseException as error:
            if len(calls) == 1 or not isinstance(error, Exception):
                for call in calls:
                    call.error = error
                return
            # One caller's bad text must not fail the others.
            for call in calls:
                self._run([call])
            return
        start = 0
        for call in calls:
            call.vectors = vectors[start : start + len(call.texts)]
            start += len(call.texts)
