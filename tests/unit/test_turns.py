"""Turns: so many at a time, in order, given up while their holder waits for vectors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from embeddings.encoder import Vectors
from embeddings.toy import ToyEncoder
from qa_service.deadline import set_deadline
from qa_service.errors import Overloaded
from qa_service.retrieval.turns import CROWD, PatientEncoder, Turns

LONG = 30.0


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def ended(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()


def test_no_more_at_a_time_and_in_order() -> None:
    turns = Turns(1)
    order: list[int] = []
    at_work: list[int] = []

    def work(number: int) -> None:
        with turns.turn():
            at_work.append(number)
            assert len(at_work) == 1
            order.append(number)
            time.sleep(0.002)
            at_work.remove(number)

    with turns.turn():
        threads = []
        for number in range(4):
            threads.append(started(lambda number=number: work(number)))  # type: ignore[misc]
            until(lambda: len(turns._waiting) == len(threads))
        assert order == []
        assert turns.crowded
    ended(threads)
    assert order == [0, 1, 2, 3]
    assert not turns.crowded


def test_as_many_as_there_are_go_at_once() -> None:
    turns = Turns(2)
    inside = threading.Barrier(2)

    def work() -> None:
        with turns.turn():
            inside.wait(LONG)

    ended([started(work), started(work)])


def test_a_turn_within_a_turn_is_the_same() -> None:
    turns = Turns(1)
    with turns.turn():
        with turns.turn():
            assert turns.mine
        assert turns.mine
    assert not turns.mine


def test_a_turn_is_handed_on_after_an_error() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="no"), turns.turn():
        raise ValueError("no")
    with turns.turn():
        assert turns.mine


def test_who_waits_too_long_is_refused_and_leaves_the_queue() -> None:
    turns = Turns(1)
    refused: list[Overloaded] = []

    def work() -> None:
        set_deadline(time.monotonic() + 0.01)
        try:
            with turns.turn():
                raise AssertionError("it was its turn")
        except Overloaded as error:
            refused.append(error)

    with turns.turn():
        ended([started(work), started(work)])
    assert len(refused) == 2
    assert refused[0].retry_after > 0
    with turns.turn():
        assert turns.mine
    assert not turns._waiting


def test_what_was_begun_waits_for_its_turn_without_end() -> None:
    turns = Turns(1)
    begun, go_on = threading.Event(), threading.Event()

    def other() -> None:
        with turns.turn():
            begun.set()
            assert go_on.wait(LONG)
            time.sleep(0.05)

    def first() -> None:
        set_deadline(time.monotonic() + 0.01)
        with turns.turn():
            with turns.interrupted():
                thread = started(other)
                assert begun.wait(LONG)
                go_on.set()
            assert turns.mine
        ended([thread])
        finished.set()

    finished = threading.Event()
    ended([started(first)])
    assert finished.is_set()


def test_a_free_turn_is_taken_after_the_deadline_too() -> None:
    def work() -> None:
        set_deadline(time.monotonic() - 1)
        with turns.turn():
            taken.set()

    turns, taken = Turns(1), threading.Event()
    ended([started(work)])
    assert taken.is_set()


def test_a_crowd_are_those_who_wait() -> None:
    turns = Turns(1)
    threads = []
    with turns.turn():
        for count in range(CROWD):
            assert not turns.crowded
            threads.append(started(lambda: turns.turn().__enter__()))
            until(lambda count=count: len(turns._waiting) == count + 1)  # type: ignore[misc]
        assert turns.crowded


def test_the_turn_is_given_up_while_a_question_is_encoded() -> None:
    turns = Turns(1)
    others = threading.Event()

    class Waiting(ToyEncoder):
        def encode_queries(self, texts: Sequence[str]) -> Vectors:
            assert not turns.mine
            assert others.wait(LONG)
            return super().encode_queries(texts)

    def other() -> None:
        with turns.turn():
            others.set()

    with turns.turn():
        thread = started(other)
        found = PatientEncoder(Waiting(), turns).encode_queries(["山"])
        assert turns.mine
    ended([thread])
    assert np.array_equal(found, ToyEncoder().encode_queries(["山"]))


def test_without_a_turn_encoding_takes_none() -> None:
    turns = Turns(1)
    assert PatientEncoder(ToyEncoder(), turns).encode_queries(["山"]).shape[0] == 1
    assert not turns.mine
