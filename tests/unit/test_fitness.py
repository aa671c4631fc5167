"""What `/readyz` looks at, who is told what, and how far behind collections are."""

from __future__ import annotations

import shutil
import tempfile
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from embeddings.toy import ToyEncoder
from qa_service.background import LONG_LAG_S
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.fitness import FRESH_S, Fitness
from qa_service.http import create_app
from qa_service.http.host import EngineHost, LoadFailed, Loading
from qa_service.index.generation_dir import GenerationDir
from qa_service.lag import Lag
from qa_service.store.collections import Collection
from qa_service.types import Readiness
from tests.conftest import add
from tests.http.fake_engine import FakeEngine
from tests.http.problem import assert_problem


class Clock:
    """Time that goes on when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def looked(engine: Engine, least_free: int = 0) -> Readiness:
    return Fitness(engine.catalog, engine.generations, least_free).readiness({})


def test_all_is_well(engine: Engine) -> None:
    add(engine, {"a": "夜间巴士每二十分钟一班。"})
    state = engine.readiness()
    assert (state.ready, state.status, state.warnings) == (True, "ready", ())
    assert {"catalogue", "directory", "disk", "index", "background"} <= set(state.checks)
    assert all(state.checks.values())


def test_a_directory_that_cannot_be_written(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    state = looked(engine)
    assert state.ready
    assert not state.checks["directory"]
    assert "Read-only file system" in state.warnings[0]


def test_the_probe_leaves_nothing(engine: Engine) -> None:
    before = sorted(engine.catalog.data_dir.rglob("*"))
    looked(engine)
    assert sorted(engine.catalog.data_dir.rglob("*")) == before


def test_a_disk_without_room(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 << 20))
    assert looked(engine, 5 << 20).checks["disk"]
    state = looked(engine, 6 << 20)
    assert not state.checks["disk"]
    assert "5 MB left, less than 6" in state.warnings[0]


def test_harmed_index_files(settings: Settings, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_service.index.folding.COMPACT_PASSAGES", 1)
    engine = Engine.open(settings, encoder)
    add(engine, {str(n): f"第{n}路巴士每{n}分钟一班。" for n in range(12)})
    engine.compact("default")
    assert looked(engine).warnings == ()
    [root] = (settings.data_dir / "indexes").iterdir()
    manifest = GenerationDir(root).read()
    assert manifest is not None and manifest.base is not None
    for path in (root / manifest.base.directory / manifest.base.files[0].name, root / manifest.delta.name):
        kept = path.read_bytes()
        path.write_bytes(kept + b"x")
        state = looked(engine)
        assert state.ready
        assert not state.checks["index"]
        assert "qa-service check" in state.warnings[0]
        path.write_bytes(kept)
        assert looked(engine).checks["index"]
    (root / "CURRENT").write_text("nonsense")
    assert not looked(engine).checks["index"]
    engine.close()


def test_a_catalogue_that_cannot_be_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(engine.catalog, "read", broken)
    state = looked(engine)
    assert not state.ready
    assert "Input/output error" in state.status
    assert not state.checks["catalogue"]


def test_what_was_found_is_told_again_for_a_while(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks = Clock(), []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: looks.append(path) or SimpleNamespace(free=1 << 40))
    fitness = Fitness(engine.catalog, engine.generations, 1, clock)
    for now in (0.0, FRESH_S / 2, FRESH_S, FRESH_S * 1.5):
        clock.now = now
        fitness.readiness({})
    assert len(looks) == 2


def collection(seq: int, passages: int = 1) -> Collection:
    return Collection(7, "news", "2024-05-31T08:00:00+00:00", seq, 1, passages, 1)


def test_lag_counts_from_the_first_write_that_does_not_show() -> None:
    clock = Clock()
    lag = Lag(clock)
    served = {7: SimpleNamespace(seq=3)}
    lag.note([collection(3)], served)  # type: ignore[arg-type]
    assert lag.seconds() == {}
    lag.note([collection(4)], served)  # type: ignore[arg-type]
    clock.now = 5.0
    lag.note([collection(9)], served)  # type: ignore[arg-type]
    clock.now = 6.0
    assert lag.seconds() == {"news": 6.0}
    lag.note([collection(9)], {7: SimpleNamespace(seq=9)})  # type: ignore[dict-item]
    assert lag.seconds() == {}


def test_what_is_not_opened_lags_only_if_it_holds_something() -> None:
    lag = Lag(Clock())
    lag.note([collection(4, passages=0)], {})
    assert lag.seconds() == {}
    lag.note([collection(4)], {})
    assert lag.seconds() == {"news": 0.0}


def test_a_long_lag_is_a_warning(engine: Engine) -> None:
    clock = Clock()
    lag = engine._background.lag = Lag(clock)
    lag.note([collection(4)], {})
    assert engine.readiness().checks["background"]
    clock.now = LONG_LAG_S
    state = engine.readiness()
    assert not state.checks["background"]
    assert "collection news" in state.warnings[0]


def test_background_work_that_ended_is_a_warning(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine._background, "_watch", lambda: None)
    engine.start_workers()
    engine._background._threads[0].join(30)
    assert any("background work has ended" in warning for warning in engine.readiness().warnings)


@pytest.mark.parametrize(("header", "detailed"), [("Bearer right", True), ("Bearer wrong", False), ("", False)])
def test_without_the_key_only_the_state_is_told(header: str, detailed: bool) -> None:
    fake = FakeEngine()
    client = create_app(Settings(api_key=SecretStr("right")), fake).test_client()  # type: ignore[arg-type]
    given = {"Authorization": header} if header else {}
    body = client.get("/readyz", headers=given).get_json()
    assert set(body) == ({"ready", "status", "warnings", "checks"} if detailed else {"ready", "status"})
    fake.state = Readiness(False, "the catalogue of /secret cannot be read")
    problem = assert_problem(client.get("/readyz", headers=given), 503, "unavailable")
    assert ("/secret" in problem["detail"]) is detailed


def test_without_the_key_the_reason_of_a_failed_start_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(host: EngineHost) -> None:
        host._failure = LoadFailed("no model in /secret")
        host._settled.set()

    monkeypatch.setattr(EngineHost, "_load", load)
    app = create_app(Settings(api_key=SecretStr("right")))
    assert app.extensions["qa"].wait(30)
    hidden = app.test_client().get("/readyz")
    assert_problem(hidden, 503, "load-failed")
    assert "/secret" not in hidden.text
    assert "/secret" in app.test_client().get("/readyz", headers={"Authorization": "Bearer right"}).text


@pytest.mark.parametrize("keys", [True, False])
def test_what_loading_waits_for_is_told_as_other_causes_are(monkeypatch: pytest.MonkeyPatch, keys: bool) -> None:
    def load(host: EngineHost) -> None:
        host._failure = Loading("no role secret", field="postgresql://secret:1/x", remedy="correct secret")
        host._settled.set()

    monkeypatch.setattr(EngineHost, "_load", load)
    app = create_app(Settings(api_key=SecretStr("right") if keys else None))
    assert app.extensions["qa"].wait(30)
    anybody = app.test_client().get("/readyz")
    assert_problem(anybody, 503, "loading")
    assert int(anybody.headers["Retry-After"]) > 0
    assert ("secret" in anybody.text) is not keys
    if keys:
        assert "secret" in app.test_client().get("/readyz", headers={"Authorization": "Bearer right"}).text


def test_what_is_wrong_with_many_collections_is_told_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        engine.create_collection(f"c{number}")
    monkeypatch.setattr(type(engine.generations), "unfit", lambda *_: iter(["Milvus is away"]))
    assert looked(engine).warnings == ("collections c0, c1, c2 and 3 more: Milvus is away",)
