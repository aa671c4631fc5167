"""The noted questions in groups of one wording, for people who improve the articles: unanswered ones first."""

from __future__ import annotations

import sqlite3

from qa_service.asked import QuestionGroup
from qa_service.store.question_log import QuestionLog

# A group counts as unanswered by the last time it was asked: the articles may answer it by now. After these come the
# groups that were answered and judged not to help more often than to help.
_GROUPS = """
WITH
grouped AS (
    SELECT
        collection, wording,
        count(answerable) AS asked,
        count(*) FILTER (WHERE answerable = 0) AS unanswered,
        min(asked_at) AS first_at,
        max(asked_at) AS last_at
    FROM questions
    WHERE ?1 IS NULL OR collection = ?1
    GROUP BY collection, wording
),
votes AS (
    SELECT q.collection, q.wording, sum(j.helpful) AS helpful, sum(NOT j.helpful) AS unhelpful
    FROM judgements j JOIN questions q ON q.row = j.question
    GROUP BY q.collection, q.wording
)
SELECT
    g.collection, g.wording, latest.question, g.asked, g.unanswered, latest.answerable, latest.confidence, g.first_at,
    g.last_at, coalesce(v.helpful, 0) AS helpful, coalesce(v.unhelpful, 0) AS unhelpful
FROM grouped g
JOIN questions latest ON latest.row = (
    SELECT row FROM questions q WHERE q.collection = g.collection AND q.wording = g.wording
    ORDER BY q.answerable IS NULL, q.asked_at DESC, q.row DESC LIMIT 1
)
LEFT JOIN votes v ON v.collection = g.collection AND v.wording = g.wording
WHERE NOT ?2 OR latest.answerable = 0
ORDER BY
    CASE WHEN latest.answerable = 0 THEN 0 WHEN unhelpful > helpful THEN 1 ELSE 2 END,
    g.asked DESC, g.last_at DESC, g.collection, g.wording
LIMIT ?3
"""
_COMMENTS = """
SELECT j.comment FROM judgements j JOIN questions q ON q.row = j.question
WHERE q.collection = ? AND q.wording = ? AND j.comment IS NOT NULL ORDER BY j.judged_at
"""


def groups(
    log: QuestionLog, collection: str | None = None, *, unanswered: bool = False, limit: int | None = None
) -> list[QuestionGroup]:
    """Read the groups, those first that the articles do not answer, and of these the ones asked most often.

    Parameters:
        collection: which one's; None for those of all.
        unanswered: whether to leave out what was answered the last time.
        limit: how many to read at most; None for all.
    """
    with log.reading() as connection:
        rows = connection.execute(_GROUPS, (collection, unanswered, -1 if limit is None else limit)).fetchall()
        return [_group(connection, *row) for row in rows]


def count(log: QuestionLog, collection: str | None = None) -> tuple[int, int]:
    """Count the questions and their groups."""
    with log.reading() as connection:
        found = connection.execute(
            "SELECT count(*), count(DISTINCT collection || '/' || wording) FROM questions"
            " WHERE ?1 IS NULL OR collection = ?1",
            (collection,),
        ).fetchone()
    return int(found[0]), int(found[1])


def _group(
    connection: sqlite3.Connection,
    collection: str,
    wording: str,
    question: str,
    asked: int,
    unanswered: int,
    answerable: int | None,
    confidence: float | None,
    first_at: float,
    last_at: float,
    helpful: int,
    unhelpful: int,
) -> QuestionGroup:
    comments = connection.execute(_COMMENTS, (collection, wording)) if helpful or unhelpful else ()
    return QuestionGroup(
        collection=collection,
        question=question,
        asked=asked,
        unanswered=unanswered,
        answerable=None if answerable is None else bool(answerable),
        confidence=confidence,
        first_at=first_at,
        last_at=last_at,
        helpful=helpful,
        unhelpful=unhelpful,
        comments=tuple(comment for (comment,) in comments),
    )
