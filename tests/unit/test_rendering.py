"""The JSON form of a result: exact fields, in the documented order."""

from __future__ import annotations

import json

from qa_service.rendering import result_to_dict
from qa_service.types import Answer, Copy, RankedPassage, Result, Span

PASSAGE = RankedPassage(
    rank=1,
    score=0.5,
    passage_id="p",
    article_id="a",
    title=None,
    url="u",
    published_at="2024-01-02",
    text="正文",
    start=3,
    end=5,
    highlights=(Span(3, 4),),
    omitted=(Span(4, 5),),
    also_in=(Copy("b", "t", None, 0, 2),),
    metadata={"k": 1},
)


def test_fields_and_their_order() -> None:
    result = Result(
        question="q",
        answerable=True,
        confidence=0.5,
        answer=Answer("正", "p", "a", 3, 4),
        passages=(PASSAGE,),
        timings_ms={"total": 1.5},
        generation="g",
        explain={"coverage": 1.0},
    )
    expected = (
        '{"question": "q", "answerable": true, "confidence": 0.5, "answer": {"text": "正", "passage_id": "p", '
        '"article_id": "a", "start": 3, "end": 4}, "passages": [{"rank": 1, "score": 0.5, "passage_id": "p", '
        '"article_id": "a", "title": null, "url": "u", "published_at": "2024-01-02", "text": "正文", "start": 3, '
        '"end": 5, "highlights": [{"start": 3, "end": 4}], "omitted": [{"start": 4, "end": 5}], "also_in": '
        '[{"article_id": "b", "title": "t", "url": null, "start": 0, "end": 2}], "metadata": {"k": 1}}], '
        '"timings_ms": {"total": 1.5}, "generation": "g", "explain": {"coverage": 1.0}}'
    )
    assert json.dumps(result_to_dict(result), ensure_ascii=False) == expected


def test_without_answer_and_explanation() -> None:
    body = result_to_dict(Result("q", False, 0.0, None, (), {}, "g"))
    assert body["answer"] is None
    assert body["passages"] == []
    assert "explain" not in body
