"""Ranking documents that come with the question: order, scores, and what must not matter."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder, ToyReranker
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput
from qa_service.store.sqlite_catalog import SqliteCatalog
from tests.conftest import add

QUERY = "第二医院的院长是谁？"
DOCUMENTS = [
    "图书馆周末上午九点开门，周一闭馆。",
    "第二医院的院长是林月华。",
    "",
    "第二医院位于和平路十二号。",
    "第三医院的院长是王平。",
    "夜间公交每二十分钟一班。",
    "\n\u3000",
]


def ranked(engine: Engine, documents: list[str], query: str = QUERY) -> list[tuple[str, float]]:
    return [(documents[place], score) for place, score in engine.rerank(query, documents)]


def test_the_document_that_answers_comes_first(engine: Engine) -> None:
    found = ranked(engine, DOCUMENTS)
    assert found[0][0] == DOCUMENTS[1]
    assert found[0][1] > found[2][1] >= found[-3][1] >= 0
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert all(score <= 1 for _, score in found)


def test_blank_documents_come_last_in_order_and_score_nothing(engine: Engine) -> None:
    assert engine.rerank(QUERY, DOCUMENTS)[-2:] == [(2, 0.0), (6, 0.0)]
    assert engine.rerank(QUERY, ["", " "]) == [(0, 0.0), (1, 0.0)]
    assert engine.rerank(QUERY, []) == []


def test_documents_without_a_letter_or_digit_score_nothing(engine: Engine) -> None:
    marks = ["。", "\0", "- ", "🙂🙂", "……\n\n***", "\u202e"]
    assert engine.rerank(QUERY, marks) == [(place, 0.0) for place in range(len(marks))]
    found = engine.rerank(QUERY, [*marks, "9", DOCUMENTS[1]])
    assert {place for place, _ in found[:2]} == {len(marks), len(marks) + 1}
    assert found[2:] == [(place, 0.0) for place in range(len(marks))]
    # Nor do they change what the others get.
    assert [score for _, score in found[:2]] == [score for _, score in engine.rerank(QUERY, ["9", DOCUMENTS[1]])]


@pytest.mark.parametrize("seed", range(5))
def test_their_order_makes_no_difference(engine: Engine, seed: int) -> None:
    shuffled = random.Random(seed).sample(DOCUMENTS, len(DOCUMENTS))
    found, again = ranked(engine, DOCUMENTS), ranked(engine, shuffled)
    assert again[:-2] == found[:-2]
    assert [score for _, score in again] == [score for _, score in found]


def test_equal_documents_score_alike_and_keep_their_order(engine: Engine) -> None:
    found = engine.rerank(QUERY, [DOCUMENTS[0], DOCUMENTS[1], DOCUMENTS[4], DOCUMENTS[1]])
    assert [place for place, _ in found[:2]] == [1, 3]
    assert found[0][1] == found[1][1]
    once = engine.rerank(QUERY, [DOCUMENTS[0], DOCUMENTS[1], DOCUMENTS[4]])
    assert found[0][1] == once[0][1]


def test_script_makes_no_difference(engine: Engine) -> None:
    found = engine.rerank(QUERY, [DOCUMENTS[0], "第二醫院的院長是林月華。", DOCUMENTS[1]])
    assert [place for place, _ in found] == [1, 2, 0]
    assert engine.rerank(QUERY, [DOCUMENTS[1], DOCUMENTS[0]]) == engine.rerank(
        "第二醫院的院長是誰？", [DOCUMENTS[1], DOCUMENTS[0]]
    )


def test_a_long_document_is_its_best_passage(engine: Engine, encoder: ToyEncoder) -> None:
    filler = "".join(f"第{number}号仓库在东区，负责人是张三。" for number in range(200))
    assert encoder.count_tokens([filler])[0] > 2 * 480
    for document in (filler + DOCUMENTS[1], DOCUMENTS[1] + filler, filler + DOCUMENTS[1] + filler):
        assert engine.rerank(QUERY, [DOCUMENTS[0], document, filler])[0][0] == 1


def test_nothing_is_kept(engine: Engine) -> None:
    add(engine, {"a": "第二医院的院长是林月华。"})
    before = {path: path.stat().st_size for path in engine.settings.data_dir.rglob("*.vec")}
    first = engine.rerank(QUERY, DOCUMENTS)
    add(engine, {"b": "第三医院的院长是王平。"}, "other")
    assert engine.rerank(QUERY, DOCUMENTS) == first
    assert before
    assert [info.articles for info in engine.collections()] == [1, 1]


def test_words_count_by_these_documents_alone(engine: Engine) -> None:
    """A word that all of them have tells nothing; in a collection it may be rare."""
    documents = ["东区仓库的负责人", "西区仓库的负责人"]
    found = engine.rerank("西区仓库的负责人是谁？", documents)
    assert found[0][0] == 1
    assert found[0][1] > found[1][1]


@pytest.mark.parametrize("query", ["", " ", "？", "a\0", "a" * 4001])
def test_bad_questions(engine: Engine, query: str) -> None:
    with pytest.raises(BadInput):
        engine.rerank(query, DOCUMENTS)


def test_odd_documents(engine: Engine) -> None:
    odd = ["\ud800", "a\0b", "\u200b", "。。。", "🙂" * 3000, "x" * 20_000]
    found = engine.rerank(QUERY, [*odd, DOCUMENTS[1]])
    assert found[0][0] == len(odd)
    assert sorted(place for place, _ in found) == list(range(len(odd) + 1))


class Backwards(ToyReranker):
    """Wants what the question is least like."""

    def score(self, query: str, passages: object) -> object:  # type: ignore[override]
        return -super().score(query, passages)  # type: ignore[arg-type]


def test_a_configured_reranker_reads_the_first(tmp_path: Path, cache_dir: Path, encoder: ToyEncoder) -> None:
    settings = Settings(data_dir=tmp_path / "data", cache_dir=cache_dir, model="toy", rerank_depth=2)
    plain = Engine(settings, encoder, SqliteCatalog(settings.data_dir))
    order = [place for place, _ in plain.rerank(QUERY, DOCUMENTS)]
    reranker = Backwards()
    reading = Engine(settings, encoder, plain.catalog, reranker)  # type: ignore[arg-type]
    found = reading.rerank(QUERY, DOCUMENTS)
    assert (reranker.calls, reranker.passages_scored) == (1, 2)
    assert [place for place, _ in found] == [order[1], order[0], *order[2:]]
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    plain.close()
