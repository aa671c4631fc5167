"""What the loop waits for: calls and connections take turns."""

from __future__ import annotations

from qa_service.http.connections.events import Events


def test_calls_that_add_calls_leave_turns_to_others() -> None:
    events = Events()
    made: list[int] = []

    def again() -> None:
        made.append(len(made))
        if len(made) < 100:
            events.call_soon(again)

    events.call_soon(again)
    events.call_soon(lambda: made.append(-1))
    turns = 0
    while len(made) < 100:
        before = len(made)
        # None is forgotten: there is no need to wait for the next.
        assert list(events.wait(60)) == []
        assert 1 <= len(made) - before <= 2
        turns += 1
    assert turns == 99
    events.close()
