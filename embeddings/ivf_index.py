"""An inverted index of RaBitQ codes, mapped from disk, whose hits are scored anew from the stored vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.errors import DamagedIndex
from embeddings.faiss_index import load_faiss
from embeddings.index import Ids, checked_k, checked_vectors, no_hits
from embeddings.ivf_build import Stored
from embeddings.ivf_file import IvfLists, IvfPaths, code_bytes, read_trained

_QUERY_BITS = 4
"""Bits a dimension of the question is cut to. With 8, 300 questions found .0007 more of their ten best and took a
fifth longer."""
_WIDER = 4
_LEAST_CODES = 40_000
"""Codes looked at whatever the reach, in as many lists as hold so many on average: they take half a millisecond, and
the neighbours after the best ones lie more widely. With 32 lists of 100 codes each, .986 of the ten best sentences of
100 real questions were found among 102,000 where .9925 had been measured with made ones."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much an index is asked for.

    Attributes:
        probes: lists looked into at most.
        fetched: hits by code that are scored anew.
        reach: how far the inner product with a list's centroid may be below that with the nearest one, for the list to
            be looked into; of a question that lies near a few centroids, that leaves out most.
    """

    probes: int
    fetched: int
    reach: float = math.inf


class Subset:
    """Some of the ids 0..total-1, to search among; made once, used by any number of searches."""

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self.count = int(mask.sum())
        self.total = len(mask)
        faiss = load_faiss()
        bits = np.packbits(mask, bitorder="little")
        self._bits = bits  # the selector points into it
        self.selector: Any = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))

    @staticmethod
    def of(ids: Ids, total: int) -> Subset:
        """Take those of `ids` that are below `total`."""
        mask = np.zeros(total, dtype=bool)
        mask[ids[(ids >= 0) & (ids < total)]] = True
        return Subset(mask)


class IvfIndex:
    """Find nearly always the vectors with the largest inner product, among ids 0..n-1; never changed once built.

    Scores are those of the stored vectors, exact; what is missed is missed because its list was not looked into, or
    because its code made it look worse than `effort.fetched` others. Any number of threads may search at once.

    Args:
        paths: the files.
        stored: gives the vectors of ids.
        effort: what a search among all vectors takes.

    Errors:
        DamagedIndex: a file is absent, of another kind or length.
    """

    def __init__(self, paths: IvfPaths, stored: Stored, effort: Effort) -> None:
        self.effort = effort
        self.stored = stored
        self._paths = paths
        self.coarse, sizes = read_trained(paths)
        self._total = int(sizes.sum())
        self._least = math.ceil(_LEAST_CODES * len(sizes) / max(self._total, 1))
        faiss = self._faiss = load_faiss()
        self._flat: Any = faiss.IndexFlatIP(self.coarse.dim)
        self._flat.add(self.coarse.centroids)
        self._index: Any = faiss.IndexIVFRaBitQ(
            self._flat, self.coarse.dim, self.coarse.lists, faiss.METRIC_INNER_PRODUCT, False
        )
        try:
            self._lists: Any = _mapped(faiss, paths, self.coarse.dim, sizes)
            # FAISS refuses lists of codes of another length than its own.
            self._index.replace_invlists(self._lists, False)
        except RuntimeError as error:
            raise DamagedIndex(f"{paths.lists} cannot be mapped: {str(error).splitlines()[0]}") from error
        self._index.is_trained, self._index.ntotal = True, self._total

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        return self.coarse.dim

    def __len__(self) -> int:
        """Count the vectors."""
        return self._total

    def ids(self) -> Ids:
        """Return all ids, of shape (len(self),)."""
        return np.arange(self._total, dtype=np.int64)

    def listed(self) -> Ids:
        """Read the ids from the lists, one list after another: each is there once if nothing is wrong."""
        lists = IvfLists(self._paths)
        return np.concatenate([np.empty(0, np.int64), *(lists.get(number)[1] for number in range(self.coarse.lists))])

    def search(
        self, queries: Vectors, k: int, allowed: Ids | Subset | None = None, *, effort: Effort | None = None
    ) -> tuple[Vectors, Ids]:
        """Return the k best vectors found for each query, best first, equal scores by ascending id.

        Args:
            queries: shape (q, dim), finite.
            k: how many, at least 1.
            allowed: search among these only. As many vectors are looked at as without, so more lists.
            effort: what to take instead of the index's own.

        Returns:
            As VectorIndex.search; there are k hits whenever there are k vectors to find.

        Errors:
            BadVectors: `queries` has a wrong shape or values, or k is less than 1.
            DamagedIndex: a list holds what is no id.
        """
        queries = checked_vectors(queries, self.dim, unit=False)
        scores, found = no_hits(len(queries), checked_k(k))
        subset = allowed if isinstance(allowed, Subset) or allowed is None else Subset.of(allowed, self._total)
        wanted = min(k, self._total if subset is None else subset.count)
        for place, query in enumerate(queries):
            ids = self._candidates(query, wanted, subset, effort or self.effort)
            exact = np.einsum("ij,j->i", self.stored(ids), query) if len(ids) else np.empty(0, np.float32)
            order = np.lexsort((ids, -exact))[:k]
            scores[place, : len(order)] = exact[order]
            found[place, : len(order)] = ids[order]
        return scores, found

    def _candidates(self, query: Vectors, wanted: int, subset: Subset | None, effort: Effort) -> Ids:
        """Find at least `wanted` ids by their codes, in increasing order."""
        if not wanted:
            return np.empty(0, dtype=np.int64)
        share = 1.0 if subset is None else subset.count / self._total
        probes = min(math.ceil(effort.probes / share), self.coarse.lists)
        count = min(max(wanted, effort.fetched), self._total)
        rotated = self.coarse.rotated(query[np.newaxis])
        products = self.coarse.centroids @ rotated[0]
        # Of a part of the ids, the nearest lists may hold few.
        reach = effort.reach if subset is None else math.inf
        while True:
            ids = self._coded(rotated, count, _nearest(products, probes, reach, self._least), products, subset)
            if len(ids) >= wanted or probes == self.coarse.lists:
                # In the order of the places they are read from.
                return np.sort(ids)
            probes, reach = min(_WIDER * probes, self.coarse.lists), math.inf

    def _coded(self, rotated: Vectors, count: int, lists: Ids, products: Vectors, subset: Subset | None) -> Ids:
        """Give up to `count` ids that are the best by their codes in some lists (n,)."""
        parameters = self._faiss.IVFRaBitQSearchParameters(
            nprobe=len(lists), qb=_QUERY_BITS, sel=subset.selector if subset else None
        )
        near = products[lists]
        scores, ids = np.empty(count, np.float32), np.empty(count, np.int64)
        query, numbers, distances, found, labels = map(self._faiss.swig_ptr, (rotated, lists, near, scores, ids))
        # FAISS's own wrapper takes no parameters, and would look for the nearest lists anew.
        self._index.search_preassigned_c(1, query, count, numbers, distances, found, labels, False, parameters)
        found = ids[ids >= 0]
        if len(found) and found.max() >= self._total:
            raise DamagedIndex(f"a list holds the id {found.max()}, of {self._total} vectors")
        return found


def _nearest(products: Vectors, probes: int, reach: float, least: int) -> Ids:
    """Choose lists by the products with their centroids (lists,), nearest first: within reach, `probes` at most.

    If fewer are within reach, the `least` nearest are chosen, or `probes` where that is less.
    """
    chosen: Ids = np.argpartition(products, len(products) - probes)[len(products) - probes :]
    chosen = chosen[np.argsort(-products[chosen], kind="stable")]
    if reach < math.inf:
        within = int(np.count_nonzero(products[chosen] >= products[chosen[0]] - reach))
        chosen = chosen[: max(within, min(least, probes))]
    return chosen.astype(np.int64, copy=False)


def _mapped(faiss: Any, paths: IvfPaths, dim: int, sizes: NDArray[np.int64]) -> Any:
    if not sizes.sum():
        return faiss.ArrayInvertedLists(len(sizes), code_bytes(dim))
    lists = faiss.OnDiskInvertedLists(len(sizes), code_bytes(dim), str(paths.lists))
    lists.read_only = True
    # No threads are to be started for every question, to read its lists ahead.
    lists.prefetch_nthread = 0
    lengths = sizes.astype(np.uint64)
    lists.set_all_lists_sizes(faiss.swig_ptr(lengths))
    lists.totsize = paths.lists.stat().st_size
    lists.do_mmap()
    return lists
