"""Blocks of vectors: encoding what has none yet, and finding or writing each passage's block."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors
from qa_service.drafting import Draft
from qa_service.errors import Damaged
from qa_service.store import passages
from qa_service.store.catalog import Catalog, Connection, WriteTransaction
from qa_service.store.segments import Block, Segments
from qa_service.types import Span

Vector = NDArray[np.float32]


class BlockEncoder:
    """Gives the passages of drafts their vectors."""

    def __init__(self, catalog: Catalog, segments: Segments, encoder: Encoder) -> None:
        self._catalog = catalog
        self._segments = segments
        self._encoder = encoder

    def encode(self, batch: Sequence[Draft]) -> dict[bytes, Vectors]:
        """Encode the blocks of a batch that no passage in the catalogue has already, each distinct text once."""
        wanted = {passage.block_hash: passage.texts for draft in batch for passage in draft.passages if passage.texts}
        with self._catalog.read() as connection:
            known = passages.find_blocks(connection, list(wanted))
            kept = self._kept(connection, batch)
        missing = {block_hash: texts for block_hash, texts in wanted.items() if block_hash not in known}
        distinct = dict.fromkeys(text for texts in missing.values() for text in texts)
        new = [text for text in distinct if text not in kept]
        if new:
            kept.update(zip(new, self._encoder.encode_passages(new), strict=True))
        return {block_hash: np.stack([kept[text] for text in texts]) for block_hash, texts in missing.items()}

    def _kept(self, connection: Connection, batch: Sequence[Draft]) -> dict[str, Vector]:
        """Find the vectors of sentences that articles processed anew had before: their windows alone have changed."""
        kept: dict[str, Vector] = {}
        for draft in batch:
            if draft.replaces is None or not draft.same_pipeline:
                continue
            stored: dict[Span, Vector] = {}
            for sentences, block in passages.vectors_by_sentence(connection, draft.replaces):
                with contextlib.suppress(Damaged):  # then they are encoded again
                    stored.update(zip(sentences, self._segments.read(block)[1:], strict=True))
            for passage in draft.passages:
                for span, text in zip(passage.spans.sentences, passage.texts[1:], strict=True):
                    if span in stored:
                        kept[text] = stored[span]
        return kept

    def place(self, tx: WriteTransaction, batch: Sequence[Draft], encoded: dict[bytes, Vectors]) -> dict[bytes, Block]:
        """Find or append the vectors of every block of a batch, under the writer's lock."""
        wanted = list({passage.block_hash: None for draft in batch for passage in draft.passages if passage.texts})
        blocks = passages.find_blocks(tx.connection, wanted)
        # Another writer may have erased a block since it was found; it is encoded now.
        for draft in batch:
            for passage in draft.passages:
                if passage.texts and passage.block_hash not in blocks and passage.block_hash not in encoded:
                    encoded[passage.block_hash] = self._encoder.encode_passages(passage.texts)
        fresh = [block_hash for block_hash in wanted if block_hash not in blocks]
        placed = self._segments.append(tx, self._encoder.fingerprint, [np.asarray(encoded[h]) for h in fresh])
        blocks.update(zip(fresh, placed, strict=True))
        return blocks
