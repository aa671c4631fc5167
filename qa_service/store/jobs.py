"""Durable background jobs: submissions kept until each has its outcome."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from qa_service.store import telling
from qa_service.store.catalog import Connection, WriteTransaction
from qa_service.store.listed import parts
from qa_service.types import Job, JobState, Outcome, Submission

_ATTRIBUTES = ("id", "content_type", "charset", "title", "url", "published_at", "metadata", "rejection")


def insert(tx: WriteTransaction, job_id: str, collection: str, submissions: Sequence[Submission], now: str) -> None:
    """Write a queued job with all its submissions."""
    tx.connection.execute(
        "INSERT INTO jobs VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM jobs), ?, 'queued', ?, NULL, ?, NULL)",
        (job_id, collection, len(submissions), now),
    )
    tx.connection.executemany(
        "INSERT INTO job_items VALUES (?, ?, ?, ?, NULL)",
        (
            (job_id, position, _attributes(submission), submission.content)
            for position, submission in enumerate(submissions)
        ),
    )


def carry_over(source: Connection, tx: WriteTransaction) -> None:
    """Make the jobs of a catalogue those of another, as they stand."""
    tx.connection.execute("DELETE FROM job_items")
    tx.connection.execute("DELETE FROM jobs")
    for table in ("jobs", "job_items"):
        for row in _rows(source, table):
            tx.connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def _rows(source: Connection, table: str) -> Iterator[tuple[object, ...]]:
    """Read a table; what is wrong with its file is not taken for the fault of the one that is written."""
    with telling.of_reading(Path(source.where)):
        yield from map(tuple, source.execute(f"SELECT * FROM {table}"))  # `map` for the reason given in `divergence`


def find(connection: Connection, job_id: str) -> Job | None:
    """Read a job with the outcomes so far."""
    row = connection.execute(
        "SELECT id, collection, state, total, error, created_at, finished_at FROM jobs WHERE id = ?", (job_id,)
    ).fetchone()
    if row is None:
        return None
    rows = connection.execute(
        "SELECT outcome FROM job_items WHERE job = ? AND outcome IS NOT NULL ORDER BY position", (job_id,)
    )
    outcomes = tuple(Outcome(**json.loads(outcome)) for (outcome,) in rows)
    name, collection, state, total, error, created_at, finished_at = row
    return Job(name, collection, state, total, len(outcomes), outcomes, error, created_at, finished_at)


def next_unfinished(connection: Connection, but: Collection[str] = ()) -> tuple[str, str] | None:
    """Name the oldest unfinished job and its collection, which is to be none of `but`."""
    others = f" AND collection NOT IN ({', '.join('?' * len(but))})" if but else ""
    row = connection.execute(
        f"SELECT id, collection FROM jobs WHERE state IN ('queued', 'running'){others} ORDER BY ordinal LIMIT 1",
        tuple(but),
    ).fetchone()
    return (row[0], row[1]) if row else None


def by_state(connection: Connection) -> dict[JobState, int]:
    """Count the jobs of each state."""
    return dict(connection.execute("SELECT state, count(*) FROM jobs GROUP BY state"))


def oldest_unfinished(connection: Connection) -> str | None:
    """Tell when the oldest unfinished job was queued; None without one."""
    row = connection.execute("SELECT min(created_at) FROM jobs WHERE state IN ('queued', 'running')").fetchone()
    return row[0]  # type: ignore[no-any-return]


def pending(connection: Connection, job_id: str, limit: int, after: int = -1) -> list[tuple[int, Submission]]:
    """Read the next submissions without an outcome, with their positions, those after a position."""
    rows = connection.execute(
        "SELECT position, submission, content FROM job_items WHERE job = ? AND position > ? AND outcome IS NULL"
        " ORDER BY position LIMIT ?",
        (job_id, after, limit),
    )
    return [(position, _submission(given, content)) for position, given, content in rows]


def record(tx: WriteTransaction, job_id: str, outcomes: Sequence[tuple[int, Outcome]]) -> None:
    """Keep outcomes by position and let go of their submissions."""
    tx.connection.executemany(
        "UPDATE job_items SET outcome = ?, submission = NULL, content = NULL WHERE job = ? AND position = ?",
        ((_outcome(outcome), job_id, position) for position, outcome in outcomes),
    )
    tx.connection.execute("UPDATE jobs SET state = 'running' WHERE id = ? AND state = 'queued'", (job_id,))


def await_outcomes(connection: Connection, job_id: str, positions: Sequence[int]) -> bool:
    """Tell whether a job is open and none of some of its submissions has an outcome yet."""
    count = 0
    for marks, chunk in parts(positions):
        statement = f"SELECT count(*) FROM job_items WHERE job = ? AND position IN ({marks}) AND outcome IS NULL"
        count += connection.execute(statement, (job_id, *chunk)).fetchone()[0]
    return count == len(positions) and is_open(connection, job_id)


def finish(tx: WriteTransaction, job_id: str, now: str, error: str | None = None) -> None:
    """End a job, as failed when there is an error."""
    tx.connection.execute(
        "UPDATE jobs SET state = ?, error = ?, finished_at = ? WHERE id = ? AND state <> 'failed'",
        ("failed" if error else "done", error, now, job_id),
    )


def cancel(tx: WriteTransaction, collection: str, now: str) -> None:
    """End the unfinished jobs of a collection that is deleted, so that they don't bring it back.

    Nothing that was handed in for it is kept, by ended jobs neither.
    """
    tx.connection.execute(
        "UPDATE job_items SET submission = NULL, content = NULL WHERE outcome IS NULL AND job IN"
        " (SELECT id FROM jobs WHERE collection = ?)",
        (collection,),
    )
    tx.connection.execute(
        "UPDATE jobs SET state = 'failed', error = 'the collection was deleted', finished_at = ?"
        " WHERE collection = ? AND state IN ('queued', 'running')",
        (now, collection),
    )


def clear_ended(tx: WriteTransaction) -> None:
    """Let go of submissions that ended jobs kept, as earlier versions made them: nobody can ever get at them."""
    tx.connection.execute(
        "UPDATE job_items SET submission = NULL, content = NULL WHERE content IS NOT NULL AND job IN"
        " (SELECT id FROM jobs WHERE state NOT IN ('queued', 'running'))"
    )


def is_open(connection: Connection, job_id: str) -> bool:
    """Tell whether a job is neither done nor failed."""
    row = connection.execute("SELECT state FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return row is not None and row[0] in ("queued", "running")


def _attributes(submission: Submission) -> str:
    """Write all of a submission but its content, with a checksum of both."""
    given = {name: getattr(submission, name) for name in _ATTRIBUTES}
    crc = _crc(json.dumps(given, sort_keys=True, default=dict), submission.content)
    return json.dumps({**given, "crc": crc}, default=dict)


def _submission(given: str, content: bytes) -> Submission:
    """Read one back; what does not match its checksum is to be rejected."""
    try:
        attributes = json.loads(given)
        # Jobs that were queued before have none.
        crc = attributes.pop("crc", None)
        if crc is None or crc == _crc(json.dumps(attributes, sort_keys=True), content):
            return Submission(content=content, **attributes)
    except (ValueError, TypeError, AttributeError):
        pass
    return Submission(content=content, rejection="what waited in the job fails its checksum: hand the article in again")


def _crc(attributes: str, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(attributes.encode("ascii")))


def _outcome(outcome: Outcome) -> str:
    return json.dumps(
        {"id": outcome.id, "outcome": outcome.outcome, "reason": outcome.reason, "passages": outcome.passages}
    )
