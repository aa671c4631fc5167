"""An encoder that encodes no question twice, and concurrent ones together."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from embeddings.encoder import Encoder, Vectors
from embeddings.joined_calls import JoinedCalls, JoinedCounts, are_few
from embeddings.models import ModelDescription, RuntimeInfo


def _key(text: str) -> bytes:
    """Name a question in few bytes: what was asked is not kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Pending:
    """A question that some caller is encoding; `vector` stays None when that failed."""

    def __init__(self) -> None:
        self.settled = threading.Event()
        self.vector: Vectors | None = None


class CachingEncoder:
    """Keep the vectors of the questions asked last, in memory only. Safe for threads.

    Calls of few questions are joined, see `JoinedCalls`, and equal ones that arrive together are encoded once; calls of
    many go to the encoder as they are, and nothing of them is kept.

    Args:
        encoder: what encodes; its prompts are a part of it, so that a text alone decides about its vector.
        entries: vectors kept, those used longest ago being forgotten first; 0 keeps none.
        wait_s: as of `JoinedCalls`.
    """

    def __init__(self, encoder: Encoder, entries: int, wait_s: float = 0.0) -> None:
        self.encoder = encoder
        self._entries = entries
        self._joined = JoinedCalls(encoder.encode_queries, wait_s)
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()
        self._pending: dict[str, _Pending] = {}
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def encode_later(self, no_hurry: Callable[[], bool]) -> None:
        """Have questions wait for others while nobody could use their vectors; see `JoinedCalls`."""
        self._joined.no_hurry = no_hurry

    @property
    def description(self) -> ModelDescription:
        """The model's name, dimension, prompts and limits."""
        return self.encoder.description

    @property
    def fingerprint(self) -> str:
        """Identify the vectors: encoders with equal fingerprints give interchangeable ones."""
        return self.encoder.fingerprint

    @property
    def runtime(self) -> RuntimeInfo:
        """What runs the model, and in which precision."""
        return self.encoder.runtime

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions; float32 of shape (len(texts), dim), each row of unit length."""
        if isinstance(texts, str) or not are_few(texts):
            return self.encoder.encode_queries(texts)
        if not self._entries:
            return self._joined(texts)
        found: dict[str, Vectors] = {}
        while missing := [text for text in dict.fromkeys(texts) if text not in found]:
            self._find(missing, found)
        return np.stack([found[text] for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode windows or sentences; float32 of shape (len(texts), dim), each row of unit length."""
        return self.encoder.encode_passages(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the model tokens of each bare text, without prompt and special tokens."""
        return self.encoder.count_tokens(texts)

    def joined_counts(self) -> JoinedCounts:
        """Tell how many calls were joined so far."""
        return self._joined.counts()

    def cache_counts(self) -> tuple[int, int]:
        """Tell how many questions were known, or being encoded for another caller, and how many were not."""
        with self._lock:
            return self._hits, self._misses

    def _find(self, texts: Sequence[str], found: dict[str, Vectors]) -> None:
        """Look questions up; encode what nobody does, then wait for what others encode, which may come to nothing."""
        ours: dict[str, _Pending] = {}
        theirs: dict[str, _Pending] = {}
        with self._lock:
            for text in texts:
                key = _key(text)
                if key in self._known:
                    self._known.move_to_end(key)
                    found[text] = self._known[key]
                elif text in self._pending:
                    theirs[text] = self._pending[text]
                else:
                    ours[text] = self._pending[text] = _Pending()
            self._hits += len(texts) - len(ours)
            self._misses += len(ours)
        # What others wait for comes first, so that no two callers wait for each other.
        if ours:
            self._encode(ours, found)
        for text, pending in theirs.items():
            pending.settled.wait()
            if pending.vector is not None:
                found[text] = pending.vector

    def _encode(self, ours: dict[str, _Pending], found: dict[str, Vectors]) -> None:
        try:
            for (text, pending), row in zip(ours.items(), self._joined(list(ours)), strict=True):
                # A row of its own, which keeps no batch alive.
                found[text] = pending.vector = row.copy()
        finally:
            with self._lock:
                for text, pending in ours.items():
                    del self._pending[text]
                    if pending.vector is not None:
                        self._known[_key(text)] = pending.vector
                while len(self._known) > self._entries:
                    self._known.popitem(last=False)
            for pending in ours.values():
                pending.settled.set()
