"""Judgements of noted questions: kept, and read for learning from them."""

from __future__ import annotations

import time
from collections.abc import Callable

from qa_service.asked import AskedQuestion, Feedback, Judged, JudgedPassage, ShownPassage
from qa_service.errors import NotFound, Unavailable
from qa_service.store.question_log import QuestionLog, insert, pack_shown, unpack_shown


def find_question(log: QuestionLog, question_id: str) -> AskedQuestion:
    """Read a noted question.

    Errors:
        NotFound: there is none of this id.
    """
    with log.reading() as connection:
        row = connection.execute(
            "SELECT collection, question, asked_at, answerable, confidence, in_context, shown FROM questions"
            " WHERE id = ?",
            (question_id,),
        ).fetchone()
    if row is None:
        raise unknown_question(question_id)
    collection, question, asked_at, answerable, confidence, in_context, shown = row
    return AskedQuestion(
        id=question_id,
        collection=collection,
        question=question,
        asked_at=asked_at,
        answerable=None if answerable is None else bool(answerable),
        confidence=confidence,
        in_context=bool(in_context),
        shown=tuple(unpack_shown(shown)),
    )


def keep(
    log: QuestionLog,
    feedback: Feedback,
    question: AskedQuestion,
    about: ShownPassage | None,
    *,
    noted: bool,
    may_commit: Callable[[], bool] = lambda: True,
) -> Judged:
    """Keep a judgement durably; one of the same question and passage replaces the one before.

    Parameters:
        feedback: what was handed in.
        question: what it is of.
        about: the passage that it is of, if it is of one.
        noted: whether the question is in the log already; else it is noted with the judgement.
        may_commit: is asked right before; with False, nothing is kept.

    Errors:
        NotFound: the question has been erased. Unavailable: it may not be committed.
    """
    with log.writing() as connection:
        if not noted:
            insert(connection, question)
        row = connection.execute("SELECT row FROM questions WHERE id = ?", (question.id,)).fetchone()
        if row is None:
            raise unknown_question(question.id)
        connection.execute(
            "INSERT OR REPLACE INTO judgements VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(row[0], feedback.passage_id or "", feedback.helpful, feedback.comment, time.time()),
                *((about.passage_id, pack_shown([about])) if about else (None, None)),
            ),
        )
        if not may_commit():
            raise Unavailable("nobody waits for the judgement any more")
    return Judged(question.id, question.collection, feedback.passage_id, feedback.helpful)


def judged(log: QuestionLog, collection: str) -> list[JudgedPassage]:
    """Count the judgements of a collection's questions, by wording and passage, the first judged first."""
    with log.reading() as connection:
        rows = connection.execute(
            "SELECT q.wording, min(q.question), q.in_context, max(j.shown), sum(j.helpful), sum(NOT j.helpful)"
            " FROM judgements j JOIN questions q ON q.row = j.question WHERE q.collection = ?"
            " GROUP BY q.wording, q.in_context, j.passage ORDER BY min(j.judged_at), q.wording, j.passage",
            (collection,),
        ).fetchall()
    return [
        JudgedPassage(wording, question, bool(in_context), unpack_shown(shown)[0] if shown else None, helpful, not_so)
        for wording, question, in_context, shown, helpful, not_so in rows
    ]


def unknown_question(question_id: str) -> NotFound:
    """Make the error of a question that is not in the log, or that the asker is not to know of."""
    return NotFound(
        f"there is no question {question_id[:80]!r}",
        field="question_id",
        remedy="use the question_id of an answer, before the log's days are over; or send the question itself",
    )
