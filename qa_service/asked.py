"""What the question log keeps and gives: questions as they were asked, judgements of them, and both in groups."""

from __future__ import annotations

from dataclasses import dataclass

from qa_service.types import Span


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage that was shown for a question: its place in its article, and that of what is best in it, if known.

    It has no text: what is deleted from the articles is not kept here.
    """

    passage_id: str
    article_id: str
    place: Span
    best: Span | None


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as it is noted.

    Attributes:
        id: hard to guess, since who knows it may judge the question.
        asked_at: in seconds since the epoch.
        answerable, confidence: None for a question that was judged without having been asked here.
        in_context: whether it came with turns before it or with a filter, so that it means less alone.
        shown: the first passages of its result, in their order.
    """

    id: str
    collection: str
    question: str
    asked_at: float
    answerable: bool | None
    confidence: float | None
    in_context: bool
    shown: tuple[ShownPassage, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """A judgement as it is handed in: of a question that was noted, or of one in its own words.

    Attributes:
        helpful: whether the passage, or without one the answer as a whole, helps with the question.
        question_id: of a noted question; then `question` is None.
        question, collection: a question in its own words.
        passage_id: the passage judged, one of those that were shown for the question, or None.
        comment: in the words of who judged, or None.
    """

    helpful: bool
    question_id: str | None = None
    question: str | None = None
    collection: str = "default"
    passage_id: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement that is kept: what of, and how it reads."""

    question_id: str
    collection: str
    passage_id: str | None
    helpful: bool


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """The noted questions of a collection that differ in case, script, width or end marks at most.

    Attributes:
        question: as it was asked last.
        asked, unanswered: how often it was asked, and how often the articles did not answer.
        answerable, confidence: of the last time; None when it was judged only.
        first_at, last_at: in seconds since the epoch.
        helpful, unhelpful: judgements.
        comments: of those who judged, the oldest first.
    """

    collection: str
    question: str
    asked: int
    unanswered: int
    answerable: bool | None
    confidence: float | None
    first_at: float
    last_at: float
    helpful: int
    unhelpful: int
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedPassage:
    """How often a passage was judged for the questions of a group, those asked alone apart from the others.

    Attributes:
        wording: names the group within its collection.
        in_context: as of the questions; see `AskedQuestion`.
        passage: None where the judgements are of no passage.
    """

    wording: str
    question: str
    in_context: bool
    passage: ShownPassage | None
    helpful: int
    unhelpful: int
