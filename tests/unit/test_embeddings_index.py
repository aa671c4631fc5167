"""One suite for every vector index: exact semantics, so that a wrong metric or order cannot hide."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from embeddings.errors import BadVectors
from embeddings.exact import ExactIndex
from embeddings.faiss_index import FaissFlatIndex
from embeddings.index import VectorIndex
from tests.unit.vectors import DIM, filled, random_vectors, unit


@pytest.fixture(params=[ExactIndex, FaissFlatIndex], ids=["exact", "faiss"])
def kind(request):
    return request.param


def brute_force(ids, vectors, query, k, allowed=None):
    rows = range(len(ids)) if allowed is None else [row for row in range(len(ids)) if ids[row] in set(allowed)]
    scored = [(-float(vectors[row] @ query), int(ids[row])) for row in rows]
    return [hit_id for _, hit_id in sorted(scored)][:k]


def test_it_is_a_vector_index(kind):
    assert isinstance(kind(DIM), VectorIndex)


def test_an_empty_index_finds_nothing(kind):
    index = kind(DIM)
    scores, ids = index.search(random_vectors(2), 3)
    assert (len(index), index.dim, index.ids().tolist()) == (0, DIM, [])
    assert ids.tolist() == [[-1] * 3] * 2
    assert np.isneginf(scores).all()


def test_every_vector_finds_itself_first(kind):
    index, ids, vectors = filled(kind)
    scores, found = index.search(vectors, 1)
    assert found[:, 0].tolist() == ids.tolist()
    assert np.allclose(scores, 1, atol=1e-5)


def test_results_have_the_documented_types_and_shapes(kind):
    index, _, _ = filled(kind)
    scores, ids = index.search(random_vectors(3, seed=9), 5)
    assert (scores.dtype, scores.shape) == (np.float32, (3, 5))
    assert (ids.dtype, ids.shape) == (np.int64, (3, 5))


def test_no_queries_give_no_rows(kind):
    index, _, _ = filled(kind)
    scores, ids = index.search(np.empty((0, DIM), np.float32), 5)
    assert scores.shape == ids.shape == (0, 5)


@pytest.mark.parametrize("queries", [1, 5, 40])
def test_order_and_scores_equal_brute_force(kind, queries):
    index, ids, vectors = filled(kind, 500)
    questions = random_vectors(queries, seed=5)
    scores, found = index.search(questions, 20)
    for row, question in enumerate(questions):
        assert found[row].tolist() == brute_force(ids, vectors, question, 20)
        by_id = dict(zip(ids.tolist(), vectors @ question, strict=True))
        assert np.allclose(scores[row], [by_id[hit] for hit in found[row].tolist()], atol=1e-5)


def test_the_metric_is_inner_product_of_the_query_as_given(kind):
    index = kind(2)
    index.add(np.array([1, 2]), unit([[1, 0], [0, 1]]))
    scores, ids = index.search(np.array([[3, 4]], np.float32), 2)
    assert ids.tolist() == [[2, 1]]
    assert scores.tolist() == [[4, 3]]


def test_more_asked_for_than_there_are(kind):
    index, ids, vectors = filled(kind, 7)
    scores, found = index.search(random_vectors(1, seed=5), 10)
    assert found[0, :7].tolist() == brute_force(ids, vectors, random_vectors(1, seed=5)[0], 7)
    assert found[0, 7:].tolist() == [-1] * 3
    assert np.isfinite(scores[0, :7]).all()
    assert np.isneginf(scores[0, 7:]).all()


@pytest.mark.parametrize("k", [1, 10, 50, 90, 300])
def test_equal_vectors_come_in_order_of_id(kind, k):
    """More copies than k, so that the cut falls among them: the smallest ids stay."""
    index = kind(DIM)
    vectors = random_vectors(260)
    copies = np.random.default_rng(3).permutation(260)[:80]
    vectors[copies] = vectors[copies[0]]
    ids = np.random.default_rng(4).permutation(260)
    index.add(ids, vectors)
    scores, found = index.search(vectors[copies[:1]], k)
    copied = sorted(ids[copies].tolist())
    assert found[0, : min(k, 80)].tolist() == copied[:k]
    assert len(set(scores[0, : min(k, 80)].tolist())) == 1
    assert len(set(found[0, : min(k, 260)].tolist())) == min(k, 260)


def test_a_subset_is_searched_exactly(kind):
    index, ids, vectors = filled(kind)
    allowed = np.sort(ids)[10:40]
    question = random_vectors(1, seed=5)
    _, found = index.search(question, 8, allowed)
    assert found[0].tolist() == brute_force(ids, vectors, question[0], 8, allowed.tolist())


def test_a_subset_smaller_than_k_with_strangers_and_repeats(kind):
    index, ids, vectors = filled(kind)
    allowed = np.array([ids[5], 1_000_000, ids[9], ids[5]])
    question = random_vectors(1, seed=5)
    scores, found = index.search(question, 4, allowed)
    assert found[0].tolist() == [*brute_force(ids, vectors, question[0], 4, allowed.tolist()), -1, -1]
    assert np.isneginf(scores[0, 2:]).all()


def test_an_empty_subset_finds_nothing(kind):
    index, _, _ = filled(kind)
    _, found = index.search(random_vectors(1), 4, np.empty(0, np.int64))
    assert found.tolist() == [[-1] * 4]


def test_vectors_added_in_parts_are_all_found(kind):
    index = kind(DIM)
    vectors = random_vectors(300)
    for start in range(0, 300, 7):
        # From the highest ids down, so that new ids are below those already there.
        index.add(np.arange(300 - start, 300 - start - len(vectors[start : start + 7]), -1), vectors[start : start + 7])
    _, found = index.search(vectors, 1)
    assert len(index) == 300
    assert found[:, 0].tolist() == index.ids().tolist() == list(range(300, 0, -1))


def test_adding_nothing_is_allowed(kind):
    index, _, _ = filled(kind)
    index.add(np.empty(0, np.int64), np.empty((0, DIM), np.float32))
    assert len(index) == 200


def test_given_arrays_are_not_kept(kind):
    index = kind(DIM)
    vectors, ids = random_vectors(3), np.arange(3)
    expected = vectors.copy()
    index.add(ids, vectors)
    vectors[:] = 0
    ids[:] = 9
    index.ids()[:] = 9
    assert index.search(expected, 1)[1][:, 0].tolist() == [0, 1, 2]


BAD = {
    "wrong dimension": ([1], random_vectors(1, dim=DIM + 1), "shape"),
    "one dimension": ([1], random_vectors(1)[0], "shape"),
    "not a number": ([1], np.full((1, DIM), np.nan, np.float32), "finite"),
    "infinite": ([1], np.full((1, DIM), np.inf, np.float32), "finite"),
    "not of unit length": ([1], random_vectors(1) * 2, "unit length"),
    "zero": ([1], np.zeros((1, DIM), np.float32), "unit length"),
    "fewer ids": ([1], random_vectors(2), "ids have shape"),
    "negative id": ([-1], random_vectors(1), "negative"),
    "id twice": ([1, 1], random_vectors(2), "different"),
    "id not an integer": ([1.5], random_vectors(1), "integers"),
    "id known": ([500, 3], random_vectors(2), "id 3 is in the index already"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_vectors_are_refused_and_change_nothing(kind, case):
    ids, vectors, message = BAD[case]
    index, known, _ = filled(kind)
    with pytest.raises(BadVectors, match=message):
        index.add(np.array(ids), vectors)
    assert index.ids().tolist() == known.tolist()


def test_bad_queries_are_refused(kind):
    index, _, _ = filled(kind)
    with pytest.raises(BadVectors, match="shape"):
        index.search(random_vectors(1, dim=DIM - 1), 3)
    with pytest.raises(BadVectors, match="finite"):
        index.search(np.full((1, DIM), np.nan, np.float32), 3)
    with pytest.raises(BadVectors, match="less than 1"):
        index.search(random_vectors(1), 0)


def test_a_dimension_is_positive(kind):
    with pytest.raises(BadVectors, match="dim"):
        kind(0)


def test_many_threads_search_at_once(kind):
    index, ids, vectors = filled(kind)
    expected = [index.search(vectors[row : row + 1], 5)[1].tolist() for row in range(len(ids))]
    wrong: list[int] = []

    def look(offset):
        for row in range(offset, len(ids), 3):
            allowed = ids[row : row + 1] if row % 2 else None
            _, found = index.search(vectors[row : row + 1], 5, allowed)
            wanted = [[int(ids[row]), -1, -1, -1, -1]] if row % 2 else expected[row]
            if found.tolist() != wanted:
                wrong.append(row)

    threads = [threading.Thread(target=look, args=(offset % 3,)) for offset in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_exact_index_is_searched_while_it_grows():
    index = ExactIndex(DIM)
    vectors = random_vectors(2000)
    index.add(np.array([0]), vectors[:1])
    wrong: list[str] = []
    done = threading.Event()

    def look():
        while not done.is_set():
            before = len(index)
            scores, found = index.search(vectors[:1], 3000)
            hits = found[0][found[0] >= 0]
            if not before <= len(hits) <= len(index) or found[0, 0] != 0 or len(set(hits.tolist())) != len(hits):
                wrong.append(f"{before} {len(hits)} {found[0, :3]}")
            expected = vectors[hits] @ vectors[0]
            if not np.allclose(scores[0, : len(hits)], expected, atol=1e-5):
                wrong.append("a score that belongs to another vector")

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(1, 2000, 13):
        rows = np.arange(start, min(start + 13, 2000))
        index.add(rows, vectors[rows])
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(index) == 2000
