"""Vector indexes on disk: whole or not at all, and refused when damaged or of another kind."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.errors import BadVectors, DamagedIndex
from embeddings.exact import ExactIndex
from embeddings.faiss_index import FaissFlatIndex
from tests.unit.vectors import DIM, filled, random_vectors, unit


@pytest.fixture(params=[ExactIndex, FaissFlatIndex], ids=["exact", "faiss"])
def kind(request):
    return request.param


def test_saved_and_loaded_it_answers_the_same_and_grows_on(kind, tmp_path):
    index, ids, vectors = filled(kind)
    index.save(tmp_path / "vectors.index")
    loaded = kind.load(tmp_path / "vectors.index", dim=DIM)
    questions = random_vectors(4, seed=5)
    for ours, theirs in zip(index.search(questions, 9), loaded.search(questions, 9), strict=True):
        assert np.array_equal(ours, theirs)
    assert loaded.ids().tolist() == ids.tolist()
    with pytest.raises(BadVectors, match="already"):
        loaded.add(ids[:1], vectors[:1])
    loaded.add(np.array([5000]), questions[:1])
    assert loaded.search(questions[:1], 1)[1].tolist() == [[5000]]
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.index"]


def test_an_empty_index_can_be_saved(kind, tmp_path):
    kind(DIM).save(tmp_path / "vectors.index")
    assert len(kind.load(tmp_path / "vectors.index")) == 0


def test_a_failed_save_leaves_the_old_file(kind, tmp_path):
    index, _, _ = filled(kind)
    with pytest.raises(OSError):
        index.save(tmp_path / "absent" / "vectors.index")
    (tmp_path / "vectors.index").mkdir()
    with pytest.raises(OSError):
        index.save(tmp_path / "vectors.index")
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.index"]


@pytest.mark.parametrize("keep", [0, 3, 100, -1, -2000])
def test_a_truncated_file_is_refused(kind, keep, tmp_path):
    path = tmp_path / "vectors.index"
    filled(kind)[0].save(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DamagedIndex, match=r"vectors\.index"):
        kind.load(path)


def test_a_missing_file_is_refused(kind, tmp_path):
    with pytest.raises(DamagedIndex, match="No such file"):
        kind.load(tmp_path / "absent")


def test_a_file_of_another_dimension_is_refused(kind, tmp_path):
    filled(kind)[0].save(tmp_path / "vectors.index")
    with pytest.raises(DamagedIndex, match=f"{DIM + 1}"):
        kind.load(tmp_path / "vectors.index", dim=DIM + 1)


def test_a_file_of_the_other_kind_is_refused(kind, tmp_path):
    other = FaissFlatIndex if kind is ExactIndex else ExactIndex
    filled(other)[0].save(tmp_path / "vectors.index")
    with pytest.raises(DamagedIndex):
        kind.load(tmp_path / "vectors.index")


@pytest.mark.parametrize("factory", ["Flat", "IDMap2,HNSW8", "IDMap,Flat"])
def test_another_faiss_index_is_refused(factory, tmp_path):
    import faiss

    path = tmp_path / "vectors.index"
    faiss.write_index(faiss.index_factory(DIM, factory, faiss.METRIC_INNER_PRODUCT), str(path))
    with pytest.raises(DamagedIndex, match="another kind"):
        FaissFlatIndex.load(path)


def test_another_metric_is_refused(tmp_path):
    import faiss

    path = tmp_path / "vectors.index"
    faiss.write_index(faiss.index_factory(DIM, "IDMap2,Flat", faiss.METRIC_L2), str(path))
    with pytest.raises(DamagedIndex, match="another kind"):
        FaissFlatIndex.load(path)


def test_a_flipped_bit_anywhere_in_an_exact_file_is_noticed_or_harmless(tmp_path):
    path = tmp_path / "vectors.index"
    index = ExactIndex(2)
    index.add(np.array([4, 2]), unit([[1, 0], [3, 4]]))
    index.save(path)
    original = path.read_bytes()
    noticed = 0
    for position in range(len(original)):
        path.write_bytes(original[:position] + bytes([original[position] ^ 16]) + original[position + 1 :])
        try:
            loaded = ExactIndex.load(path)
        except DamagedIndex:
            noticed += 1
            continue
        assert loaded.ids().tolist() == [4, 2]
        assert np.array_equal(loaded.search(unit([[3, 4]]), 2)[0], index.search(unit([[3, 4]]), 2)[0])
    assert noticed > 100
