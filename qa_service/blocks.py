"""Blocks of vectors: encoding what has none yet, and finding or writing each passage's block."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from embeddings.encoder import Encoder, Vectors
from qa_service.cutting import block_hash_of
from qa_service.drafting import Draft
from qa_service.errors import Damaged, NotFound
from qa_service.recent_vectors import RecentVectors, Vector
from qa_service.store import articles, audits, passages
from qa_service.store.catalog import Catalog, Connection, WriteTransaction
from qa_service.store.segments import Block, Segments
from qa_service.text.edits import repaired_slice
from qa_service.text.fold import encoder_fold
from qa_service.types import Span

Elsewhere = Callable[[Sequence[bytes]], Mapping[bytes, Vectors]]
"""Looks blocks up in another catalogue, by their hashes, which tell the encoder too."""


def encode_blocks(
    wanted: Mapping[bytes, Sequence[str]], encoder: Encoder, recent: RecentVectors, kept: Mapping[str, Vector]
) -> dict[bytes, Vectors]:
    """Encode blocks, given as texts by block hash, each distinct text once.

    Parameters:
        recent: vectors made lately, which are taken; those made now are added.
        kept: further vectors, by text.

    Returns:
        float32 of shape (len(texts), dim) for each block.
    """
    known = dict(kept)
    distinct = dict.fromkeys(text for texts in wanted.values() for text in texts)
    known.update(recent.find(text for text in distinct if text not in known))
    new = [text for text in distinct if text not in known]
    if new:
        encoded = dict(zip(new, encoder.encode_passages(new), strict=True))
        recent.add(encoded)
        known.update(encoded)
    return {block_hash: np.stack([known[text] for text in texts]) for block_hash, texts in wanted.items()}


class BlockEncoder:
    """Gives the passages of drafts their vectors."""

    def __init__(self, catalog: Catalog, segments: Segments, encoder: Encoder, recent: RecentVectors) -> None:
        self._catalog = catalog
        self._segments = segments
        self._encoder = encoder
        self._recent = recent
        self._elsewhere: Elsewhere | None = None

    def borrow(self, elsewhere: Elsewhere | None) -> None:
        """Take vectors from another catalogue, where it has them, instead of encoding; None for no other."""
        self._elsewhere = elsewhere

    def encode(self, batch: Sequence[Draft]) -> dict[bytes, Vectors]:
        """Encode the blocks of a batch that no passage in the catalogue has already, each distinct text once.

        Texts encoded lately, and sentences that an article had before, keep their vectors.
        """
        wanted = {passage.block_hash: passage.texts for draft in batch for passage in draft.passages if passage.texts}
        with self._catalog.read() as connection:
            known = self._sound(connection, list(wanted))
            missing = {block_hash: texts for block_hash, texts in wanted.items() if block_hash not in known}
            brought = {h: vectors for draft in batch for h, vectors in draft.vectors.items() if h in missing}
            missing = {block_hash: texts for block_hash, texts in missing.items() if block_hash not in brought}
            borrowed = self._elsewhere(list(missing)) if self._elsewhere and missing else {}
            missing = {block_hash: texts for block_hash, texts in missing.items() if block_hash not in borrowed}
            kept = self._kept(connection, batch) if missing else {}
        return {**encode_blocks(missing, self._encoder, self._recent, kept), **borrowed, **brought}

    def _kept(self, connection: Connection, batch: Sequence[Draft]) -> dict[str, Vector]:
        """Find the vectors of sentences that articles had before.

        Of those processed anew only windows have changed, so that equal places hold equal sentences.
        """
        kept: dict[str, Vector] = {}
        for draft in batch:
            if draft.before is not None:
                kept.update(self._before(connection, draft.before))
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

    def _before(self, connection: Connection, row: int) -> dict[str, Vector]:
        """Give the vectors of an article's sentences by their text, as far as its blocks prove to hold those texts."""
        found: dict[str, Vector] = {}
        with contextlib.suppress(Damaged, NotFound):  # then all of it is encoded again
            text, edits = articles.original_text(connection, row), audits.edits(connection, row)
            for stored, block_hash, block in passages.blocks_of_article(connection, row):
                window, start = [], stored.start
                for gap in stored.omitted:
                    window.append(repaired_slice(text, start, gap.start, edits))
                    start = gap.end
                window.append(repaired_slice(text, start, stored.end, edits))
                sentences = [repaired_slice(text, span.start, span.end, edits) for span in stored.sentences]
                texts = [encoder_fold(one) for one in ("".join(window).strip(), *sentences)]
                if block_hash_of(self._encoder.fingerprint, texts) == block_hash:
                    found.update(zip(texts, self._segments.read(block), strict=True))
        return found

    def place(self, tx: WriteTransaction, batch: Sequence[Draft], encoded: dict[bytes, Vectors]) -> dict[bytes, Block]:
        """Find or append the vectors of every block of a batch, under the writer's lock."""
        wanted = list({passage.block_hash: None for draft in batch for passage in draft.passages if passage.texts})
        blocks = self._sound(tx.connection, wanted)
        # Another writer may have erased a block since it was found, or the disk harmed it; it is encoded now.
        for draft in batch:
            for passage in draft.passages:
                if passage.texts and passage.block_hash not in blocks and passage.block_hash not in encoded:
                    encoded[passage.block_hash] = self._encoder.encode_passages(passage.texts)
        fresh = [block_hash for block_hash in wanted if block_hash not in blocks]
        placed = self._segments.append(tx, self._encoder.fingerprint, [np.asarray(encoded[h]) for h in fresh])
        blocks.update(zip(fresh, placed, strict=True))
        return blocks

    def _sound(self, connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, Block]:
        """Find blocks that can still be read: those of what was deleted are looked at by nothing else until now."""
        return passages.find_blocks(connection, hashes, self._segments.holds)
