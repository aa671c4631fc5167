"""What a client is given: a place, and time."""

from __future__ import annotations

import resource

import pytest

from qa_service.http.connections.limits import MOST_CONNECTIONS, SPARED_FILES, room_for_connections

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
