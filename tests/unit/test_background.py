"""What a server's background threads make of trouble: it is told while it lasts, and none of them ends of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embeddings.toy import ToyEncoder
from qa_service import background
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.index import folding
from tests.conftest import add
from tests.unit.test_generations import text, wait_until
from tests.unit.test_mending import harm


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """An engine over articles in two collections, without its workers."""
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})
    add(engine, {"b": text(2)}, "shelf")
    yield engine
    engine.close()


def warned(engine: Engine) -> str:
    return "\n".join(engine.readiness().warnings)


def test_damage_goes_with_its_collection(engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "is_due", lambda *_: False)  # a new base would end it too
    for path in (settings.data_dir / "indexes").glob("*/delta-*.bin"):
        harm(path)
    with_damage = Engine.open(settings, ToyEncoder())
    try:
        with_damage.start_workers()
        assert "collection shelf:" in warned(with_damage)
        with_damage.delete_collection("shelf")
        wait_until(lambda: "collection shelf:" not in warned(with_damage))
        assert "collection default:" in warned(with_damage)
    finally:
        with_damage.close()


def test_trouble_goes_with_its_collection(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh = engine.opened.refresh_or_mend

    def failing(name: str) -> None:
        if name == "shelf":
            raise OSError("no such disk")
        refresh(name)

    monkeypatch.setattr(engine.opened, "refresh_or_mend", failing)
    engine.start_workers()
    wait_until(lambda: "collection shelf: new articles may not show: no such disk" in warned(engine))
    engine.delete_collection("shelf")
    wait_until(lambda: "collection shelf" not in warned(engine))
    followed = engine._background
    assert {len(one) for one in (followed._stamps, followed._seen, followed._pause_until)} <= {0, 1}


@pytest.mark.parametrize("part", ["_forgetting", "_sparing"])
def test_collections_are_followed_though_memory_cannot_be_given_back(
    engine: Engine, settings: Settings, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "AGAIN_S", 0.1)

    def failing() -> int:
        raise ValueError("a memory is in disorder")

    with monkeypatch.context() as patch:
        patch.setattr(getattr(engine._background, part), "look", failing)
        engine.start_workers()
        wait_until(lambda: "memory that nothing needs is not given back" in warned(engine))
        before = engine.opened.served()
        other = Engine.open(settings, ToyEncoder())
        add(other, {"c": text(3)})
        other.close()
        wait_until(lambda: engine.opened.served() != before)
        assert "memory that nothing needs" in warned(engine)
    wait_until(lambda: warned(engine) == "")
