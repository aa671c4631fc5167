"""A key of one collection learns nothing of another through any route, and nobody without a key learns anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from isolation import make_keys, routes_of
from isolation_checks import (
    Answer,
    Send,
    World,
    changed,
    fill,
    known_of,
    open_without_key,
    told_of_others,
    unattacked,
)
from isolation_requests import Known, Request

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app, scoped
from qa_service.http.rules import PUBLIC, RULES
from qa_service.question_notes import QuestionNotes

pytestmark = pytest.mark.both_catalogues

QUESTION_OF = QuestionNotes._noted


def over_application(app: Flask) -> Send:
    """Give a way to ask an application."""
    client = app.test_client()

    def send(request: Request) -> Answer:
        headers = {"Content-Type": "application/json", **request.headers}
        with client.open(request.path, method=request.method, data=request.content, headers=headers) as found:
            return Answer(found.status_code, {name.lower(): value for name, value in found.headers}, found.data)

    return send


@dataclass(frozen=True)
class Both:
    """The service with two collections and the one with the first alone, and what an attacker has heard."""

    app: Flask
    whole: World
    alone: World
    routes: list[str]
    known: Known


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Both]:
    worlds, engines, apps = [], [], []
    for name in ("whole", "alone"):
        data = tmp_path_factory.mktemp(name)
        settings = Settings(
            data_dir=data, cache_dir=cache_dir, model="toy", min_confidence=0.0, host="0.0.0.0", question_log=True
        )
        operator, limited = make_keys(data)
        engines.append(Engine.open(settings, ToyEncoder()))
        engines[-1].questions.start()
        apps.append(create_app(settings, engines[-1]))
        worlds.append(World(over_application(apps[-1]), operator, limited))
        fill(worlds[-1], theirs=name == "whole")
    yield Both(apps[0], *worlds, routes_of(apps[0]), known_of(worlds[0]))
    for engine in engines:
        engine.close()


def test_every_route_has_a_rule_and_an_attack(both: Both) -> None:
    """Who adds a route says who may use it, in `http/rules.py`, and tries it, in `isolation_requests.py`."""
    assert [route for route in both.routes if route not in RULES and route not in PUBLIC] == []
    assert unattacked(both.routes, both.known) == []
    assert "POST /v1/new" in unattacked([*both.routes, "POST /v1/new"], both.known)


def test_nothing_answers_without_a_key(both: Both) -> None:
    count, leaks = open_without_key(both.whole.send, both.routes, both.known)
    assert leaks == []
    assert count > 1000


def test_a_key_of_one_collection_cannot_tell_whether_there_is_another(both: Both) -> None:
    count, leaks = told_of_others(both.whole, both.alone, both.routes, both.known)
    assert leaks == []
    assert count > 100
    assert changed(both.whole) == []


def test_a_leak_is_found(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the two tests above rest on: were collections or keys not looked at, they would fail."""
    with monkeypatch.context() as patch:
        patch.setattr(scoped.Caller, "sees", lambda *_: True)
        reading = [route for route in both.routes if route.startswith(("GET /v1", "POST /v1/ask", "POST /retrieval"))]
        _, leaks = told_of_others(both.whole, both.alone, reading, both.known)
    assert {leak.split()[1].split("?")[0] for leak in leaks} >= {
        "/v1/collections",
        "/v1/articles",
        "/v1/ask",
        "/retrieval",
    }
    with monkeypatch.context() as patch:
        patch.setattr(QuestionNotes, "_noted", lambda notes, given, _: QUESTION_OF(notes, given, lambda _: True))
        _, leaks = told_of_others(both.whole, both.alone, ["POST /v1/feedback"], both.known)
    assert any(both.known.question_id in leak for leak in leaks)
    with monkeypatch.context() as patch:
        patch.setattr("qa_service.http.access._require_key", lambda *_, **__: next(iter(ring_keys(both.app))))
        _, leaks = open_without_key(both.whole.send, ["POST /v1/ask"], both.known)
    assert leaks


def ring_keys(app: Flask) -> list[object]:
    return list(app.extensions["qa_keys"]._keys.values())
