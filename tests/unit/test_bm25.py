"""BM25: against the formula written out once more, plainly, and between the two engines."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from qa_service.errors import Damaged
from qa_service.index.bm25 import Postings, WordQuery, inverse_document_frequency, score_passages
from qa_service.index.lexical import LexicalIndex, build
from qa_service.store.packing import pack_terms, split_terms, unpack_terms

DOCUMENTS = 60


def make_documents() -> list[Counter[int]]:
    rng = random.Random(7)
    return [Counter(rng.choices(range(1, 40), k=rng.randint(3, 60))) for _ in range(DOCUMENTS)]


def make_query(documents: list[Counter[int]], terms: list[int], unknown: int = 0) -> WordQuery:
    idf = {t: inverse_document_frequency(len(documents), sum(t in d for d in documents)) for t in terms}
    known = sum(idf.values())
    mass = known + unknown * inverse_document_frequency(len(documents), 0)
    return WordQuery(idf, mass, known, sum(d.total() for d in documents) / len(documents))


def plain_bm25(query: WordQuery, document: Counter[int]) -> float:
    total = 0.0
    for term, idf in query.idf.items():
        tf = document[term]
        total += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * document.total() / query.average_length))
    return total


def test_scores_follow_the_formula() -> None:
    documents = make_documents()
    query = make_query(documents, [3, 5, 38], unknown=1)
    found = score_passages(query, [split_terms(pack_terms(d)) for d in documents], [d.total() for d in documents])
    scores, matched = found.bm25, found.matched
    assert scores == pytest.approx([plain_bm25(query, d) for d in documents])
    share = [sum(query.idf[t] for t in query.idf if d[t]) / query.mass for d in documents]
    assert matched == pytest.approx(share)


def test_memory_and_disk_engines_find_the_same_best_passages(tmp_path: Path) -> None:
    documents = make_documents()
    query = make_query(documents, [2, 9, 17])
    terms = sorted(query.idf)
    entries = [(100 + place, pack_terms(d)) for place, d in enumerate(documents)]
    in_memory = Postings(entries).search(query, terms, 10)
    build(tmp_path / "words", entries)
    on_disk = LexicalIndex(tmp_path / "words").search(terms, 10)
    # tantivy keeps lengths in one byte, so scores agree closely and order may differ only among near-equals.
    expected = dict(zip(in_memory.keys.tolist(), in_memory.scores.tolist(), strict=True))
    assert len(set(on_disk.keys.tolist()) & set(expected)) >= 8
    best = {100 + place: plain_bm25(query, d) for place, d in enumerate(documents)}
    assert in_memory.scores == pytest.approx(sorted(best.values(), reverse=True)[:10], rel=1e-5)


def test_coverage_is_the_known_share_of_the_idf_mass() -> None:
    documents = make_documents()
    query = make_query(documents, [3], unknown=1)
    unknown = math.log1p((DOCUMENTS + 0.5) / 0.5)
    assert query.coverage == pytest.approx(query.known / (query.known + unknown))
    assert WordQuery({}, 0.0, 0.0, 1.0).coverage == 0.0


def test_no_terms_and_empty_indexes_find_nothing(tmp_path: Path) -> None:
    build(tmp_path / "words", [])
    assert len(LexicalIndex(tmp_path / "words").search([1], 5).keys) == 0
    query = make_query(make_documents(), [3])
    assert len(Postings([]).search(query, [3], 5).keys) == 0
    found = score_passages(query, [], [])
    scores, matched = found.bm25, found.matched
    assert len(scores) == len(matched) == 0


def test_a_damaged_word_index_is_named(tmp_path: Path) -> None:
    build(tmp_path / "words", [(1, pack_terms({1: 1}))])
    (tmp_path / "words" / "meta.json").write_text("{")
    with pytest.raises(Damaged, match="word index"):
        LexicalIndex(tmp_path / "words")


def test_packed_terms_round_trip_and_cap_frequencies() -> None:
    ids, counts = unpack_terms(pack_terms({9: 2, 3: 70_000}))
    assert ids.tolist() == [3, 9]
    assert counts.tolist() == [65_535, 2]
    assert ids.dtype == np.uint32
