"""Recall: the queries it is measured with, and the exact search it is held against."""

from __future__ import annotations

import numpy as np
import pytest

from qa_service.index import recall


def test_queries_are_harder_than_disturbed_vectors() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((500, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = recall.sample_queries(lambda ids: vectors[ids], 500, lambda ids: vectors[ids], 500, 40)
    assert queries.shape == (40, 32)
    assert np.allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)
    truth = recall.exact(lambda ids: vectors[ids], 500, queries, k=10)
    expected = -np.sort(-(queries @ vectors.T), axis=1)[:, :10]
    assert np.allclose(truth.best, expected, atol=1e-6)
    assert 0.8 < float(np.median(truth.best[:, 0])) < 0.97


def test_an_exact_search_reads_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "_BATCH", 7)
    test_queries_are_harder_than_disturbed_vectors()
