"""Concurrent calls share encoder calls: who waits for whom, and that nobody waits in vain or fails for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from embeddings.encoder import Vectors
from embeddings.joined_calls import MOST_CHARACTERS, MOST_TEXTS, JoinedCalls, JoinedCounts, _Call, are_few

LONG = 30.0
"""Seconds after which a test gives up; nothing is expected to take so long."""


class Recorder:
    """Encodes a text as its length, and notes the calls; the first one lasts until it may end."""

    def __init__(self, *, held: bool = True) -> None:
        self.calls: list[list[str]] = []
        self.started = threading.Event()
        self.go_on = threading.Event()
        if not held:
            self.go_on.set()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        self.started.set()
        assert self.go_on.wait(LONG)
        if "bad" in texts:
            raise ValueError("bad text")
        return np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)


class Callers:
    """Threads that call with one text each."""

    def __init__(self, joined: JoinedCalls) -> None:
        self._joined = joined
        self._threads: list[threading.Thread] = []
        self.results: dict[str, object] = {}

    def start(self, *texts: str) -> None:
        for text in texts:
            self._threads.append(threading.Thread(target=self._call, args=(text,)))
            self._threads[-1].start()
            until(lambda: self._joined.counts().calls >= len(self._threads))

    def end(self) -> dict[str, object]:
        for thread in self._threads:
            thread.join(LONG)
            assert not thread.is_alive()
        return self.results

    def _call(self, text: str) -> None:
        try:
            self.results[text] = self._joined([text]).tolist()
        except ValueError as error:
            self.results[text] = str(error)


def under_way(recorder: Recorder, joined: JoinedCalls, text: str) -> Callers:
    """Give callers of whom one has the encoder at work, until the recorder lets it go on."""
    callers = Callers(joined)
    callers.start(text)
    assert recorder.started.wait(LONG)
    return callers


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_calls_that_arrive_meanwhile_are_encoded_together() -> None:
    recorder = Recorder()
    joined = JoinedCalls(recorder)
    callers = under_way(recorder, joined, "a")
    callers.start("bb", "ccc", "dddd")
    recorder.go_on.set()
    assert callers.end() == {"a": [[1.0]], "bb": [[2.0]], "ccc": [[3.0]], "dddd": [[4.0]]}
    assert recorder.calls == [["a"], ["bb", "ccc", "dddd"]]
    assert joined.counts() == JoinedCounts(calls=4, texts=4, runs=2, joined=3)


def test_one_bad_text_fails_only_its_own_call() -> None:
    recorder = Recorder()
    callers = under_way(recorder, JoinedCalls(recorder), "a")
    callers.start("bad", "ccc")
    recorder.go_on.set()
    assert callers.end() == {"a": [[1.0]], "bad": "bad text", "ccc": [[3.0]]}


def test_a_joined_call_is_bounded() -> None:
    recorder = Recorder()
    callers = under_way(recorder, JoinedCalls(recorder, most=2), "a")
    callers.start("b", "c", "d", "e", "f")
    recorder.go_on.set()
    callers.end()
    assert recorder.calls == [["a"], ["b", "c"], ["d", "e"], ["f"]]


def test_a_call_over_the_bound_is_run_by_itself() -> None:
    recorder = Recorder(held=False)
    assert JoinedCalls(recorder, most=2)(["a", "b", "c"]).shape == (3, 1)
    assert recorder.calls == [["a", "b", "c"]]


def test_a_call_may_hold_several_texts_or_none() -> None:
    joined = JoinedCalls(Recorder(held=False))
    assert joined(["a", "bb"]).tolist() == [[1.0], [2.0]]
    assert joined([]).shape == (0, 1)


def test_a_caller_alone_never_waits() -> None:
    """However closely its calls follow each other: with a wait this long, one that waited would not come back."""
    recorder = Recorder(held=False)
    joined = JoinedCalls(recorder, wait_s=10 * LONG)
    callers = Callers(joined)
    callers.start("a")
    callers.end()
    for text in ("b", "c", "d"):
        assert joined([text]).tolist() == [[1.0]]
    assert joined.counts().runs == 4


def test_callers_far_apart_do_not_wait() -> None:
    seconds = iter(range(0, 1000, 10))
    recorder = Recorder()
    joined = JoinedCalls(recorder, wait_s=5.0, clock=lambda: float(next(seconds)))
    callers = Callers(joined)
    callers.start("a", "b", "c")
    recorder.go_on.set()
    callers.end()
    assert recorder.calls == [["a"], ["b", "c"]]
    assert joined(["d"]).tolist() == [[1.0]]


def test_who_leads_waits_for_company_that_is_to_be_expected() -> None:
    """Four were seen together, so that the three who wait expect one more; then they run at once, however long it is
    until the wait ends."""
    recorder = Recorder()
    joined = JoinedCalls(recorder, wait_s=10 * LONG)
    callers = under_way(recorder, joined, "a")
    callers.start("b", "c", "d")
    recorder.go_on.set()
    until(lambda: "a" in callers.results)
    assert recorder.calls == [["a"]]
    callers.start("e")
    callers.end()
    assert recorder.calls == [["a"], ["b", "c", "d", "e"]]


def test_nobody_waits_once_a_joined_call_is_full() -> None:
    recorder = Recorder()
    callers = under_way(recorder, JoinedCalls(recorder, wait_s=10 * LONG, most=3), "a")
    callers.start("b", "c", "d")
    recorder.go_on.set()
    callers.end()
    assert recorder.calls == [["a"], ["b", "c", "d"]]


def test_the_wait_has_an_end() -> None:
    recorder = Recorder()
    joined = JoinedCalls(recorder, wait_s=0.05)
    callers = under_way(recorder, joined, "a")
    callers.start("b", "c")
    recorder.go_on.set()
    callers.end()
    assert joined(["d"]).tolist() == [[1.0]]
    assert recorder.calls[-1] == ["d"]


def test_who_is_interrupted_hands_on() -> None:
    def encode(texts: Sequence[str]) -> Vectors:
        if "stop" in texts:
            raise KeyboardInterrupt
        return np.zeros((len(texts), 1), dtype=np.float32)

    joined = JoinedCalls(encode)
    with pytest.raises(KeyboardInterrupt):
        joined(["stop"])
    assert joined(["a"]).shape == (1, 1)


def test_many_callers_all_come_back() -> None:
    joined = JoinedCalls(Recorder(held=False), wait_s=0.001, most=3)
    wrong: list[str] = []

    def ask(number: int) -> None:
        for length in range(1, 40):
            text = "x" * (length + number)
            if joined([text]).tolist() != [[float(len(text))]]:
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()
    assert not wrong
    assert joined.counts().calls == 12 * 39


def test_an_interrupted_waiter_leaves_its_place_to_the_next() -> None:
    recorder = Recorder()
    joined = JoinedCalls(recorder)
    callers = under_way(recorder, joined, "first")
    waiting: list[_Call] = []

    class Interrupted(_Call):
        def __init__(self, texts: list[str]) -> None:
            super().__init__(texts)
            waiting.append(self)
            self.turn = _Interrupting()  # type: ignore[assignment]

    class _Interrupting:
        taken = False

        def acquire(self) -> None:
            if self.taken:
                raise KeyboardInterrupt
            self.taken = True

        def release(self) -> None: ...

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("embeddings.joined_calls._Call", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            joined(["interrupted"])
    assert waiting
    callers.start("last")
    recorder.go_on.set()
    assert set(callers.end()) == {"first", "last"}
    assert ["interrupted"] not in recorder.calls


def test_what_is_long_is_not_few() -> None:
    assert are_few(["短", "句"])
    assert not are_few([])
    assert not are_few(["句"] * (MOST_TEXTS + 1))
    assert not are_few(["长" * (MOST_CHARACTERS + 1)])
