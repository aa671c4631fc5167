"""Sets of raw articles with questions whose answers are anchors: text as it stands in an article."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from qa_service.errors import BadInput
from qa_service.evaluation.datasets import (
    Anchor,
    AnchoredQuestion,
    AnchorSet,
    list_field,
    read_object_lines,
    text_field,
)
from qa_service.readers import Source, list_files


def read_questions(path: Path) -> tuple[AnchoredQuestion, ...]:
    """Read the questions of a file in this layout; see `load_seeds`.

    A question's id is made from its text and anchors, so that lines put in or taken out leave the others' ids alone.

    Errors:
        BadInput: the file cannot be read, a line is malformed, or there is none.
    """
    questions = tuple(_numbered(_question(row, place) for place, row in read_object_lines(path)))
    if not questions:
        raise BadInput("holds no questions", field=str(path))
    return questions


def load_live(path: Path, collection: str) -> AnchorSet:
    """Load a question file for articles that a collection holds already.

    Errors:
        BadInput: as of `read_questions`.
    """
    return AnchorSet(f"{path.name} asked of {collection}", (), read_questions(path))


def load_seeds(path: Path, articles_path: Path | None = None) -> AnchorSet:
    """Load a question file and name its articles.

    Parameters:
        path: JSON Lines of `{"question", "answers": [{"article": id, "anchor": text}]}`.
        articles_path: a directory of article files, whose names are their ids, or a file of rows that carry ids.
            Without it: `seeds` or `articles.jsonl` beside the file, or `seeds` beside its folder.

    Errors:
        BadInput: a line is malformed, or there are no articles.
    """
    questions = read_questions(path)
    source = Source(list_files([articles_path or _find_articles(path)]))
    return AnchorSet(path.name, source, questions)


def _question(row: Mapping[str, object], place: str) -> AnchoredQuestion:
    answers = list_field(row, "answers", place)
    if not answers:
        raise BadInput("answers is empty", field=place)
    anchors = tuple(
        Anchor(
            text_field(answer, "article", f"{place}: answers[{i}]"),
            text_field(answer, "anchor", f"{place}: answers[{i}]"),
        )
        for i, answer in enumerate(answers)
    )
    text = text_field(row, "question", place)
    content = json.dumps([text, *((anchor.article_id, anchor.text) for anchor in anchors)])
    return AnchoredQuestion(hashlib.sha256(content.encode("ascii")).hexdigest()[:16], text, anchors, place)


def _numbered(questions: Iterator[AnchoredQuestion]) -> Iterator[AnchoredQuestion]:
    """Tell questions apart that are the same to the letter."""
    met: Counter[str] = Counter()
    for question in questions:
        met[question.id] += 1
        count = met[question.id]
        yield question if count == 1 else replace(question, id=f"{question.id}-{count}")


def _find_articles(path: Path) -> Path:
    folder = path.absolute().parent
    for candidate in (folder / "seeds", folder / "articles.jsonl", folder.parent / "seeds"):
        if candidate.exists():
            return candidate
    raise BadInput("no articles stand beside it", field=str(path), remedy="name them with --articles")
