"""What the loop waits for: connections, and calls that others want made, neither before the other's turn."""

from __future__ import annotations

import threading

from qa_service.http.connections.events import Events

LONG = 30.0


def test_calls_that_ask_for_others_do_not_keep_the_loop_from_what_else_happens() -> None:
    events, made = Events(), 0

    def again() -> None:
        nonlocal made
        made += 1
        if made < 100:
            events.call_soon(again)

    events.call_soon(again)
    events.call_soon(again)
    for turn in range(1, 10):
        # Nothing has to happen for what was asked for meanwhile to be called.
        assert list(events.wait(LONG)) == []
        assert made == 2 * turn
    events.close()


def test_calls_of_other_threads_end_the_waiting_and_none_is_lost() -> None:
    events, made = Events(), 0

    def call() -> None:
        nonlocal made
        made += 1

    def ask() -> None:
        for _ in range(1000):
            events.call_soon(call)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    turns = 0
    while made < 4000:
        assert list(events.wait(LONG)) == []
        turns += 1
        assert turns <= 4001
    for thread in threads:
        thread.join(LONG)
    events.close()
