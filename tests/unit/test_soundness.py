"""Rows that say something else than was written are never shown, and a catalogue that lost its end is found out."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Damaged, Unavailable
from qa_service.job_runner import JobRunner
from qa_service.library import Library
from qa_service.types import Ask
from tests.conftest import add, article
from tests.unit.test_generations import question, text


def alter(engine: Engine, statement: str) -> None:
    """Change rows behind the service's back, as a corrupt byte does."""
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        tx.connection.execute(statement)
    engine.catalog._kept.__init__()  # type: ignore[misc]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE articles SET title = 'x' WHERE id = 'a'",
        "UPDATE articles SET url = 'https://example.net/' WHERE id = 'a'",
        "UPDATE articles SET published_at = '2025-01-01' WHERE id = 'a'",
        "UPDATE articles SET metadata = '{}' WHERE id = 'a'",
        "UPDATE articles SET id = 'b' WHERE id = 'a'",
        "UPDATE articles SET sha256 = zeroblob(32) WHERE id = 'a'",
    ],
)
def test_an_altered_row_is_shown_nowhere(engine: Engine, statement: str) -> None:
    given = {"title": "仓库", "url": "https://example.org/", "published_at": "2024-05-31", "metadata": {"n": 1.5}}
    list(engine.ingest([article("a", text(1), **given)]))
    assert engine.ask(Ask(question(1))).passages[0].metadata == {"n": 1.5}
    alter(engine, statement)
    with pytest.raises(Damaged, match="checksum"):
        engine.ask(Ask(question(1)))
    with pytest.raises(Damaged, match="checksum"):
        engine.articles("default")
    with pytest.raises(Damaged, match="checksum"):
        engine.article("default", "b" if "id = 'b'" in statement else "a")
    assert any("checksum" in problem and "ingest the article again" in problem for problem in engine.check())


TEXTS = {
    "articles": ["id", "pipeline", "content_type", "encoding", "title", "url", "published_at", "metadata"],
    "passages": ["passage_id"],
    "terms": ["term"],
    "collections": ["created_at"],
    "segments": ["fingerprint"],
}


@pytest.mark.parametrize(("table", "column"), [(table, column) for table, some in TEXTS.items() for column in some])
def test_text_that_is_not_utf_8_is_one_problem_among_others(settings: Settings, table: str, column: str) -> None:
    engine = Engine.open(settings, ToyEncoder())
    given = {"title": "仓库", "url": "https://example.org/", "published_at": "2024-05-31", "metadata": {"n": "值"}}
    list(engine.ingest([article("a", text(1), **given), article("b", text(2), **given)]))
    first = f"(SELECT min(rowid) FROM {table})"
    broken = f"CAST(x'ff' || substr(CAST({column} AS BLOB), 2) AS TEXT)"
    alter(engine, f"UPDATE {table} SET {column} = {broken} WHERE rowid = {first}")
    alter(engine, "UPDATE contents SET text_crc = 1 WHERE article = 2")
    problems = engine.check()
    assert any("not UTF-8" in problem and "restore" in problem for problem in problems), problems
    assert any("'b'" in problem and "text fails its checksum" in problem for problem in problems), problems
    with contextlib.suppress(Damaged):
        assert engine.ask(Ask(question(2), top_k=50)).passages
    if table == "articles":
        engine.rebuild()
        assert any("not UTF-8" in problem for problem in engine.check()) is (column != "pipeline")
    engine.close()


def test_a_row_that_is_not_utf_8_is_damaged_and_names_no_text(engine: Engine) -> None:
    list(engine.ingest([article("a", text(1), title="机密")]))
    alter(engine, "UPDATE articles SET title = CAST(CAST(title AS BLOB) || x'ff' AS TEXT)")
    for ask in (lambda: engine.ask(Ask(question(1))), lambda: engine.articles("default")):
        with pytest.raises(Damaged, match="not as it was written") as raised:
            ask()
        assert "qa-service check" in str(raised.value.remedy)
        assert "机密" not in str(raised.value)


def test_a_sequence_that_is_no_number_is_damage(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})
    alter(engine, "UPDATE meta SET value = 'q' || value")
    engine.close()
    with pytest.raises(Damaged, match="number") as raised:
        Engine.open(settings, ToyEncoder())
    assert "backup" in str(raised.value.remedy)


def test_what_was_altered_is_mended_by_the_article_itself(engine: Engine) -> None:
    add(engine, {"a": text(1)})
    alter(engine, "UPDATE articles SET title = 'x'")
    engine.delete_article("default", "a")
    add(engine, {"a": text(1)})
    assert engine.ask(Ask(question(1))).passages[0].title is None
    assert engine.check() == []


def test_a_passage_at_another_place_is_not_shown(engine: Engine) -> None:
    add(engine, {"a": text(1)})
    alter(engine, "UPDATE passages SET start = 1")
    with pytest.raises(Damaged, match="place"):
        engine.ask(Ask(question(1)))
    assert any("place" in problem for problem in engine.check())


def test_damaged_bytes_do_not_become_the_text_when_all_is_processed_anew(engine: Engine) -> None:
    add(engine, {"a": text(1), "b": text(2)})
    alter(
        engine,
        "UPDATE contents SET content = CAST(replace(CAST(content AS TEXT), '负', '员') AS BLOB) WHERE article = 1",
    )
    alter(engine, "UPDATE articles SET pipeline = ''")
    engine.ingestor().reprocess([1, 2], "default", publish=True)
    with pytest.raises(Damaged):
        engine.article("default", "a")
    assert engine.article("default", "b").text == text(2)
    assert any("article 'a'" in problem and "checksum" in problem for problem in engine.check())


def test_an_altered_article_that_waits_in_a_job_is_rejected(engine: Engine) -> None:
    job = engine.submit([article("a", text(1)), article("b", text(2), title="标题"), article("c", text(3))], "default")
    alter(engine, "UPDATE job_items SET content = CAST('other' AS BLOB) WHERE position = 0")
    alter(engine, "UPDATE job_items SET submission = replace(submission, '6807', '6808') WHERE position = 1")
    JobRunner(engine.catalog, engine.taking_in.ingest_batches, lambda: False).drain()
    outcomes = engine.job(job.id).outcomes
    assert [one.outcome for one in outcomes] == ["rejected", "rejected", "created"]
    assert "hand the article in again" in str(outcomes[0].reason)
    assert [one.id for one in engine.articles("default").articles] == ["c"]


def test_a_catalogue_that_sqlite_cannot_read_is_named_with_the_remedy(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) * 20 for n in range(40)})
    engine.close()
    path = settings.data_dir / "catalog.sqlite3"
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    path.write_bytes(data)
    with pytest.raises(Damaged, match="catalogue") as raised:
        Engine.open(settings, ToyEncoder())
    assert "backup" in str(raised.value.remedy)


def test_a_catalogue_that_lost_writes_is_not_served_unasked(settings: Settings, tmp_path: Path) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})
    engine.close()
    shutil.copy(settings.data_dir / "catalog.sqlite3", tmp_path / "older")
    engine = Engine.open(settings, ToyEncoder())
    assert engine.readiness().warnings == ()
    add(engine, {"a": text(5), "b": text(2)})
    add(engine, {"d": text(4)}, "another")
    engine.close()
    shutil.copy(tmp_path / "older", settings.data_dir / "catalog.sqlite3")
    with pytest.raises(Damaged, match=r"lost its last writes.*'default'") as raised:
        Engine.open(settings, ToyEncoder())
    assert "rebuild" in str(raised.value.remedy)
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    assert any("lost its last writes" in problem for problem in engine.check())
    engine.rebuild()
    # Nothing of what was lost is left to fall back to: its numbers are given again.
    with engine.catalog.read() as connection:
        assert all(one.seq <= connection.sequence() for one in engine.generations.directory(1).earlier())
    add(engine, {"c": text(3)})
    assert {p.text for p in engine.ask(Ask(question(1), top_k=50)).passages} == {text(1), text(3)}
    assert engine.check() == []
    engine.close()
    Engine.open(settings, ToyEncoder()).close()


@pytest.mark.parametrize("victim", ["CURRENT", "manifest-*.json", "*"])
def test_lost_writes_are_noticed_though_the_index_is_damaged_too(
    settings: Settings, tmp_path: Path, victim: str
) -> None:
    """What damages the end of the catalogue seldom stops there."""
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1), "secret": text(9)})
    engine.close()
    shutil.copy(settings.data_dir / "catalog.sqlite3", tmp_path / "older")
    engine = Engine.open(settings, ToyEncoder())
    engine.delete_article("default", "secret")
    root = engine.generations.directory(1).root
    engine.close()
    shutil.copy(tmp_path / "older", settings.data_dir / "catalog.sqlite3")
    for path in root.glob(victim):
        if path.is_file():
            path.write_bytes(b"\0" * 40)
    for opening in (lambda: Engine.open(settings, ToyEncoder()), lambda: Library.open(settings)):
        with pytest.raises(Damaged, match="lost its last writes"):
            opening()


def test_lost_writes_are_not_accepted_while_their_index_is_left(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})
    engine.close()
    shutil.copy(settings.data_dir / "catalog.sqlite3", tmp_path / "older")
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"b": text(2)})
    engine.close()
    shutil.copy(tmp_path / "older", settings.data_dir / "catalog.sqlite3")
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    with monkeypatch.context() as patch:
        patch.setattr(engine.generations, "erase", lambda _: None)  # as where nothing can be removed
        with pytest.raises(Unavailable, match="cannot be removed"):
            engine.rebuild()
    engine.rebuild()
    assert engine.check() == []
    engine.close()
