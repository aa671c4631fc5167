"""The base word index: a tantivy index over term ids, never changed once written, which nominates by BM25."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.index.bm25 import Hits
from qa_service.store.packing import unpack_terms

_HEAP_BYTES = 256 << 20
_SMALL_HEAP_BYTES = 64 << 20
_KEYS = 10_000
"""Passages taken out by one query."""
_REMEDY = "run `qa-service rebuild`"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("key", fast=True, indexed=True)
    # Term ids instead of words: smaller, and no text of a deleted article can linger here.
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def build(directory: Path, passages: Iterable[tuple[int, bytes]]) -> None:
    """Write an index of (key, packed terms) pairs into an empty directory."""
    directory.mkdir()
    _write(tantivy.Index(_schema(), path=str(directory)), np.empty(0, dtype=np.int64), passages, _HEAP_BYTES)


def extend(directory: Path, old: Path, gone: NDArray[np.int64], passages: Iterable[tuple[int, bytes]]) -> None:
    """Write an index as `build` does, out of an older one without some keys, and of passages that are added.

    Files of the old one are linked, not copied: tantivy changes none that it has written. Passages that are gone are
    marked so and found no more; their term ids stay until tantivy merges the part that holds them.

    Errors:
        Damaged: tantivy cannot read the old index.
    """
    directory.mkdir()
    for path in old.iterdir():
        if path.is_file() and not path.name.endswith(".lock"):
            _link(path, directory / path.name)
    try:
        index = tantivy.Index.open(str(directory))
    except (ValueError, OSError) as error:
        raise Damaged(f"the word index cannot be read: {error}", field=str(old), remedy=_REMEDY) from error
    _write(index, gone, passages, _SMALL_HEAP_BYTES)


def _write(
    index: tantivy.Index, gone: NDArray[np.int64], passages: Iterable[tuple[int, bytes]], heap_bytes: int
) -> None:
    writer = index.writer(heap_size=heap_bytes, num_threads=1)
    for start in range(0, len(gone), _KEYS):
        # Not by term, which tantivy takes for another type of number and then finds nothing.
        keys = gone[start : start + _KEYS].tolist()
        writer.delete_documents_by_query(tantivy.Query.term_set_query(index.schema, "key", keys))
    for key, blob in passages:
        terms, frequencies = unpack_terms(blob)
        document = tantivy.Document()
        document.add_unsigned("key", key)
        document.add_text("terms", " ".join(map(str, np.repeat(terms, frequencies).tolist())))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


def _link(path: Path, target: Path) -> None:
    try:
        # Those that tantivy replaces (by renaming) it replaces here only.
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


@contextmanager
def _reading(directory: Path) -> Iterator[None]:
    """Turn what tantivy fails with on a damaged index into Damaged."""
    try:
        yield
    except BaseException as error:
        # A panic of native code is no Exception, and no handler of errors would answer for it. A value that is missing
        # is None in a list of numbers.
        if not isinstance(error, ValueError | TypeError | OSError) and type(error).__name__ != "PanicException":
            raise
        reason = " ".join(str(error).split())[:300]
        raise Damaged(f"the word index cannot be read: {reason}", field=str(directory), remedy=_REMEDY) from error


class LexicalIndex:
    """An opened base word index; safe for concurrent searches."""

    def __init__(self, directory: Path) -> None:
        """Open an index.

        Errors:
            Damaged: tantivy cannot read the directory.
        """
        self._directory = directory
        with _reading(directory):
            self._index = tantivy.Index.open(str(directory))
            self._searcher = self._index.searcher()

    def search(self, terms: Sequence[int], limit: int) -> Hits:
        """Find the passages with the highest BM25 for any of the term ids, best first.

        Errors:
            Damaged: tantivy cannot read what it needs.
        """
        if not terms or limit <= 0 or self._searcher.num_docs == 0:
            return Hits.none()
        query = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, tantivy.Query.term_query(self._index.schema, "terms", str(term), "freq"))
                for term in terms
            ]
        )
        with _reading(self._directory):
            found = self._searcher.search(query, limit, count=False).hits
            addresses = [address for _, address in found]
            keys: NDArray[np.int64] = np.array(self._searcher.fast_field_values("key", addresses), dtype=np.int64)
        return Hits(keys, np.array([score for score, _ in found], dtype=np.float32))

    def keys(self) -> NDArray[np.int64]:
        """Give the keys of the passages that can be found, in no order."""
        total = self._searcher.num_docs
        if not total:
            return np.empty(0, dtype=np.int64)
        found = self._searcher.search(tantivy.Query.all_query(), total, count=False).hits
        return np.array(self._searcher.fast_field_values("key", [place for _, place in found]), dtype=np.int64)
