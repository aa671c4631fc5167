"""`qa-service ask`: readable for people, the API's JSON for programs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa_service.types import Answer, Ask, Copy, RankedPassage, Result, Span

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner

TEXT = "第一句。\r\n第二句\x1b[31m。第三句。"
PASSAGE = RankedPassage(
    rank=1,
    score=0.91,
    passage_id="p1",
    article_id="flu\u202e.txt",
    title="标题",
    url="http://example.org/a",
    published_at="2024-01-02",
    text=TEXT,
    start=100,
    end=100 + len(TEXT),
    highlights=(Span(106, 115),),
    omitted=(),
    also_in=(Copy("other.txt", None, None, 3, 9),),
    metadata={},
)
RESULT = Result(
    question="q",
    answerable=True,
    confidence=0.91,
    answer=Answer("第二句\x1b[31m。", "p1", "flu\u202e.txt", 106, 115),
    passages=(PASSAGE,),
    timings_ms={"total": 12.3},
    generation="g",
)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """Makes the engine answer what the test puts into the list."""
    given: list[Result] = []

    def ask(_self: object, _ask: Ask) -> Result:
        return given[0]

    monkeypatch.setattr("qa_service.engine.Engine.ask", ask)
    return given


def test_readable_answer(run: Runner, answers: list[Result]) -> None:
    answers.append(RESULT)
    ran = run("ask", "q")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Answer: 第二句\\x1b[31m。\n"
        "Source: flu\\u202e.txt, characters 106-115\n"
        "Confidence: high (0.91)\n"
        "\n"
        "Passages:\n"
        "\n"
        "1. [0.91] flu\\u202e.txt | 标题 | 2024-01-02 | characters 100-119\n"
        "   http://example.org/a\n"
        "   第一句。\n"
        "   **第二句\\x1b[31m。**第三句。\n"
        "   also in other.txt | characters 3-9\n"
        "\n"
        "1 passage in 12 ms\n"
    )


def test_readable_without_answer(run: Runner, answers: list[Result]) -> None:
    answers.append(replace(RESULT, answerable=False, confidence=0.31, answer=None))
    out = run("ask", "q").out
    assert out.startswith("No answer: no passage is likely enough to answer this.\nConfidence: low (0.31)\n")
    assert "The nearest passages:" in out
    assert "**第二句" in out


def test_readable_without_passages(run: Runner) -> None:
    ran = run("ask", "疫苗")
    assert ran.code == 0
    assert ran.out.startswith("No answer: ")
    assert "Nothing was found" in ran.out


def test_fair_confidence(run: Runner, answers: list[Result]) -> None:
    answers.append(replace(RESULT, confidence=0.6))
    assert "Confidence: fair (0.60)" in run("ask", "q").out


def test_json_is_what_the_api_returns(run: Runner, docs: Path) -> None:
    run("ingest", docs)
    ran = run("ask", "接种门诊有多少个?", "--json", "--top-k", "1")
    assert (ran.code, ran.err) == (0, "")
    body = json.loads(ran.out)
    assert list(body) == ["question", "answerable", "confidence", "answer", "passages", "timings_ms", "generation"]
    assert [passage["article_id"] for passage in body["passages"]] == ["flu.txt"]
    original = (docs / "flu.txt").read_text(encoding="utf-8")
    passage = body["passages"][0]
    assert original[passage["start"] : passage["end"]] == passage["text"]


def test_best_sentence_is_marked(run: Runner, docs: Path) -> None:
    run("ingest", docs)
    assert "**全市共设四十一个接种门诊。**" in run("ask", "全市共设多少个接种门诊").out


@pytest.mark.parametrize("question", ["", "  \n", "a\x00b", "x" * 4001])
def test_bad_questions(run: Runner, question: str) -> None:
    ran = run.failed("ask", question)
    assert ran.code == 2
    assert ran.out == ""


def test_unknown_collection(run: Runner) -> None:
    ran = run.failed("ask", "q", "--collection", "nowhere")
    assert ran.code == 2
    assert "nowhere" in ran.err
