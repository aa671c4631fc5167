"""What is computed for all candidates at once equals what it is for each."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from qa_service.engine import Engine
from qa_service.errors import Damaged
from qa_service.index.bm25 import WordQuery, bm25, score_passages
from qa_service.lazy import lazy
from qa_service.retrieval.evidence import Slices
from qa_service.retrieval.ranking import in_order
from qa_service.store import passages
from qa_service.store.packing import pack_terms, split_terms, unpack_many_terms, unpack_terms
from qa_service.store.segments import Block
from qa_service.types import Submission


def documents(count: int, terms: int) -> list[Counter[int]]:
    chance = random.Random(1)
    return [Counter(chance.choices(range(1, terms), k=chance.randrange(60))) for _ in range(count)]


@pytest.mark.parametrize("asked", [3, 500])
def test_words_score_alike_one_by_one(asked: int) -> None:
    """Of few words and of many, for which another way is taken."""
    found = documents(40, 800)
    query = WordQuery({term: 1 + term / 7 for term in range(1, asked)}, 999.0, 900.0, 30.0, {}, frozenset({2}), 2)
    scored = score_passages(query, [split_terms(pack_terms(one)) for one in found], [one.total() for one in found])
    for place, one in enumerate(found):
        hits = [term for term in sorted(one) if term in query.idf]
        parts = bm25(
            np.array([one[term] for term in hits], dtype=np.float64),
            np.array([query.idf[term] for term in hits]),
            np.full(len(hits), float(one.total())),
            query.average_length,
        )
        assert scored.bm25[place] == pytest.approx(parts.sum(), rel=1e-12)
        assert scored.matched[place] == pytest.approx(sum(query.idf[term] for term in hits) / query.mass, rel=1e-12)
        assert scored.numbers[place] == (2 in one) / 2


def test_terms_unpack_alike_one_by_one() -> None:
    blobs = [pack_terms(one) for one in [*documents(10, 50), Counter[int](), Counter({7: 3})]]
    ids, frequencies, ends = unpack_many_terms([split_terms(blob) for blob in blobs])
    for blob, start, end in zip(blobs, [0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        alone = unpack_terms(blob)
        assert ids[start:end].tolist() == alone[0].tolist()
        assert frequencies[start:end].tolist() == alone[1].tolist()


def test_blocks_are_gathered_in_the_order_given(engine: Engine) -> None:
    text = "青河公园每天早上六点开门。晚上十点关门。湖上可以划船。"
    list(engine.ingest([Submission((text * (number + 1)).encode(), str(number)) for number in range(5)]))
    with engine.catalog.read() as connection:
        blocks = [one.block for one in passages.candidates(connection, list(range(1, 50)), connection.sequence())]
    wanted = [blocks[place] for place in (3, 0, 4, 0)]
    expected = np.concatenate([engine.segments.read(block) for block in wanted])
    assert np.array_equal(engine.segments.gather(wanted), expected)
    assert np.array_equal(engine.segments.gather(blocks[:1]), engine.segments.read(blocks[0]))
    last = blocks[-1]
    past = Block(last.segment, last.slot + last.vectors, 3, 0)
    with pytest.raises(Damaged):
        engine.segments.gather([blocks[0], past])
    engine.segments._verified.clear()
    wrong = Block(last.segment, last.slot, last.vectors, last.crc ^ 1)
    with pytest.raises(Damaged):
        engine.segments.gather([blocks[0], wrong])


def test_equal_scores_are_in_order_of_article_and_place(engine: Engine) -> None:
    given = [Submission(f"第{number}号公园每天早上六点开门。".encode(), f"{9 - number}") for number in range(8)]
    list(engine.ingest(given))
    with engine.catalog.read() as connection:
        found = passages.candidates(connection, list(range(1, 50)), connection.sequence())
    scores = np.array([1.0, 3.0, 1.0, 2.0, 3.0, 1.0, 0.0, 3.0])
    expected = sorted(range(8), key=lambda place: (-scores[place], found[place].article_id, found[place].start))
    assert in_order(found, scores) == expected
    assert in_order(found[:1], scores[:1]) == [0]
    assert in_order([], scores[:0]) == []


def test_slices_are_those_of_the_array() -> None:
    values = np.arange(10, dtype=np.float32)
    slices = Slices(values, [1, 4], [3, 9])
    assert len(slices) == 2
    assert [one.tolist() for one in slices] == [[1.0, 2.0], [4.0, 5.0, 6.0, 7.0, 8.0]]
    assert slices[-1].tolist() == slices[1].tolist()
    assert [one.tolist() for one in slices[:1]] == [[1.0, 2.0]]


def test_a_lazy_attribute_is_computed_once() -> None:
    computed: list[int] = []

    class Thing:
        @lazy
        def value(self) -> int:
            computed.append(1)
            return 7

    thing = Thing()
    assert [thing.value, thing.value, Thing().value] == [7, 7, 7]
    assert len(computed) == 2
    assert isinstance(Thing.value, lazy)
