"""`check` names every kind of damage with its place and what to run; `rebuild` mends all that is derived."""

from __future__ import annotations

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.manifest import Delta
from qa_service.ingest import Ingestor
from qa_service.store import collections, furniture
from qa_service.types import Ask
from tests.conftest import add, article
from tests.unit.test_furniture_learning import FOOTER, story
from tests.unit.test_generations import question, text
from tests.unit.test_mending import base_root, compact, harm

pytestmark = pytest.mark.both_catalogues


def damage(engine: Engine, statement: str, *given: object) -> None:
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        assert tx.connection.execute(statement, given).rowcount > 0


DERIVED = {
    "a word count": ("UPDATE terms SET df = df + 1 WHERE id = 1", "table terms"),
    "a word": ("DELETE FROM terms WHERE id = 2", "table terms"),
    "the counters": ("UPDATE collections SET words = words + 1", "table collections"),
    "the count of articles": ("UPDATE collections SET articles = articles - 1", "count of articles"),
    "a line": ("DELETE FROM lines WHERE article = 1", "table lines"),
    "a line too many": ("INSERT INTO lines VALUES (1, 12345, 1)", "table lines"),
    "a line of nothing": ("INSERT INTO lines VALUES (1, 12345, 999)", "articles that are gone"),
    "bands": ("DELETE FROM bands WHERE passage = 1", "table bands"),
    "a band too many": ("INSERT INTO bands VALUES (1, 12345, 1)", "table bands"),
    "a band of nothing": ("INSERT INTO bands VALUES (1, 12345, 999)", "passages that are gone"),
    "an account": ("UPDATE audits SET account = x'00' WHERE article = 1", "audits of article row 1"),
    "an audit": ("DELETE FROM audits WHERE article = 1", "audits of article row 1"),
    "an offset": ('UPDATE passages SET "end" = 100000 WHERE key = 1', "does not lie in the text"),
    "a sentence": ("UPDATE passages SET sentences = x'0000000001000000' WHERE key = 1", "table passages"),
    "a checksum of vectors": ("UPDATE passages SET vectors_crc = 1 WHERE key = 1", "vector block"),
    "a text": ("UPDATE contents SET text = x'00' WHERE article = 9", "contents of article row 9"),
}


@pytest.mark.parametrize("what", DERIVED)
def test_what_is_derived_is_named_and_mended(settings: Settings, what: str) -> None:
    statement, named = DERIVED[what]
    engine = Engine.open(settings, ToyEncoder())
    add(
        engine, {f"a{n}": f"{text(n)}\n{text(n + 20)}这里是一句比较长的话，说的是第{n}个仓库的情况。" for n in range(8)}
    )
    list(engine.ingest([article("html", "")], "default"))
    page = f"<html><body><p>{text(30)}</p><p>{text(31)}</p></body></html>"
    list(engine.ingest([article("h", page, content_type="text/html")]))
    compact(engine)
    assert engine.check() == []
    before = {p.article_id: p.text for p in engine.ask(Ask(question(3), top_k=50)).passages}
    damage(engine, statement)
    problems = engine.check()
    assert any(named in problem and "qa-service rebuild" in problem for problem in problems), problems
    assert all(problem.startswith("collection default: ") for problem in problems)
    engine.rebuild()
    assert engine.check() == []
    assert {p.article_id: p.text for p in engine.ask(Ask(question(3), top_k=50)).passages} == before
    engine.close()


def test_what_was_given_is_not_mended_but_kept_as_it_is(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1), "b": text(2)})
    damage(engine, "UPDATE contents SET content = ? WHERE article = 1", text(3).encode())
    problems = engine.check()
    assert problems
    assert all("'a'" in problem for problem in problems)
    assert any("restore" in problem for problem in problems)
    engine.rebuild()
    assert any("restore" in problem for problem in engine.check())
    with engine.catalog.read() as connection:
        assert connection.execute("SELECT count(*) FROM articles WHERE deleted_seq IS NULL").fetchone() == (2,)
    engine.close()


def test_furniture_that_is_left_out_but_not_learnt_is_named(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    given = (article(f"a{n}", story(n, last=FOOTER), url="https://example.org/1") for n in range(40))
    list(engine.ingest(given))
    assert engine.check() == []
    damage(engine, "DELETE FROM furniture")
    assert any("table furniture" in problem for problem in engine.check())
    engine.rebuild()
    assert engine.check() == []
    with engine.catalog.read() as connection:
        assert furniture.learnt(connection, 1)
    engine.close()


def test_learning_that_was_cut_off_is_no_damage_and_is_finished(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("qa_service.learnt.record", killed)
        patch.setattr(Ingestor, "_learn", lambda *_: None)
        list(engine.ingest(article(f"a{n}", story(n, last=FOOTER), url="https://example.org/1") for n in range(40)))
        with pytest.raises(Killed):
            engine.ingestor().settle("default")
    assert engine.check() == []
    for n in range(36):
        # Those that have it are too few by now: what was left out comes back.
        engine.delete_article("default", f"a{n}")
    assert engine.check() == []
    engine.ingestor().settle("default")
    with engine.catalog.read() as connection:
        assert not furniture.is_unfinished(connection, 1)
        assert not furniture.learnt(connection, 1)
        [(omitted,)] = connection.execute("SELECT sum(length(omitted)) FROM passages WHERE deleted_seq IS NULL")
    assert omitted == 0
    assert engine.check() == []
    engine.close()


@pytest.mark.parametrize("victim", ["windows.faiss", "words/meta.json", "places-slots.npy"])
def test_every_file_of_a_base_is_named(settings: Settings, victim: str) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(8)})
    manifest = compact(engine)
    harm(base_root(engine, manifest) / victim)
    [problem] = engine.check()
    assert victim in problem
    assert "qa-service rebuild" in problem
    engine.rebuild()
    assert engine.check() == []
    engine.close()


@pytest.mark.parametrize(
    ("added", "dead", "named"),
    [
        ([], [], "live passages are in no index"),
        ([1, 9], [], "in the base and in the delta"),
        ([9], [2], "in no index"),
    ],
)
def test_a_delta_that_lies_is_found(settings: Settings, added: list[int], dead: list[int], named: str) -> None:
    import numpy as np

    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(8)})
    compact(engine)
    add(engine, {"b": text(50)})
    manifest = engine.generations.manifest(1)
    assert manifest is not None
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
    delta = Delta(np.array(added, dtype=np.int64), np.array(dead, dtype=np.int64))
    with engine.catalog.writer_lock():
        engine.generations.publishing.put(engine.generations.directory(1), collection, manifest.base, delta)
    assert any(named in problem for problem in engine.check())
    engine.rebuild()
    assert engine.check() == []
    engine.close()


def test_a_dead_passage_that_is_shown_is_found(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(8)})
    manifest = compact(engine)
    before = manifest.delta
    engine.delete_article("default", "a1")
    current = engine.generations.manifest(1)
    assert current is not None
    import dataclasses

    directory: GenerationDir = engine.generations.directory(1)
    directory.publish(dataclasses.replace(current, delta=before))
    assert any("shown though they are gone" in problem for problem in engine.check())
    engine.close()


@pytest.mark.of_files
@pytest.mark.parametrize("how", ["lost", "short", "another kind"])
def test_segments_are_compared_with_the_catalogue(settings: Settings, how: str) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(8)})
    engine.close()
    [path] = (settings.data_dir / "vectors").iterdir()
    if how == "lost":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-8] if how == "short" else b"x" * path.stat().st_size)
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    assert any(path.name in problem and "rebuild" in problem for problem in engine.check())
    engine.rebuild()
    assert engine.check() == []
    engine.close()
