"""The answer and the highlights as they are shown: exact slices of the original, one sentence or two adjacent ones."""

from __future__ import annotations

import numpy as np
import pytest

from qa_service.engine import Engine
from qa_service.retrieval import answer
from qa_service.retrieval.answering.features import FEATURES
from qa_service.retrieval.answering.weights import Weights
from qa_service.retrieval.presenting import joined
from qa_service.retrieval.texts import ArticleText
from qa_service.store.packing import pack_spans
from qa_service.store.passages import Candidate
from qa_service.store.segments import Block
from qa_service.types import Ask, RankedPassage, Span
from tests.conftest import add

PARK = "青河公园每天早上六点开门。 晚上十点关门。\n公园里禁止放风筝。\n\n儿童票价是五元。\r\n\r\n园内有湖。"


@pytest.fixture
def generous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make length free, so that two sentences are chosen wherever they may be."""
    monkeypatch.setattr(answer, "shipped_weights", lambda: Weights(np.zeros(len(FEATURES)), 0.0))


def quotes(passage: RankedPassage, text: str) -> list[str]:
    return [text[span.start : span.end] for span in passage.highlights]


@pytest.mark.usefixtures("generous")
def test_two_sentences_are_one_exact_slice(engine: Engine) -> None:
    add(engine, {"park": PARK})
    result = engine.ask(Ask("青河公园几点开门？", min_confidence=0.0))
    assert result.answer is not None
    assert result.answer.text == PARK[result.answer.start : result.answer.end]
    assert result.answer.text == "青河公园每天早上六点开门。 晚上十点关门。"
    assert quotes(result.passages[0], PARK) == ["青河公园每天早上六点开门。", "晚上十点关门。"]


def test_one_sentence_when_it_is_sure(engine: Engine) -> None:
    add(engine, {"park": PARK})
    result = engine.ask(Ask("儿童票价是多少元？", min_confidence=0.0))
    assert result.answer is not None
    assert result.answer.text == "儿童票价是五元。"
    assert quotes(result.passages[0], PARK) == ["儿童票价是五元。"]


@pytest.mark.usefixtures("generous")
def test_repaired_form_of_two_sentences(engine: Engine) -> None:
    text = "青河公园每天早上六\u200b点开门。晚上十点关\u200b门。"
    add(engine, {"park": text})
    result = engine.ask(Ask("青河公园几点开门？", min_confidence=0.0, text_form="repaired"))
    assert result.answer is not None
    assert (result.answer.start, result.answer.end) == (0, len(text))
    assert result.answer.text == text.replace("\u200b", "")


def candidate(sentences: list[Span], omitted: list[Span]) -> Candidate:
    return Candidate(
        key=1,
        article=1,
        article_id="a",
        passage_id="p",
        start=sentences[0].start,
        end=sentences[-1].end,
        sentences=pack_spans(sentences),
        terms=b"",
        words=0,
        omitted=pack_spans(omitted),
        units=b"",
        block=Block(0, 0, 0, 0),
    )


def test_paragraphs_are_not_joined() -> None:
    spans = [Span(PARK.index(s), PARK.index(s) + len(s)) for s in ("青河公园每天早上六点开门。", "晚上十点关门。",
             "公园里禁止放风筝。", "儿童票价是五元。", "园内有湖。")]  # fmt: skip
    assert joined(candidate(spans, []), ArticleText(PARK, ())) == [True, True, False, False]


def test_what_furniture_divides_is_not_joined() -> None:
    text = "第一句。广告语。第二句。第三句。"
    spans, furniture = [Span(0, 4), Span(8, 12), Span(12, 16)], [Span(4, 8)]
    assert joined(candidate(spans, furniture), ArticleText(text, ())) == [False, True]
    assert joined(candidate(spans[1:], furniture), ArticleText(text, ())) == [True]
    assert joined(candidate(spans[:1], furniture), ArticleText(text, ())) == []


def test_opening_is_the_first_line_or_sentence_before_the_passage() -> None:
    text = ArticleText("  \n海熊兽\n海熊兽是早期的鳍足类。体长约一米半。", ())
    assert text.opening(0) is None
    assert text.opening(3) is None
    assert text.opening(20) == "海熊兽"
    assert ArticleText("甲是乙。丙是丁。", ()).opening(4) == "甲是乙。"
