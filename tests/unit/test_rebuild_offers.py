"""What a rebuild has made and offered to a server may go away, or be damaged, before any server goes on with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import succession
from qa_service.catching_up import CatchingUp
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Damaged, QAError, Unavailable
from qa_service.store import successor
from tests.conftest import add
from tests.unit.test_generations import text
from tests.unit.test_mending import harm
from tests.unit.test_succession import built, found, held, ignored, other, rebuilder, served

__all__ = ["other", "served"]

THIRD = "toy-16"


def offered(settings: Settings) -> str:
    """Offer another index; tell how its articles were processed."""
    with closing(rebuilder(settings)) as engine:
        assert not succession.build(engine, ignored)
        return engine.generations.versions.pipeline


def test_an_index_that_another_command_removed_has_not_taken_over(
    served: Engine, settings: Settings, other: Settings
) -> None:
    pipeline = offered(other)
    successor.remove_unused(settings.data_dir)
    with pytest.raises(Unavailable, match="another command removed the new index"):
        succession.wait(settings.data_dir, pipeline, 60)


def test_another_rebuild_s_index_is_not_taken_for_one_s_own(
    served: Engine, settings: Settings, other: Settings
) -> None:
    pipeline = offered(other)
    third = offered(settings.model_copy(update={"model": THIRD}))
    with pytest.raises(Unavailable, match="put another in its place"):
        succession.wait(settings.data_dir, pipeline, 60)
    succession.take_over(served).close()
    with pytest.raises(Unavailable, match="put another in its place"):
        succession.wait(settings.data_dir, pipeline, 60)
    assert succession.wait(settings.data_dir, third, 60)


def test_an_index_that_has_moved_to_its_place_since_has_taken_over(
    served: Engine, settings: Settings, other: Settings
) -> None:
    pipeline = offered(other)
    succession.take_over(served).close()
    served.close()
    Engine.open(other).close()
    assert not successor.folder(settings.data_dir).exists()
    assert succession.wait(settings.data_dir, pipeline, 60)


def harm_current(folder: Path) -> None:
    harm(next(folder.glob("indexes/*/CURRENT")))


def harm_catalogue(folder: Path) -> None:
    path = folder / "catalog.sqlite3"
    path.write_bytes(b"x" * path.stat().st_size)


def harm_rows(folder: Path) -> None:
    """Harm what only the reading of rows shows."""
    with closing(sqlite3.connect(folder / "catalog.sqlite3")) as connection:
        connection.execute("UPDATE meta SET value = 'many' WHERE key = 'seq'")
        connection.commit()


def lose_writes(folder: Path) -> None:
    """Set the catalogue back behind what the indexes know of."""
    with closing(sqlite3.connect(folder / "catalog.sqlite3")) as connection:
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'seq'")
        connection.commit()


@pytest.mark.parametrize("harmed", [harm_current, harm_catalogue, harm_rows, lose_writes])
def test_a_damaged_index_that_nobody_uses_yet_is_made_anew(
    served: Engine, settings: Settings, other: Settings, harmed: Callable[[Path], None]
) -> None:
    offered(other)
    harmed(successor.folder(settings.data_dir))
    add(served, {"more": text(50)})
    pipeline = offered(other)
    with closing(succession.take_over(served)) as new:
        assert succession.wait(settings.data_dir, pipeline, 60)
        assert set(held(new)) == {"more", *(f"a{n}" for n in range(12))}
        assert found(new, 5) >= {"a5"}
        assert new.check() == []


def test_damage_that_the_server_finds_is_gone_after_the_next_rebuild(
    served: Engine, settings: Settings, other: Settings
) -> None:
    """A rebuild that goes on reads no vectors: only the server's opening shows that they are damaged."""
    pipeline = offered(other)
    for path in (successor.folder(settings.data_dir) / "vectors").iterdir():
        harm(path, 40)
        harm(path)
    for base in successor.folder(settings.data_dir).glob("indexes/*/base-*/windows.faiss"):
        harm(base)
    with pytest.raises(Damaged, match=r"rebuild.*again, which makes it anew") as told:
        succession.take_over(served)
    succession.note_trouble(settings.data_dir, str(told.value))
    with pytest.raises(Unavailable, match="makes it anew"):
        succession.wait(settings.data_dir, pipeline, 60)
    offered(other)
    with closing(succession.take_over(served)) as new:
        assert found(new, 5) >= {"a5"}
        assert new.check() == []


def test_damage_of_what_is_in_use_ends_a_rebuild_and_keeps_what_it_has_made(
    served: Engine, settings: Settings, other: Settings
) -> None:
    offered(other)
    add(served, {"more": text(50)})
    with closing(sqlite3.connect(settings.data_dir / "catalog.sqlite3")) as connection:
        connection.execute("UPDATE contents SET content = x'00' WHERE article = (SELECT max(row) FROM articles)")
        connection.commit()
    with pytest.raises(Damaged, match="an article's bytes fail their checksum") as told:
        built(other)
    assert not isinstance(told.value, successor.Unusable)
    assert str(told.value).startswith(f"{settings.data_dir / 'catalog.sqlite3'}, article 'more'")
    assert successor.read_plan(settings.data_dir) is not None
    served.delete_article("default", "more")
    assert not built(other)


def test_a_damaged_catalogue_in_use_is_not_taken_for_the_successor_s(
    served: Engine, settings: Settings, other: Settings
) -> None:
    """Both are read at the same time, and SQLite does not say of which it speaks."""
    offered(other)
    path = settings.data_dir / "catalog.sqlite3"
    with closing(rebuilder(other)) as engine:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE articles SET id = CAST(x'ff' AS TEXT) WHERE row = 3")
            connection.commit()
        with pytest.raises(QAError) as told:
            succession.build(engine, ignored)
    assert told.value.field == str(path)
    assert successor.read_plan(settings.data_dir) is not None


def test_a_rebuild_lets_go_of_the_catalogue_in_use_thread_by_thread(
    settings: Settings, other: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        for shelf in range(3):
            add(engine, {f"a{n}": f"{text(n)} {shelf}" for n in range(300)}, f"shelf{shelf}")
    opened: list[int] = []
    switch = succession._switch

    def counted(old: Engine, twin: Engine, catching_up: CatchingUp) -> None:
        opened.append(len(old.catalog._opened))  # type: ignore[attr-defined]
        switch(old, twin, catching_up)

    monkeypatch.setattr(succession, "_switch", counted)
    assert built(other)
    assert opened == [1]
