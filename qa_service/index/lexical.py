"""The base word index: a tantivy index over term ids, built once and never changed, which nominates by BM25."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.index.bm25 import Hits
from qa_service.store.packing import unpack_terms

_HEAP_BYTES = 256 << 20
_REMEDY = "run `qa-service rebuild`"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("key", fast=True)
    # Term ids instead of words: smaller, and no text of a deleted article can linger here.
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def build(directory: Path, passages: Iterable[tuple[int, bytes]]) -> None:
    """Write an index of (key, packed terms) pairs into an empty directory."""
    directory.mkdir()
    index = tantivy.Index(_schema(), path=str(directory))
    writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    for key, blob in passages:
        terms, frequencies = unpack_terms(blob)
        document = tantivy.Document()
        document.add_unsigned("key", key)
        document.add_text("terms", " ".join(map(str, np.repeat(terms, frequencies).tolist())))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


class LexicalIndex:
    """An opened base word index; safe for concurrent searches."""

    def __init__(self, directory: Path) -> None:
        """Open an index.

        Errors:
            Damaged: tantivy cannot read the directory.
        """
        try:
            self._index = tantivy.Index.open(str(directory))
            self._searcher = self._index.searcher()
        except (ValueError, OSError) as error:
            raise Damaged(f"the word index cannot be read: {error}", field=str(directory), remedy=_REMEDY) from error

    def search(self, terms: Sequence[int], limit: int) -> Hits:
        """Find the passages with the highest BM25 for any of the term ids, best first."""
        if not terms or limit <= 0 or self._searcher.num_docs == 0:
            return Hits.none()
        query = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, tantivy.Query.term_query(self._index.schema, "terms", str(term), "freq"))
                for term in terms
            ]
        )
        found = self._searcher.search(query, limit, count=False).hits
        addresses = [address for _, address in found]
        keys: NDArray[np.int64] = np.array(self._searcher.fast_field_values("key", addresses), dtype=np.int64)
        return Hits(keys, np.array([score for score, _ in found], dtype=np.float32))
