"""The question log: a file of its own beside the catalogue, in which what was erased leaves no bytes.

It is no part of the catalogue's transactions, nothing is rebuilt from it, and it may be deleted while nothing runs. Its
journal is a rollback journal, which is gone with the commit: a write-ahead log would keep erased rows for as long as
any reader looks back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from qa_service.asked import AskedQuestion, ShownPassage
from qa_service.errors import Damaged, Incompatible, Unavailable
from qa_service.text.fold import lexical_fold
from qa_service.types import Span

NAME = "questions.sqlite3"
_WAIT_S = 60.0
"""How long another process's transaction is waited for; a compaction of the file after an erasure takes longest."""
_ERASURE_BITS = 62
"""Of an erasure's number, which is random: no other has it, before or after."""
_END_MARKS = "?!.。…,;:~、 "
# Numbered by place, never edited once released. `unfinished` has a row while erased rows may have left copies of
# themselves in the free space of pages: SQLite overwrites what it frees, not what it moved before.
_MIGRATIONS = (
    """
    CREATE TABLE questions (
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        collection TEXT NOT NULL,
        wording TEXT NOT NULL,
        question TEXT NOT NULL,
        asked_at REAL NOT NULL,
        answerable INTEGER,
        confidence REAL,
        in_context INTEGER NOT NULL,
        shown TEXT NOT NULL
    ) STRICT;
    CREATE INDEX questions_by_wording ON questions (collection, wording);
    CREATE INDEX questions_by_time ON questions (asked_at);
    CREATE TABLE judgements (
        question INTEGER NOT NULL REFERENCES questions (row) ON DELETE CASCADE,
        given TEXT NOT NULL,
        helpful INTEGER NOT NULL,
        comment TEXT,
        judged_at REAL NOT NULL,
        passage TEXT,
        shown TEXT,
        PRIMARY KEY (question, given)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE unfinished (erasure INTEGER PRIMARY KEY) STRICT;
    """,
)


def wording_of(question: str) -> str:
    """Name what questions share that differ in case, script, width, spaces or end marks at most: 32 hex digits."""
    folded = " ".join(lexical_fold(question).split()).rstrip(_END_MARKS)
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class QuestionLog:
    """The data directory's `questions.sqlite3`, opened by one thread; other processes may have it open too."""

    def __init__(self, data_dir: Path) -> None:
        """Open the log, making or migrating it as needed.

        Errors:
            Unavailable: it cannot be made or written. Incompatible: a newer version of the service made it.
            Damaged: the file is no readable SQLite database.
        """
        self.path = data_dir / NAME
        with self._guarded():
            # Made here, since what people ask is for the service's own account to read.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=_WAIT_S)
        try:
            with self._guarded():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection in one consistent view; writers wait for its end."""
        with self._guarded():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.rollback()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection in one durable transaction: committed on success, else undone."""
        with self._guarded():
            # Readers are waited for here, not by the commit: who has come that far waits for the disk only.
            self._connection.execute("BEGIN EXCLUSIVE")
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise

    def add(self, questions: Sequence[AskedQuestion]) -> None:
        """Note questions, all or none of them, durably."""
        with self.writing() as connection:
            for one in questions:
                insert(connection, one)

    def collection_of(self, question_id: str) -> str | None:
        """Tell which collection a noted question was asked of; None if there is no such question."""
        with self._guarded():
            row = self._connection.execute("SELECT collection FROM questions WHERE id = ?", (question_id,)).fetchone()
        return row[0] if row else None

    def erase(
        self,
        *,
        collection: str | None = None,
        before: float | None = None,
        question: str | None = None,
        question_id: str | None = None,
    ) -> int:
        """Erase the questions that every condition given holds for, with their judgements, from every byte.

        Parameters:
            collection: asked of it.
            before: asked before this time, in seconds since the epoch.
            question: of the same wording.
            question_id: the one of this id.

        Returns:
            How many questions there were.
        """
        conditions: dict[str, str | float | None] = {
            "collection = ?": collection,
            "asked_at < ?": before,
            "wording = ?": None if question is None else wording_of(question),
            "id = ?": question_id,
        }
        held = {condition: value for condition, value in conditions.items() if value is not None}
        with self.writing() as connection:
            where = " AND ".join(held) or "true"
            count = connection.execute(f"DELETE FROM questions WHERE {where}", tuple(held.values())).rowcount
            if count:
                connection.execute("INSERT INTO unfinished VALUES (?)", (secrets.randbits(_ERASURE_BITS),))
        self.finish_erasure()
        return count

    def finish_erasure(self) -> None:
        """Write the file anew if rows were erased and it was not since: what is left of them goes with the old one."""
        with self._guarded():
            # Others erase and finish meanwhile: only what was erased before the file was written anew is finished.
            begun = self._connection.execute("SELECT erasure FROM unfinished").fetchall()
            if not begun:
                return
            self._connection.execute("VACUUM")
        with self.writing() as connection:
            connection.executemany("DELETE FROM unfinished WHERE erasure = ?", begun)

    def collections(self) -> list[str]:
        """Name the collections that questions were asked of."""
        with self._guarded():
            return [name for (name,) in self._connection.execute("SELECT DISTINCT collection FROM questions")]

    def problems(self) -> list[str]:
        """Ask SQLite to verify the whole file; return what it finds."""
        with self._guarded():
            return [message for (message,) in self._connection.execute("PRAGMA integrity_check") if message != "ok"]

    def copy_into(self, other: QuestionLog) -> None:
        """Make another log the same as this one."""
        with self._guarded(), other._guarded():
            self._connection.backup(other._connection)
        other.finish_erasure()

    def _prepare(self) -> None:
        for pragma in ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        if self._version() == len(_MIGRATIONS):
            return
        self._connection.execute("BEGIN IMMEDIATE")
        done = self._version()
        if done > len(_MIGRATIONS):
            raise Incompatible(
                f"it has format {done}, this version knows up to {len(_MIGRATIONS)}",
                field=str(self.path),
                remedy="install the version of qa-service that made it, or a later one",
            )
        for migration in _MIGRATIONS[done:]:
            for statement in migration.split(";"):
                self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
        self._connection.commit()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            problem = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            remedy = "check that the disk has room and the file can be written, then try again"
            raise Unavailable(
                f"the question log cannot be used: {problem}", field=str(self.path), remedy=remedy
            ) from error
        except sqlite3.DatabaseError as error:
            remedy = "stop the service and delete the file; nothing but the log is lost"
            raise Damaged(f"the question log cannot be read: {error}", field=str(self.path), remedy=remedy) from error


def copy(data_dir: Path, target: Path) -> None:
    """Copy a data directory's log to another, over what is there; others may write to the first meanwhile.

    Errors:
        Unavailable, Damaged, Incompatible: as for `QuestionLog`.
    """
    with contextlib.closing(QuestionLog(data_dir)) as one, contextlib.closing(QuestionLog(target)) as other:
        one.copy_into(other)


def insert(connection: sqlite3.Connection, one: AskedQuestion) -> None:
    """Write a question; the caller's transaction holds it."""
    connection.execute(
        "INSERT INTO questions (id, collection, wording, question, asked_at, answerable, confidence, in_context, shown)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(one.id, one.collection, wording_of(one.question), one.question, one.asked_at),
            *(one.answerable, one.confidence, one.in_context, pack_shown(one.shown)),
        ),
    )


def pack_shown(shown: Sequence[ShownPassage]) -> str:
    """Write passages as JSON."""
    return json.dumps(
        [
            [
                *(one.passage_id, one.article_id, one.place.start, one.place.end),
                *((one.best.start, one.best.end) if one.best else ()),
            ]
            for one in shown
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def unpack_shown(packed: str) -> list[ShownPassage]:
    """Read what `pack_shown` wrote."""
    return [
        ShownPassage(passage_id, article_id, Span(start, end), Span(*best) if best else None)
        for passage_id, article_id, start, end, *best in json.loads(packed)
    ]
