"""Inverted lists of codes: what they find is scored exactly, nearly all is found, and damage is noticed."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np
import pytest

from embeddings import ivf_build, ivf_index
from embeddings.errors import BadVectors, DamagedIndex
from embeddings.ivf_file import IvfLists, IvfPaths, code_bytes
from embeddings.ivf_index import Effort, IvfIndex, Subset
from tests.unit.vectors import random_vectors, unit

DIM = 64
LISTS = 32


def clustered(count: int, seed: int = 0) -> np.ndarray:
    """Make vectors in bunches, as those of texts are."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((40, DIM))
    return unit(centres[rng.integers(0, 40, count)] + 0.7 * rng.standard_normal((count, DIM)))


def built(folder: Path, vectors: np.ndarray, *, effort: Effort | None = None, lists: int = LISTS) -> IvfIndex:
    paths = IvfPaths(folder, "vectors")
    coarse = ivf_build.train(lambda ids: vectors[ids], len(vectors), DIM, lists)
    ivf_build.build(paths, lambda ids: vectors[ids], len(vectors), coarse)
    return IvfIndex(paths, lambda ids: vectors[ids], effort or Effort(lists // 4, 100))


def best(vectors: np.ndarray, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> list[int]:
    scores = vectors @ query
    if allowed is not None:
        scores = np.where(np.isin(np.arange(len(vectors)), allowed), scores, -np.inf)
    return np.argsort(-scores, kind="stable")[:k].tolist()


def share_found(index: IvfIndex, vectors: np.ndarray, allowed: np.ndarray | None = None) -> float:
    queries = clustered(60, seed=7)
    found = index.search(queries, 10, allowed)[1]
    shares = [np.isin(best(vectors, query, 10, allowed), row).mean() for query, row in zip(queries, found, strict=True)]
    return float(np.mean(shares))


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return clustered(4000)


@pytest.fixture(scope="module")
def index(vectors, tmp_path_factory):
    return built(tmp_path_factory.mktemp("ivf"), vectors)


def test_every_vector_finds_itself_first(index, vectors):
    scores, found = index.search(vectors[:300], 1)
    assert found[:, 0].tolist() == list(range(300))
    assert np.allclose(scores, 1, atol=1e-5)


def test_nearly_all_of_the_best_are_found(index, vectors):
    assert share_found(index, vectors) >= 0.97


def test_scores_are_exact_and_in_order(index, vectors):
    queries = clustered(20, seed=7)
    scores, found = index.search(queries, 50)
    assert (scores.dtype, scores.shape, found.dtype, found.shape) == (np.float32, (20, 50), np.int64, (20, 50))
    for query, row, score in zip(queries, found, scores, strict=True):
        assert np.allclose(score, vectors[row] @ query, atol=1e-5)
        assert (np.diff(score) <= 0).all()
        assert len(set(row.tolist())) == 50


def test_with_all_lists_and_enough_hits_it_is_exact(vectors, tmp_path):
    index = built(tmp_path, vectors[:500], effort=Effort(LISTS, 500))
    for query in clustered(20, seed=7):
        assert index.search(query[np.newaxis], 20)[1][0].tolist() == best(vectors[:500], query, 20)


def test_lists_beyond_reach_are_left_out() -> None:
    products = np.array([0.1, 0.9, 0.5, 0.85, 0.2], dtype=np.float32)
    nearest = ivf_index._nearest
    assert nearest(products, 3, math.inf, 1).tolist() == [1, 3, 2]
    assert nearest(products, 4, 0.1, 1).tolist() == [1, 3]
    assert nearest(products, 1, 0.1, 1).tolist() == [1]
    assert nearest(products, 4, 0.01, 3).tolist() == [1, 3, 2]
    assert nearest(products, 2, 0.01, 3).tolist() == [1, 3]


def test_a_reach_keeps_scores_exact_and_hits_many(index, vectors, monkeypatch):
    monkeypatch.setattr(index, "_least", 1)
    queries = clustered(20, seed=7)
    looked_into: list[int] = []
    coded = index._coded
    monkeypatch.setattr(index, "_coded", lambda *a: looked_into.append(len(a[2])) or coded(*a))
    bounded = Effort(LISTS, 100, reach=0.3)
    found = index.search(queries, 10, effort=bounded)[1]
    assert 0 < np.mean(looked_into) < LISTS
    shares = [np.isin(best(vectors, query, 10), row).mean() for query, row in zip(queries, found, strict=True)]
    assert np.mean(shares) >= 0.9
    # Of too few lists to find enough in, more are looked into; of a subset, the reach says nothing.
    assert (index.search(queries, 1000, effort=Effort(1, 100, reach=0.0))[1] >= 0).all()
    few = np.arange(0, 4000, 40)
    assert (index.search(queries, 100, few, effort=Effort(1, 100, reach=0.0))[1] >= 0).all()


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_a_subset_is_searched_in_more_lists(index, vectors, share):
    allowed = np.flatnonzero(np.random.default_rng(3).random(len(vectors)) < share)
    assert share_found(index, vectors, allowed) >= 0.97
    found = index.search(clustered(20, seed=7), 10, allowed)[1]
    assert np.isin(found, allowed).all()


def test_as_many_are_found_as_asked_for_while_there_are_any(index, vectors):
    allowed = np.array([5, 17, 2999, 10**9, 17])
    scores, found = index.search(vectors[:1], 5, allowed)
    assert sorted(found[0, :3].tolist()) == [5, 17, 2999]
    assert found[0, 3:].tolist() == [-1, -1]
    assert np.isneginf(scores[0, 3:]).all()
    assert sorted(index.search(vectors[:1], 5000)[1][0, :4000].tolist()) == list(range(4000))


def test_an_empty_subset_and_no_queries_find_nothing(index):
    assert index.search(clustered(1), 4, np.empty(0, np.int64))[1].tolist() == [[-1] * 4]
    assert index.search(np.empty((0, DIM), np.float32), 4)[1].shape == (0, 4)


def test_a_subset_made_once_serves_many_searches(index, vectors):
    allowed = np.arange(0, 4000, 3)
    subset = Subset.of(allowed, len(index))
    query = clustered(1, seed=7)
    assert subset.count == len(allowed)
    assert index.search(query, 9, subset)[1].tolist() == index.search(query, 9, allowed)[1].tolist()


def test_bad_queries_are_refused(index):
    for bad in (random_vectors(1, dim=DIM + 1), np.full((1, DIM), np.nan, np.float32)):
        with pytest.raises(BadVectors):
            index.search(bad, 3)
    with pytest.raises(BadVectors, match="k is 0"):
        index.search(clustered(1), 0)


def test_many_threads_search_at_once(index, vectors):
    expected = index.search(vectors[:200], 5)[1].tolist()
    wrong: list[int] = []

    def look(offset: int) -> None:
        for row in range(offset, 200, 4):
            if index.search(vectors[row : row + 1], 5)[1][0].tolist() != expected[row]:
                wrong.append(row)

    threads = [threading.Thread(target=look, args=(offset % 4,)) for offset in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_extended_index_finds_what_one_built_anew_finds(vectors, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    built(tmp_path / "old", vectors[:3000])
    gone = np.random.default_rng(1).permutation(3000)[:300]
    stays = np.setdiff1d(np.arange(3000), gone)
    renumbered = np.full(3000, -1)
    renumbered[stays] = np.arange(2700)
    now = np.concatenate([vectors[stays], vectors[3000:]])
    paths = IvfPaths(tmp_path / "new", "vectors")
    added = np.arange(2700, len(now))
    ivf_build.extend(paths, IvfPaths(tmp_path / "old", "vectors"), renumbered, lambda ids: now[ids], added)
    index = IvfIndex(paths, lambda ids: now[ids], Effort(LISTS // 4, 100))
    assert len(index) == len(now)
    lists = IvfLists(paths)
    ids = np.concatenate([lists.get(number)[1] for number in range(LISTS)])
    assert sorted(ids.tolist()) == list(range(len(now)))
    assert index.search(now[::50], 1)[1][:, 0].tolist() == list(range(0, len(now), 50))
    assert share_found(index, now) >= 0.97


def test_extending_by_nothing_copies_the_lists(vectors, tmp_path):
    (tmp_path / "new").mkdir()
    built(tmp_path, vectors[:500])
    old, new = IvfPaths(tmp_path, "vectors"), IvfPaths(tmp_path / "new", "vectors")
    ivf_build.extend(new, old, np.arange(500), lambda ids: vectors[ids], np.empty(0, np.int64))
    assert new.lists.read_bytes() == old.lists.read_bytes()
    assert new.trained.read_bytes() == old.trained.read_bytes()


@pytest.mark.parametrize(
    ("count", "lists"), [(1, 1), (100, 4), (1000, 32), (100_000, 1024), (1_500_000, 4096), (10_000_000, 8192)]
)
def test_lists_grow_with_the_square_root(count, lists):
    assert ivf_build.lists_for(count) == lists


def test_many_lists_are_filled_through_groups_of_centroids(tmp_path, monkeypatch):
    monkeypatch.setattr(ivf_build, "_FLAT_LISTS", 16)
    vectors = clustered(4000)
    assert share_found(built(tmp_path, vectors), vectors) >= 0.95


@pytest.mark.parametrize("victim", ["vectors.ivf", "vectors.lists"])
@pytest.mark.parametrize("keep", [0, 10, -1])
def test_a_truncated_file_is_refused(tmp_path, victim, keep, vectors):
    built(tmp_path, vectors[:500])
    path = tmp_path / victim
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DamagedIndex, match="vectors"):
        IvfIndex(IvfPaths(tmp_path, "vectors"), lambda ids: vectors[ids], Effort(4, 10))


@pytest.mark.parametrize("victim", ["vectors.ivf", "vectors.lists"])
def test_a_missing_file_is_refused(tmp_path, victim, vectors):
    built(tmp_path, vectors[:500])
    (tmp_path / victim).unlink()
    with pytest.raises(DamagedIndex, match="vectors"):
        IvfIndex(IvfPaths(tmp_path, "vectors"), lambda ids: vectors[ids], Effort(4, 10))


def test_a_file_of_another_kind_is_refused(tmp_path, vectors):
    built(tmp_path, vectors[:500])
    path = tmp_path / "vectors.ivf"
    path.write_bytes(b"something" + path.read_bytes()[9:])
    with pytest.raises(DamagedIndex, match="another kind"):
        IvfIndex(IvfPaths(tmp_path, "vectors"), lambda ids: vectors[ids], Effort(4, 10))


def test_a_vector_takes_its_bits_and_two_numbers(index):
    assert code_bytes(384) == 56
    assert len(index) == 4000
    assert index.ids().tolist() == list(range(4000))
