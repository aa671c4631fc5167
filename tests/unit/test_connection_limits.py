"""What a client is given: a place, and time."""

from __future__ import annotations

import resource

import pytest

from qa_service.http.connections.limits import MOST_CONNECTIONS, SLOWEST, SPARED_FILES, Pace, room_for_connections

WANTED = MOST_CONNECTIONS + SPARED_FILES
ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "room"),
    [
        (1024, 1_048_576, WANTED, MOST_CONNECTIONS),
        (1024, ENDLESS, WANTED, MOST_CONNECTIONS),
        (1_048_576, 1_048_576, None, MOST_CONNECTIONS),
        (ENDLESS, ENDLESS, None, MOST_CONNECTIONS),
        (2200, 4096, None, MOST_CONNECTIONS),
        (1024, 1024, 1024, 1024 - SPARED_FILES),
        (256, 300, 300, 150),
    ],
)
def test_there_are_never_more_connections_than_are_wanted_or_files_allow(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int | None, room: int
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    assert room_for_connections() == room
    assert asked == ([] if raised is None else [(raised, hard)])


def test_who_moves_enough_every_second_has_time_for_ever() -> None:
    pace = Pace(30)
    pace.begin(1000)
    for now in range(1001, 2000):
        pace.moved(SLOWEST, now)
    assert not pace.is_over(2029)
    assert pace.is_over(2030)


def test_a_burst_buys_no_rest() -> None:
    pace = Pace(30)
    pace.begin(1000)
    pace.moved(1024 * SLOWEST, 1001)
    assert not pace.is_over(1031)
    assert pace.is_over(1032)


def test_who_falls_behind_by_the_whole_time_has_had_it() -> None:
    pace, now = Pace(30), 1000.0
    pace.begin(now)
    while not pace.is_over(now) and now < 2000:
        now += 1
        pace.moved(SLOWEST // 2, now)
    assert 1058 <= now <= 1062


def test_before_anything_is_moved_there_is_no_end() -> None:
    assert not Pace(30).is_over(1e9)
