"""Sets in SQuAD layout: every paragraph is one article, without its title, which may be in another language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from qa_service.errors import BadInput
from qa_service.evaluation.datasets import JudgedQuestion, RankingSet, list_field, read_json_file, text_field
from qa_service.types import Submission


@dataclass(frozen=True, slots=True)
class _Paragraph:
    place: str
    text: str
    questions: tuple[_Question, ...]
    """Its answerable questions, by position."""


@dataclass(frozen=True, slots=True)
class _Question:
    place: str
    id: str
    text: str
    gold: tuple[str, ...]


def load_squad(path: Path, questions_path: Path | None = None) -> RankingSet:
    """Load a SQuAD file.

    Parameters:
        path: `{"data": [{"paragraphs": [{"context", "qas": [{"question", "id"?, "answers"?: [{"text"}]}]}]}]}`.
            Paragraphs of identical text are one article; questions marked `is_impossible` are left out.
        questions_path: a file parallel to it by position, whose questions are asked instead. The gold answers stay
            those of `path`, since an answer has to stand in the article.

    Returns:
        A set with one relevant article per question.

    Errors:
        BadInput: a file is malformed, or the two are not parallel.
    """
    paragraphs = list(_paragraphs(path))
    asked = paragraphs if questions_path is None else _parallel(paragraphs, list(_paragraphs(questions_path)))
    ids: dict[str, str] = {}
    questions: list[JudgedQuestion] = []
    for paragraph, other in zip(paragraphs, asked, strict=True):
        article_id = ids.setdefault(paragraph.text, f"p{len(ids):05d}")
        for own, question in zip(paragraph.questions, other.questions, strict=True):
            number = f"q{len(questions):06d}"
            name = f"{number}-{question.id}" if question.id else number
            questions.append(JudgedQuestion(name, question.text, {article_id: 1}, question.place, own.gold))
    if not questions:
        raise BadInput("holds no questions", field=str(questions_path or path))
    articles = tuple(Submission(text.encode("utf-8"), id=id_, charset="utf-8") for text, id_ in ids.items())
    name = path.name if questions_path is None else f"{path.name} asked with {questions_path.name}"
    return RankingSet(name, articles, tuple(questions))


def _paragraphs(path: Path) -> Iterator[_Paragraph]:
    for a, article in enumerate(list_field(read_json_file(path), "data", str(path))):
        for p, paragraph in enumerate(list_field(article, "paragraphs", f"{path}: data[{a}]")):
            place = f"{path}: data[{a}].paragraphs[{p}]"
            yield _Paragraph(place, text_field(paragraph, "context", place), tuple(_questions(paragraph, place)))


def _questions(paragraph: Mapping[str, object], place: str) -> Iterator[_Question]:
    for q, row in enumerate(list_field(paragraph, "qas", place)):
        here = f"{place}.qas[{q}]"
        if row.get("is_impossible") is not True:
            given_id = row.get("id")
            name = str(given_id) if isinstance(given_id, str | int) else ""
            yield _Question(here, name, text_field(row, "question", here), _gold(row, here))


def _gold(row: Mapping[str, object], place: str) -> tuple[str, ...]:
    """Read the distinct answers; a question need not have any."""
    if "answers" not in row:
        return ()
    answers = list_field(row, "answers", place)
    return tuple(dict.fromkeys(text_field(one, "text", f"{place}.answers[{i}]") for i, one in enumerate(answers)))


def _parallel(paragraphs: list[_Paragraph], others: list[_Paragraph]) -> list[_Paragraph]:
    for left, right in zip_longest(paragraphs, others):
        if left is None or right is None or len(left.questions) != len(right.questions):
            place = (right or left).place
            counts = f"{len(left.questions) if left else 'no'} and {len(right.questions) if right else 'no'} questions"
            raise BadInput(
                f"the two files are not parallel here: {counts}",
                field=place,
                remedy="--questions needs the same paragraphs and questions in the same order",
            )
    return others
