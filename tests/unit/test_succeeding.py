"""A server goes on with the index that a rebuild made: no request fails, and what cannot take over is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from embeddings.toy import ToyEncoder
from qa_service import succession
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Unavailable
from qa_service.http import create_app, succeeding
from qa_service.http.host import EXTENSION, EngineHost
from qa_service.http.in_work import RequestsInWork
from qa_service.store import successor
from tests.conftest import add
from tests.unit.test_errands import wait_until
from tests.unit.test_generations import question, text
from tests.unit.test_succession import OTHER, ignored, rebuilder


@pytest.fixture
def running(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[EngineHost, FlaskClient]]:
    """A server's application over twelve articles."""
    monkeypatch.setattr(succeeding, "POLL_S", 0.02)
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        add(engine, {f"a{n}": text(n) for n in range(12)})
    app = create_app(settings)
    host: EngineHost = app.extensions[EXTENSION]
    assert host.wait(60)
    yield host, app.test_client()
    host.close()


def rebuilt(settings: Settings) -> str:
    """Offer another index; tell how its articles were processed."""
    other = settings.model_copy(update={"model": OTHER})
    with closing(rebuilder(other)) as engine:
        assert not succession.build(engine, ignored)
        return engine.generations.versions.pipeline


def test_no_request_fails_while_another_index_takes_over(
    running: tuple[EngineHost, FlaskClient], settings: Settings
) -> None:
    host, client = running
    old = host.engine()
    statuses: set[int] = set()
    wrong: list[object] = []
    ended = threading.Event()

    def ask() -> None:
        asker = client.application.test_client()
        while not ended.is_set():
            answer = asker.post("/v1/ask", json={"question": question(5), "top_k": 50})
            statuses.add(answer.status_code)
            if "a5" not in {passage["article_id"] for passage in answer.get_json()["passages"]}:
                wrong.append(answer.get_json())
            answer.close()

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    assert succession.wait(settings.data_dir, rebuilt(settings), 60)
    wait_until(lambda: host.engine() is not old)
    # Nothing is read there any more, so what the old index took up is free.
    wait_until(lambda: not (settings.data_dir / "catalog.sqlite3").exists())
    ended.set()
    for asker in askers:
        asker.join()
    assert (statuses, wrong) == ({200}, [])
    assert host.engine().encoder.description.name == OTHER
    assert host.settings.model == OTHER
    answer = client.post("/v1/articles", json={"articles": [{"id": "new", "text": text(50)}]})
    assert answer.status_code == 200, answer.text
    ready = client.get("/readyz").get_json()
    assert not any("rebuil" in warning for warning in ready["warnings"])
    # Answers are counted of the new engine as of the old.
    counted = next(line for line in client.get("/metrics").text.splitlines() if line.startswith("qa_confidence_count"))
    before = float(counted.split()[1])
    client.post("/v1/ask", json={"question": question(5)})
    counted = next(line for line in client.get("/metrics").text.splitlines() if line.startswith("qa_confidence_count"))
    assert float(counted.split()[1]) == before + 1


def test_what_cannot_take_over_is_told_and_the_old_index_goes_on(
    running: tuple[EngineHost, FlaskClient], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, client = running
    old = host.engine()

    def absent(*_: object) -> None:
        raise Unavailable("the model is not here", remedy="bring it")

    with monkeypatch.context() as patch:
        patch.setattr(succession, "take_over", absent)
        pipeline = rebuilt(settings)
        with pytest.raises(Unavailable, match=r"goes on with the old index.*the model is not here"):
            succession.wait(settings.data_dir, pipeline, 60)
        assert host.engine() is old
        assert client.post("/v1/ask", json={"question": question(5)}).status_code == 200
        wait_until(lambda: client.get("/readyz").get_json()["warnings"])
        assert any("the model is not here" in warning for warning in client.get("/readyz").get_json()["warnings"])
    # Offered anew, it is tried anew.
    assert succession.wait(settings.data_dir, rebuilt(settings), 60)
    wait_until(lambda: host.engine() is not old)
    assert not any("model is not here" in warning for warning in client.get("/readyz").get_json()["warnings"])


def warned_of(client: FlaskClient) -> list[str]:
    """Give the warnings; a request that is not closed would keep the old index open."""
    with client.get("/readyz") as answer:
        return list(answer.get_json()["warnings"])


def test_an_index_that_could_not_be_put_in_place_is_opened_again(
    running: tuple[EngineHost, FlaskClient], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, client = running
    old, begun = host.engine(), host._begin
    refused: list[Engine] = []

    def failing(engine: Engine) -> None:
        if not refused:
            refused.append(engine)
            raise ValueError("no more threads")
        begun(engine)

    warned: list[str] = []
    note = succession.note_trouble

    def noted(data_dir: Path, trouble: str) -> None:
        warned.extend(warned_of(client))
        note(data_dir, trouble)

    monkeypatch.setattr(host, "_begin", failing)
    monkeypatch.setattr(succession, "note_trouble", noted)
    rebuilt(settings)
    wait_until(lambda: host.engine() is not old)
    assert warned == ["the rebuilt index cannot take over: ValueError while it was opened"]
    assert refused[0].readiness().status == "closing"
    with client.post("/v1/ask", json={"question": question(5)}) as answer:
        assert answer.status_code == 200
    assert not any("rebuilt" in warning for warning in warned_of(client))


def test_the_next_index_is_looked_for_whatever_went_wrong_with_this_one(
    running: tuple[EngineHost, FlaskClient], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, client = running
    old, looked = host.engine(), succession.awaits

    def failing() -> None:
        raise ValueError("the old one stays")

    def looking(engine: Engine) -> int | None:
        looks.append(engine)
        if len(looks) == 1:
            raise ValueError("a look that failed")
        return looked(engine)

    looks: list[Engine] = []
    monkeypatch.setattr(old, "retire", failing)
    monkeypatch.setattr(succession, "awaits", looking)
    rebuilt(settings)
    wait_until(lambda: host.engine() is not old)
    wait_until(lambda: host.engine() in looks)  # it goes on looking for the next
    with client.post("/v1/ask", json={"question": question(5)}) as answer:
        assert answer.status_code == 200
    assert not any("rebuilt" in warning for warning in warned_of(client))
    old.close()


def test_without_a_server_any_more_the_rebuild_has_to_go_on_itself(
    running: tuple[EngineHost, FlaskClient], settings: Settings
) -> None:
    host, _ = running
    host._succeeding.stop()
    pipeline = rebuilt(settings)
    assert succession.wait(settings.data_dir, pipeline, 0) is False
    host.close()
    assert succession.wait(settings.data_dir, pipeline, 60) is None
    assert not successor.is_current(settings.data_dir)


def test_requests_are_waited_for_that_began_before() -> None:
    in_work = RequestsInWork()

    def application(_environ: object, _start: object) -> list[bytes]:
        return [b"answer"]

    def failing(_environ: object, _start: object) -> list[bytes]:
        raise ValueError

    around: Callable[..., object] = in_work.around(application)
    first = around({}, None)
    assert not in_work.wait(0)
    first.close()  # type: ignore[attr-defined]
    assert in_work.wait(0)
    with pytest.raises(ValueError):
        in_work.around(failing)({}, None)
    assert in_work.wait(0)
    second, done = around({}, None), []
    waiter = threading.Thread(target=lambda: done.append(in_work.wait(60)))
    waiter.start()
    # What begins later is not waited for.
    later = around({}, None)
    second.close()  # type: ignore[attr-defined]
    waiter.join()
    assert done == [True]
    later.close()  # type: ignore[attr-defined]
