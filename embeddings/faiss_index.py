"""An exact index in FAISS, for the large immutable bases."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Self

import numpy as np

from embeddings.durable import sync_folder
from embeddings.encoder import Vectors
from embeddings.environment import prepare_environment
from embeddings.errors import BadVectors, DamagedIndex
from embeddings.index import MISSING_ID, Ids, checked_ids, checked_k, checked_vectors, no_hits

_EXTRA_HITS = 16
_QUERIES_AT_ONCE = 16
"""Below the number from which FAISS multiplies matrices, where equal vectors may get scores that differ in the last
digit; one by one they cannot, so ties stay ties."""


class FaissFlatIndex:
    """Compare a query with every vector, in FAISS's inner-product scan.

    Any number of threads may search at once, but not while one adds.

    Args:
        dim: the length of the vectors.
    """

    def __init__(self, dim: int) -> None:
        if dim < 1:
            raise BadVectors(f"dim is {dim}, less than 1")
        self._faiss = load_faiss()
        self._index: Any = self._faiss.IndexIDMap2(self._faiss.IndexFlatIP(dim))
        self._adding = threading.Lock()
        self._largest_id = MISSING_ID

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        return int(self._index.d)

    def __len__(self) -> int:
        """Count the vectors."""
        return int(self._index.ntotal)

    def ids(self) -> Ids:
        """Return a copy of all ids, in the order they were added."""
        ids: Ids = self._faiss.vector_to_array(self._index.id_map)
        return ids.astype(np.int64)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors under new ids; see VectorIndex. Ids above all earlier ones are cheapest."""
        new_vectors = checked_vectors(vectors, self.dim, unit=True)
        new_ids = checked_ids(ids, len(new_vectors))
        if not len(new_ids):
            return
        with self._adding:
            if new_ids.min() <= self._largest_id:
                taken = new_ids[np.isin(new_ids, self.ids())]
                if len(taken):
                    raise BadVectors(f"id {taken.min()} is in the index already")
            self._index.add_with_ids(new_vectors, new_ids)
            self._largest_id = max(self._largest_id, int(new_ids.max()))

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]:
        """Return the k best vectors for each query; see VectorIndex."""
        queries = checked_vectors(queries, self.dim, unit=False)
        scores, found = no_hits(len(queries), checked_k(k))
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            stop = start + _QUERIES_AT_ONCE
            part_scores, part_ids = self._search(queries[start:stop], k, allowed)
            scores[start:stop, : part_ids.shape[1]] = part_scores
            found[start:stop, : part_ids.shape[1]] = part_ids
        return scores, found

    def save(self, path: Path) -> None:
        """Write the index to a file; see VectorIndex."""
        draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
        try:
            self._faiss.write_index(self._index, str(draft))
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            draft.replace(path)
        except RuntimeError as error:
            raise OSError(f"{path} cannot be written: {_reason(error)}") from error
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent, files=False)

    @classmethod
    def load(cls, path: Path, *, dim: int | None = None) -> Self:
        """Read an index that `save` wrote; see VectorIndex.

        FAISS files carry no checksum: a truncated one is noticed here, a flipped bit in a vector is not.
        """
        faiss = load_faiss()
        try:
            inner = faiss.read_index(str(path))
            if not isinstance(inner, faiss.IndexIDMap2) or inner.metric_type != faiss.METRIC_INNER_PRODUCT:
                raise DamagedIndex(f"{path} is another kind of index")
            flat = faiss.downcast_index(inner.index)
            if not isinstance(flat, faiss.IndexFlat):
                raise DamagedIndex(f"{path} is another kind of index")
            # The header is there twice, and FAISS compares neither its parts nor these with what it reads.
            if (flat.d, flat.ntotal, flat.metric_type) != (inner.d, inner.ntotal, inner.metric_type):
                raise DamagedIndex(f"{path} contradicts itself about its vectors")
        except (RuntimeError, MemoryError, OSError) as error:
            raise DamagedIndex(f"{path} cannot be read as a vector index: {_reason(error)}") from error
        if dim not in (None, inner.d):
            raise DamagedIndex(f"{path} has vectors of dimension {inner.d}, not {dim}")
        index = cls(inner.d)
        index._index = inner
        ids = index.ids()
        if len(ids) != len(index) or (len(ids) and ids.min() < 0):
            raise DamagedIndex(f"{path} has ids that do not belong to its vectors")
        index._largest_id = int(ids.max()) if len(ids) else MISSING_ID
        return index

    def _search(self, queries: Vectors, k: int, allowed: Ids | None) -> tuple[Vectors, Ids]:
        """Search a few queries; fewer than k columns come back if there are fewer vectors."""
        total = len(self)
        parameters = None
        if allowed is not None:
            chosen = np.unique(np.ascontiguousarray(allowed, dtype=np.int64))
            total = min(total, len(chosen))
            # FAISS keeps a pointer only, so `selector` has to live until the search is over.
            selector = self._faiss.IDSelectorBatch(chosen)
            parameters = self._faiss.SearchParameters(sel=selector)
        wanted = min(k + _EXTRA_HITS, total)
        while wanted:
            scores, ids = self._index.search(queries, wanted, params=parameters)
            # Among equal scores FAISS returns whichever it likes; ask on until the last wanted score is passed.
            last = scores[:, min(k, wanted) - 1]
            if wanted == total or ((scores[:, -1] < last) | (ids[:, -1] == MISSING_ID)).all():
                return _sorted(scores, ids, k)
            wanted = min(4 * wanted, total)
        return no_hits(len(queries), 0)


def _sorted(scores: Vectors, ids: Ids, k: int) -> tuple[Vectors, Ids]:
    scores = np.where(ids == MISSING_ID, np.float32(-np.inf), scores)
    order = np.lexsort((ids, -scores), axis=1)[:, :k]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(ids, order, axis=1)


def load_faiss() -> Any:
    """Import FAISS with the environment that it is to run in."""
    # Whether a hub may be reached is for whoever loads a model to say.
    prepare_environment(hub=True)
    import faiss  # noqa: PLC0415

    return faiss


def _reason(error: BaseException) -> str:
    """Return FAISS's message without the place in its source."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rpartition(": ")[2]
