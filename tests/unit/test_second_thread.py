"""Two halves of one search run at the same time, one caller's at a time."""

from __future__ import annotations

import threading

import pytest

from qa_service.index.second_thread import SecondThread


def test_both_halves_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=30)
    assert SecondThread().both(lambda: (meeting.wait(), "one")[1], lambda: (meeting.wait(), "other")[1]) == (
        "one",
        "other",
    )


def test_who_comes_while_it_is_busy_does_both_alone() -> None:
    second = SecondThread()
    names: list[str] = []

    def name() -> str:
        names.append(threading.current_thread().name)
        return names[-1]

    def inner() -> str:
        second.both(name, name)
        return "done"

    assert second.both(lambda: "one", inner) == ("one", "done")
    assert set(names) == {threading.current_thread().name}


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_of_either_half_is_raised_and_the_next_caller_served(failing: int) -> None:
    second = SecondThread()

    def fail() -> str:
        raise ValueError("broken")

    halves = [lambda: "fine", lambda: "fine"]
    halves[failing] = fail
    with pytest.raises(ValueError, match="broken"):
        second.both(*halves)
    assert second.both(lambda: 1, lambda: 2) == (1, 2)
