"""Questions that a set does not answer: from a file, or because their articles are taken out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qa_service.errors import BadInput
from qa_service.evaluation.datasets import (
    ANSWERABLE,
    TAKEN_OUT,
    AnchoredQuestion,
    AnchorSet,
    JudgedQuestion,
    RankingSet,
    UnansweredQuestion,
    read_object_lines,
    text_field,
)
from qa_service.types import Submission

DEFAULT_KIND = "unanswerable"


def load_unanswered(path: Path) -> tuple[UnansweredQuestion, ...]:
    """Read JSON Lines of `{"question", "kind"?}`; questions without a kind are `unanswerable`.

    Errors:
        BadInput: the file cannot be read, a line is malformed, or there is none.
    """
    questions = tuple(
        UnansweredQuestion(f"u{n:06d}", text_field(row, "question", place), _kind(row, place), place, f"u{n:06d}")
        for n, (place, row) in enumerate(read_object_lines(path))
    )
    if not questions:
        raise BadInput("holds no questions", field=str(path))
    return questions


def _kind(row: Mapping[str, object], place: str) -> str:
    kind = text_field(row, "kind", place) if "kind" in row else DEFAULT_KIND
    if kind in (ANSWERABLE, TAKEN_OUT):
        raise BadInput(f"kind {kind!r} has a meaning of its own", field=place, remedy="call it something else")
    return kind


def take_out(
    dataset: RankingSet | AnchorSet, share: float, seed: int
) -> tuple[RankingSet | AnchorSet, tuple[UnansweredQuestion, ...]]:
    """Take a share of the articles out of a set; what only they answer is not answered any more.

    Only articles that answer a question are taken, so that the same share of the questions goes with them. Which ones
    depends on the seed and the ids alone: the order of the SHA-256 of both.

    Parameters:
        dataset: its articles are filtered as they are read.
        share: between 0 and 1, of the articles that answer a question.
        seed: any number.

    Returns:
        The set without them and without the questions that lost every article, and those questions.

    Errors:
        BadInput: the share leaves no article in, or none out.
    """
    ids = sorted({article for question in dataset.questions for article in _articles_of(question)})
    count = math.floor(share * len(ids) + 0.5)
    if not 0 < count < len(ids):
        problem = f"{share:g} of {len(ids)} articles with questions is {count}; some must stay and some must go"
        raise BadInput(problem, field="--take-out", remedy="choose another share")
    out = set(sorted(ids, key=lambda id_: hashlib.sha256(f"{seed} {id_}".encode()).digest())[:count])
    lost = {question.id for question in dataset.questions if out.issuperset(_articles_of(question))}
    taken = tuple(
        UnansweredQuestion(question.id, question.text, TAKEN_OUT, question.place, _articles_of(question)[0])
        for question in dataset.questions
        if question.id in lost
    )
    articles = _without(dataset.articles, out)
    if isinstance(dataset, RankingSet):
        judged = tuple(_judged(question, out) for question in dataset.questions if question.id not in lost)
        return replace(dataset, articles=articles, questions=judged), taken
    anchored = tuple(_anchored(question, out) for question in dataset.questions if question.id not in lost)
    return replace(dataset, articles=articles, questions=anchored), taken


def _articles_of(question: JudgedQuestion | AnchoredQuestion) -> Sequence[str]:
    if isinstance(question, JudgedQuestion):
        return list(question.relevance)
    return [anchor.article_id for anchor in question.anchors]


def _judged(question: JudgedQuestion, out: set[str]) -> JudgedQuestion:
    return replace(question, relevance={id_: grade for id_, grade in question.relevance.items() if id_ not in out})


def _anchored(question: AnchoredQuestion, out: set[str]) -> AnchoredQuestion:
    return replace(question, anchors=tuple(anchor for anchor in question.anchors if anchor.article_id not in out))


def _without(articles: Iterable[Submission], out: set[str]) -> Iterable[Submission]:
    kept = (article for article in articles if article.id not in out)
    return tuple(kept) if isinstance(articles, Sequence) else kept
