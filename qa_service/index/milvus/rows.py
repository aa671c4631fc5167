"""Passages as rows of Milvus: made from the catalogue and its vectors, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from qa_service.index.legs import SENTENCE_BITS
from qa_service.index.milvus.schema import MOST_TEXT_BYTES
from qa_service.store import articles, audits, entries
from qa_service.store.catalog import Connection
from qa_service.store.entries import Searched
from qa_service.store.segments import Segments
from qa_service.text.edits import repaired_slice
from qa_service.text.fold import lexical_fold
from qa_service.types import Span

Row = dict[str, object]
PASSAGES = 256
"""Passages to make into rows at once: some 3,000 vectors, 5 MB."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of both kinds for some passages."""

    windows: list[Row]
    sentences: list[Row]


def made(connection: Connection, segments: Segments, keys: Sequence[int]) -> Rows:
    """Make the rows of some passages, given by key; those that were erased are left out.

    Errors:
        Damaged: an article's text, or a vector, fails its checksum.
    """
    rows = Rows([], [])
    found = sorted(entries.searched(connection, keys), key=lambda one: one.article)
    vectors_of = zip(found, segments.read_all([one.block for one in found]), strict=True)
    for article, passages in groupby(vectors_of, key=lambda one: one[0].article):
        text, edits = articles.original_text(connection, article), audits.edits(connection, article)
        for passage, vectors in passages:
            words = lexical_fold(
                "".join(repaired_slice(text, span.start, span.end, edits) for span in kept_spans(passage))
            )
            rows.windows.append(
                {"key": passage.key, "article": article, "vector": np.array(vectors[0]), "text": _short(words)}
            )
            rows.sentences.extend(
                {"key": key, "article": article, "vector": np.array(vector)}
                for key, vector in zip(sentence_keys(passage.key, len(vectors) - 1), vectors[1:], strict=True)
            )
    return rows


def sentence_keys(passage: int, count: int) -> list[int]:
    """Give the keys of a passage's sentences."""
    return [(passage << SENTENCE_BITS) + number for number in range(count)]


def kept_spans(passage: Searched) -> Iterator[Span]:
    """Give the parts of a passage that are searched: what lies between the spans of furniture."""
    start = passage.start
    for gap in passage.omitted:
        yield Span(start, gap.start)
        start = gap.end
    yield Span(start, passage.end)


def _short(text: str) -> str:
    """Cut a text to what Milvus holds."""
    data = text.encode("utf-8")
    return text if len(data) <= MOST_TEXT_BYTES else data[:MOST_TEXT_BYTES].decode("utf-8", errors="ignore")
