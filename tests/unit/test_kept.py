"""What is kept of the catalogue in memory: rows that never change, and which live until the next write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qa_service.engine import Engine
from qa_service.store import articles, bands, collections, passages
from qa_service.store.catalog import Connection, Cursor
from qa_service.store.kept import Kept, Shared
from qa_service.store.opening import open_catalog
from qa_service.store.passages import Candidate
from qa_service.store.recent import Recent
from qa_service.types import Ask, Submission

pytestmark = pytest.mark.both_catalogues

PARK = "青河公园每天早上六点开门。晚上十点关门。儿童票价是五元。"
LAKE = "青河公园的湖上可以划船。划船每小时三十元。"


def add(engine: Engine, **articles: str) -> None:
    given = [Submission(text.encode(), article_id) for article_id, text in articles.items()]
    assert all(outcome.outcome in ("created", "updated") for outcome in engine.ingest(given))


def live(connection: Connection, seq: int) -> list[Candidate]:
    return passages.candidates(connection, list(range(1, 50)), seq)


class Counting:
    """Counts the statements that a connection runs on the passages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.statements: list[str] = []

    def __enter__(self) -> Counting:
        self._recording = pytest.MonkeyPatch()
        real = self._connection.execute

        def execute(statement: str, *given: Any) -> Cursor:
            self.statements.append(statement)
            return real(statement, *given)

        self._recording.setattr(self._connection, "execute", execute)
        return self

    def __exit__(self, *_: object) -> None:
        self._recording.undo()

    @property
    def of_passages(self) -> int:
        return sum("FROM passages" in statement for statement in self.statements)


def test_rows_are_read_once(engine: Engine) -> None:
    add(engine, park=PARK, lake=LAKE)
    with engine.catalog.read() as connection:
        first = live(connection, connection.sequence())
        with Counting(connection) as counting:
            again = passages.candidates(connection, [one.key for one in first], connection.sequence())
        assert counting.of_passages == 0
    assert [one.article_id for one in first] == ["park", "lake"]
    assert all(one is other for one, other in zip(first, again, strict=True))


def test_they_come_in_key_order_whatever_is_known(engine: Engine) -> None:
    add(engine, park=PARK, lake=LAKE)
    with engine.catalog.read() as connection:
        seq = connection.sequence()
        one, two = (row.key for row in live(connection, seq))
        engine.catalog._kept.passages.clear()
        assert [row.key for row in passages.candidates(connection, [two], seq)] == [two]
        assert [row.key for row in passages.candidates(connection, [two, one], seq)] == [one, two]


def test_what_is_known_equals_what_is_stored(engine: Engine) -> None:
    add(engine, park=PARK, lake=LAKE)
    with engine.catalog.read() as connection:
        known = live(connection, connection.sequence())
        connection.kept = Kept()
        stored = live(connection, connection.sequence())
        connection.kept = engine.catalog._kept
    assert known == stored
    assert [one.spans() for one in known] == [one.spans() for one in stored]


def test_a_deleted_article_is_gone_at_once(engine: Engine) -> None:
    add(engine, park=PARK, lake=LAKE)
    snapshot = engine.opened.snapshot("default")
    assert snapshot is not None
    assert {one.article_id for one in engine.ask(Ask("几点开门？")).passages} == {"park", "lake"}
    engine.delete_article("default", "park")
    # Even for who still has the snapshot from before.
    with engine.catalog.read() as connection:
        assert [one.article_id for one in live(connection, snapshot.seq)] == ["lake"]
    assert {one.article_id for one in engine.ask(Ask("几点开门？")).passages} == {"lake"}


def test_a_replaced_article_shows_its_old_text_in_the_old_snapshot(engine: Engine) -> None:
    add(engine, park=PARK)
    before = engine.opened.snapshot("default")
    assert before is not None
    engine.ask(Ask("几点开门？"))
    add(engine, park=LAKE)
    with engine.catalog.read() as connection:
        old, new = live(connection, before.seq), live(connection, connection.sequence())
    assert [len(one) for one in (old, new)] == [1, 1]
    assert old[0].key < new[0].key


def test_another_process_that_deletes_is_noticed(engine: Engine) -> None:
    add(engine, park=PARK, lake=LAKE)
    with engine.catalog.read() as connection:
        seq = connection.sequence()
        assert len(live(connection, seq)) == 2
    other = open_catalog(engine.settings)
    with other.writer_lock(), other.write() as tx:
        passages.mark_deleted(tx, 1)
        articles.mark_deleted(tx, 1)
    other.close()
    with engine.catalog.read() as connection:
        assert [one.article_id for one in live(connection, seq)] == ["lake"]


def test_an_older_view_neither_learns_from_a_newer_one_nor_teaches_it() -> None:
    kept = Kept()
    kept.live(5, 1).add(1)
    kept.sharing(5)[1] = [(2, 3)]
    assert kept.live(4, 1) == set()
    kept.live(4, 1).add(9)
    assert kept.sharing(4) == {}
    assert kept.live(5, 1) == {1}
    assert kept.live(5, 2) == set()
    assert kept.live(6, 1) == set()
    assert kept.sharing(6) == {}


def test_what_a_write_reads_is_not_kept(engine: Engine) -> None:
    add(engine, park=PARK)
    catalog = engine.catalog
    catalog._kept.passages.clear()
    with catalog.writer_lock(), pytest.raises(RuntimeError), catalog.write() as tx:
        passages.mark_deleted(tx, 1)
        assert live(tx.connection, tx.seq) == []
        raise RuntimeError
    assert len(catalog._kept.passages) == 0
    with catalog.read() as connection:
        assert [one.article_id for one in live(connection, connection.sequence())] == ["park"]


def test_copies_that_come_later_are_found(engine: Engine) -> None:
    add(engine, park=PARK)
    assert engine.ask(Ask("几点开门？")).passages[0].also_in == ()
    add(engine, copy=PARK)
    first = engine.ask(Ask("几点开门？")).passages[0]
    assert {first.article_id, *(one.article_id for one in first.also_in)} == {"park", "copy"}


@contextmanager
def three_alike(engine: Engine) -> Iterator[tuple[Connection, int]]:
    """Take in three articles that share sentences, keys 1 to 3; give a connection and the collection's row."""
    add(engine, park=PARK, copy=PARK, lake=LAKE + PARK)
    with engine.catalog.read() as connection:
        yield connection, collections.get(connection, "default").row


def test_bands_are_looked_up_alike_in_one_statement_and_in_many(engine: Engine) -> None:
    with three_alike(engine) as (connection, row):
        at_once = bands.LookUps(connection, row, [1], most=1000).sharing(1)
        by_band = bands.LookUps(connection, row, [1], most=1000)
        many = Shared(np.zeros((1000, 2), dtype=np.int64), {})
        by_band._shared = lambda passage: many  # type: ignore[method-assign]
        assert by_band.sharing(1) == at_once
        assert at_once.keys() == {2, 3}
        few = bands.LookUps(connection, row, [1, 3], most=2)
        assert few.sharing(1).keys() == {2, 3}


def test_bands_read_in_one_statement_serve_those_looked_up_one_by_one(engine: Engine) -> None:
    with three_alike(engine) as (connection, row):
        expected = bands.LookUps(connection, row, [1], most=1000).sharing(2)
        look_ups = bands.LookUps(connection, row, [1], most=1000)
        look_ups.sharing(1)
        look_ups._most = 2
        with Counting(connection) as counting:
            assert look_ups.sharing(2).keys() == expected.keys()
    # The bands of passage 2 are named, but who has them is known from passage 1.
    assert not [one for one in counting.statements if "band =" in one and "a.band" not in one]


def test_a_read_transaction_asks_for_the_sequence_once(engine: Engine) -> None:
    add(engine, park=PARK)
    with engine.catalog.read() as connection:
        first = connection.sequence()
        with Counting(connection) as counting:
            assert connection.sequence() == first
        assert counting.statements == []
    add(engine, lake=LAKE)
    with engine.catalog.read() as connection:
        assert connection.sequence() > first
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        assert tx.connection.sequence() == tx.seq


def test_recent_gives_many_in_the_order_asked_for() -> None:
    recent: Recent[int, str] = Recent(6)
    for key in range(5):
        recent.put(key, str(key), 1)
    # The first three are of the older generation by now.
    assert recent.get_many([4, 0, 9, 2]) == {4: "4", 0: "0", 2: "2"}
    assert list(recent.get_many([4, 2, 0])) == [4, 2, 0]


def test_recent_forgets_what_was_not_used() -> None:
    recent: Recent[int, str] = Recent(6)
    for key in range(3):
        recent.put(key, str(key), 1)
    assert recent.get(0) == "0"
    for key in range(3, 6):
        recent.put(key, str(key), 1)
        assert recent.get(0) == "0"
    assert recent.get(1) is None
    assert recent.get(5) == "5"
    recent.put(9, "large", 4)
    assert recent.get(9) is None
    recent.clear()
    assert len(recent) == 0


def test_recent_is_bounded_and_safe_for_threads() -> None:
    recent: Recent[int, int] = Recent(100)
    wrong: list[int] = []

    def use(start: int) -> None:
        for key in range(start, start + 3000):
            recent.put(key % 500, key % 500, 1)
            found = recent.get(key % 499)
            if found not in (None, key % 499):
                wrong.append(key)

    threads = [threading.Thread(target=use, args=(number * 77,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(recent) <= 100


def test_size_counts_what_a_row_holds(engine: Engine) -> None:
    add(engine, park=PARK)
    with engine.catalog.read() as connection:
        (row,) = live(connection, connection.sequence())
    assert replace(row, terms=row.terms + b"x" * 600).size == row.size + 1200
