"""What a catalogue holds already, small enough to be told to every worker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa_service.store import articles, collections, passages
from qa_service.store.catalog import Catalog

Digests = NDArray[np.uint64]
_BYTES = 8


@dataclass(frozen=True, slots=True)
class Known:
    """Short digests of what is stored: a hint that saves work, whose rare mistakes are found by who has the catalogue.

    Attributes:
        articles: of the live articles of a collection, as they were given and processed; sorted.
        blocks: of the blocks of vectors of all collections; sorted.
    """

    articles: Digests
    blocks: Digests

    def has_article(self, article_id: str, sha256: bytes, attributes: bytes, pipeline: str) -> bool:
        """Tell whether an article seems to be there as it is, processed in this way."""
        return _has(self.articles, _article_digest(article_id, sha256, attributes, pipeline))

    def has_block(self, block_hash: bytes) -> bool:
        """Tell whether a block of vectors seems to be there."""
        return _has(self.blocks, block_hash)


def read_known(catalog: Catalog, collection: str) -> Known:
    """Read what is known of a collection, which may not exist yet."""
    with catalog.read() as connection:
        found = collections.find(connection, collection)
        stored = articles.as_given(connection, found.row) if found else iter(())
        return Known(
            _sorted(_article_digest(*one) for one in stored),
            _sorted(passages.block_hashes(connection)),
        )


def _article_digest(article_id: str, sha256: bytes, attributes: bytes, pipeline: str) -> bytes:
    name, way = article_id.encode("utf-8", "surrogatepass"), pipeline.encode()
    return hashlib.sha256(b"%d %d " % (len(name), len(way)) + name + way + sha256 + attributes).digest()


def _has(digests: Digests, digest: bytes) -> bool:
    number = np.uint64(int.from_bytes(digest[:_BYTES], "little"))
    place = int(np.searchsorted(digests, number))
    return place < len(digests) and bool(digests[place] == number)


def _sorted(digests: Iterable[bytes]) -> Digests:
    def numbers() -> Iterator[int]:
        for digest in digests:
            yield int.from_bytes(digest[:_BYTES], "little")

    return np.sort(np.fromiter(numbers(), dtype=np.uint64))
