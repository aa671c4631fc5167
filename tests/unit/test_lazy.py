"""What threads share is computed once."""

from __future__ import annotations

import threading

from qa_service.lazy import once


def test_threads_wait_for_the_first_to_load() -> None:
    loading, go_on = threading.Event(), threading.Event()
    loads: list[str] = []

    @once
    def load(name: str) -> list[str]:
        loads.append(name)
        loading.set()
        assert go_on.wait(30)
        return [name]

    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(load("table"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert loading.wait(30)
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert loads == ["table"]
    assert len(found) == 8
    assert all(one is found[0] for one in found)
    assert load("other") == ["other"]
    assert loads == ["table", "other"]


def test_what_fails_is_tried_again() -> None:
    tries: list[int] = []

    @once
    def load() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return 5

    for _ in range(2):
        try:
            assert load() == 5
        except OSError:
            assert len(tries) == 1
    assert len(tries) == 2
