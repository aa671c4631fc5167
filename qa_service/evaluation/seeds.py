"""Sets of raw articles with questions whose answers are anchors: text as it stands in an article."""

from __future__ import annotations

from collections.abc import Mapping
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


def load_seeds(path: Path, articles_path: Path | None = None) -> AnchorSet:
    """Load a question file and name its articles.

    Parameters:
        path: JSON Lines of `{"question", "answers": [{"article": id, "anchor": text}]}`.
        articles_path: a directory of article files, whose names are their ids, or a file of rows that carry ids.
            Without it: `seeds` or `articles.jsonl` beside the file, or `seeds` beside its folder.

    Errors:
        BadInput: a line is malformed, or there are no articles.
    """
    questions = tuple(_question(row, place) for place, row in read_object_lines(path))
    if not questions:
        raise BadInput("holds no questions", field=str(path))
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
    return AnchoredQuestion(text_field(row, "question", place), anchors, place)


def _find_articles(path: Path) -> Path:
    folder = path.absolute().parent
    for candidate in (folder / "seeds", folder / "articles.jsonl", folder.parent / "seeds"):
        if candidate.exists():
            return candidate
    raise BadInput("no articles stand beside it", field=str(path), remedy="name them with --articles")
