"""Lanes: what starts, what waits, what is refused, and in which order."""

from __future__ import annotations

from collections import Counter

import pytest

from qa_service.http.connections.lanes import LONGEST_RETRY, STATE_THREADS, Lane, Lanes, Verdict, lane_of


@pytest.mark.parametrize(
    ("method", "path", "lane"),
    [
        ("POST", "/v1/ask", Lane.ASK),
        ("GET", "/v1/articles/a", Lane.ASK),
        ("POST", "/v1/articles", Lane.WRITE),
        ("DELETE", "/v1/articles/a%2Fb", Lane.WRITE),
        ("PUT", "/v1/collections/a", Lane.WRITE),
        ("POST", "/v1/vector_stores/a/search", Lane.ASK),
        ("POST", "/v1/vector_stores", Lane.WRITE),
        ("POST", "/v1/%61rticles", Lane.WRITE),
        ("DELETE", "/%76%31/collections/a", Lane.WRITE),
        ("DELETE", "/v1/articles/x/search", Lane.WRITE),
        ("POST", "/v1/articles/x/search", Lane.WRITE),
        ("DELETE", "/v1/vector_stores/a/search", Lane.WRITE),
        ("POST", "/v1/vector_stores/a%2Fb/search", Lane.WRITE),
        ("POST", "/v1/vector%5Fstores/%61/se%61rch", Lane.ASK),
        ("POST", "/v1/%2561rticles", Lane.ASK),
        ("POST", "/v1/rerank", Lane.SIDE),
        ("POST", "/v1/%65mbeddings", Lane.SIDE),
        ("POST", "/v1/feedback", Lane.SIDE),
        ("POST", "/v1/explain", Lane.ASK),
        ("GET", "/re%61dyz", Lane.STATE),
        ("GET", "/healthz", Lane.STATE),
        ("GET", "/readyz", Lane.STATE),
        ("GET", "/metrics", Lane.STATE),
        ("GET", "/", Lane.ASK),
    ],
)
def test_each_request_has_its_lane(method: str, path: str, lane: Lane) -> None:
    assert lane_of(method, path) is lane


def test_no_more_than_there_are_threads_and_places() -> None:
    lanes: Lanes[int] = Lanes(2, 3, 10)
    verdicts = [lanes.admit(number, Lane.ASK, number) for number in range(7)]
    assert verdicts == [Verdict.START] * 2 + [Verdict.WAIT] * 3 + [Verdict.REFUSE] * 2
    assert (lanes.working, lanes.waiting["question"]) == (2, 3)
    assert lanes.done(Lane.ASK) == [(2, Lane.ASK)]
    assert lanes.admit(7, Lane.ASK, 7) is Verdict.WAIT
    assert [lanes.done(Lane.ASK)[0][0] for _ in range(3)] == [3, 4, 7]
    assert lanes.done(Lane.ASK) == lanes.done(Lane.ASK) == []
    assert lanes.working == 0


def test_without_a_queue_what_cannot_start_is_refused() -> None:
    lanes: Lanes[int] = Lanes(1, 0, 10)
    assert lanes.admit(1, Lane.ASK, 0) is Verdict.START
    assert lanes.admit(2, Lane.ASK, 0) is Verdict.REFUSE
    assert lanes.done(Lane.ASK) == []
    assert lanes.admit(3, Lane.ASK, 0) is Verdict.START


def test_as_many_more_wait_as_are_all_but_done() -> None:
    lanes: Lanes[int] = Lanes(1, 0, 10)
    ending = Counter([Lane.ASK])
    assert lanes.admit(1, Lane.ASK, 0, ending) is Verdict.START
    assert lanes.admit(2, Lane.ASK, 0, ending) is Verdict.WAIT
    assert lanes.admit(3, Lane.ASK, 0, ending) is Verdict.REFUSE
    assert lanes.done(Lane.ASK) == [(2, Lane.ASK)]
    assert lanes.admit(4, Lane.ASK, 0) is Verdict.REFUSE


def test_nobody_waits_for_an_end_that_leaves_no_place() -> None:
    lanes: Lanes[int] = Lanes(8, 0, 10)
    for number in range(STATE_THREADS):
        lanes.admit(number, Lane.STATE, 0)
    for number in range(2):
        lanes.admit(number, Lane.WRITE, 0)
    assert lanes.admit(2, Lane.WRITE, 0, Counter([Lane.ASK, Lane.STATE])) is Verdict.REFUSE
    assert lanes.admit(2, Lane.WRITE, 0, Counter([Lane.WRITE])) is Verdict.WAIT
    assert lanes.admit(3, Lane.STATE, 0, Counter([Lane.ASK, Lane.WRITE])) is Verdict.REFUSE
    assert lanes.admit(3, Lane.STATE, 0, Counter([Lane.STATE])) is Verdict.WAIT
    for number in range(6):
        assert lanes.admit(number, Lane.ASK, 0) is Verdict.START
    assert lanes.admit(6, Lane.ASK, 0, Counter([Lane.STATE])) is Verdict.REFUSE
    assert lanes.admit(6, Lane.ASK, 0, Counter([Lane.WRITE])) is Verdict.WAIT


def test_writers_leave_threads_to_questions() -> None:
    lanes: Lanes[int] = Lanes(8, 64, 10)
    verdicts = [lanes.admit(number, Lane.WRITE, 0) for number in range(4)]
    assert verdicts == [Verdict.START, Verdict.START, Verdict.WAIT, Verdict.WAIT]
    assert [lanes.admit(number, Lane.ASK, 1) for number in range(7)] == [Verdict.START] * 6 + [Verdict.WAIT]
    # A question that is done makes no place for a writer, but for the question that came after it.
    assert lanes.done(Lane.ASK) == [(6, Lane.ASK)]
    assert lanes.done(Lane.WRITE) == [(2, Lane.WRITE)]


def test_side_work_leaves_threads_to_questions_and_writes() -> None:
    lanes: Lanes[int] = Lanes(8, 2, 10)
    verdicts = [lanes.admit(number, Lane.SIDE, 0) for number in range(5)]
    assert verdicts == [Verdict.START] * 2 + [Verdict.WAIT] * 2 + [Verdict.REFUSE]
    assert [lanes.admit(number, Lane.WRITE, 0) for number in range(3)] == [Verdict.START] * 2 + [Verdict.WAIT]
    assert [lanes.admit(number, Lane.ASK, 1) for number in range(5)] == [Verdict.START] * 4 + [Verdict.WAIT]
    assert lanes.waiting == {"question": 1, "write": 1, "side": 2, "state": 0}
    # The end of side work makes a place for that, that of a question does not.
    assert lanes.admit(5, Lane.SIDE, 1, Counter([Lane.ASK, Lane.WRITE])) is Verdict.REFUSE
    assert lanes.admit(5, Lane.SIDE, 1, Counter([Lane.SIDE])) is Verdict.WAIT
    assert lanes.done(Lane.ASK) == [(4, Lane.ASK)]
    assert lanes.done(Lane.SIDE) == [(2, Lane.SIDE)]


def test_a_question_waits_for_the_end_of_side_work() -> None:
    lanes: Lanes[int] = Lanes(2, 0, 10)
    assert lanes.admit(0, Lane.SIDE, 0) is Verdict.START
    assert lanes.admit(1, Lane.ASK, 0) is Verdict.START
    assert lanes.admit(2, Lane.ASK, 0, Counter([Lane.SIDE])) is Verdict.WAIT
    assert lanes.done(Lane.SIDE) == [(2, Lane.ASK)]


def test_the_longest_waiting_goes_first_whatever_its_lane() -> None:
    lanes: Lanes[str] = Lanes(1, 64, 10)
    lanes.admit("first", Lane.ASK, 0)
    lanes.admit("write", Lane.WRITE, 1)
    lanes.admit("ask", Lane.ASK, 2)
    assert lanes.done(Lane.ASK) == [("write", Lane.WRITE)]
    assert lanes.done(Lane.WRITE) == [("ask", Lane.ASK)]


def test_the_state_is_told_however_busy_it_is() -> None:
    lanes: Lanes[int] = Lanes(1, 0, 10)
    lanes.admit(1, Lane.ASK, 0)
    assert [lanes.admit(number, Lane.STATE, 0) for number in range(STATE_THREADS)] == [Verdict.START] * STATE_THREADS
    assert lanes.done(Lane.STATE) == []


def test_who_waited_too_long_is_taken_out() -> None:
    lanes: Lanes[int] = Lanes(1, 64, 10)
    for number in range(4):
        lanes.admit(number, Lane.ASK, number * 5.0)
    assert lanes.expired(14.9) == []
    assert lanes.expired(20.0) == [1, 2]
    assert lanes.emptied() == [3]
    assert not any(lanes.waiting.values())
    assert lanes.done(Lane.ASK) == []


def test_one_is_told_to_come_back_after_as_long_as_others_of_its_lane_have_waited() -> None:
    lanes: Lanes[int] = Lanes(1, 64, 1000)
    assert lanes.retry_after(Lane.ASK, 5.0) == 1
    lanes.admit(1, Lane.ASK, 0)
    lanes.admit(2, Lane.ASK, 2.0)
    assert lanes.retry_after(Lane.ASK, 5.5) == 4
    assert lanes.retry_after(Lane.ASK, 500.0) == LONGEST_RETRY
    # Side work that waits for minutes keeps nobody else away.
    assert lanes.retry_after(Lane.SIDE, 500.0) == 1
