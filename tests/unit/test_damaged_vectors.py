"""A flipped bit in the vectors costs what it has to and no more: what can be encoded again is, all else goes on."""

from __future__ import annotations

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Damaged
from qa_service.types import Ask
from tests.conftest import add
from tests.unit.test_generations import question, text


def harm_vectors(engine: Engine, article_id: str) -> None:
    """Flip a byte in the first vector of an article; call before the engine is closed."""
    with engine.catalog.read() as connection:
        segment, slot, dim = connection.execute(
            "SELECT p.segment, p.slot, s.dim FROM passages p JOIN articles a ON a.row = p.article"
            " JOIN segments s ON s.id = p.segment WHERE a.id = ?",
            (article_id,),
        ).fetchone()
    path = engine.segments.path(segment)
    with path.open("r+b") as file:
        file.seek(64 + slot * dim * 4 + 5)
        [byte] = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte ^ 0xFF]))


def found(engine: Engine, number: int, collection: str = "default") -> set[str]:
    return {p.article_id for p in engine.ask(Ask(question(number), collection, top_k=50)).passages}


def test_a_text_that_comes_back_is_encoded_again_when_its_old_vectors_are_damaged(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(4)})
    add(engine, {"gone": text(9)})
    harm_vectors(engine, "gone")
    engine.delete_article("default", "gone")
    engine.close()
    encoder = ToyEncoder()
    engine = Engine.open(settings, encoder)
    assert [one.outcome for one in add(engine, {"back": text(9)})] == ["created"]
    assert encoder.passages_encoded == 3  # the window and two sentences of what was harmed
    assert [one.outcome for one in add(engine, {"new": text(11)})] == ["created"]
    everything = {"a0", "a1", "a2", "a3", "back", "new"}
    assert found(engine, 9) == everything
    engine.close()
    engine = Engine.open(settings, ToyEncoder())
    assert found(engine, 9) == everything
    engine.close()


def test_vectors_harmed_after_they_were_checked_are_not_taken_over(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"gone": text(9)})
    engine.delete_article("default", "gone")
    assert found(engine, 9) == set()
    harm_vectors(engine, "gone")  # after this process had checked them
    add(engine, {"back": text(9)})
    engine.close()
    engine = Engine.open(settings, ToyEncoder())
    assert found(engine, 9) == {"back"}
    assert engine.check() == []
    engine.close()


def test_a_damaged_collection_is_refused_by_name_and_the_others_are_asked(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)}, "one")
    add(engine, {"b": text(2)}, "two")
    harm_vectors(engine, "a")
    engine.close()
    engine = Engine.open(settings, ToyEncoder())
    assert found(engine, 2, "two") == {"b"}
    readiness = engine.readiness()
    assert readiness.ready
    [warning] = readiness.warnings
    assert warning.startswith("collection one cannot be asked")
    assert "qa-service rebuild" in warning
    with engine.catalog.writer_lock(), pytest.raises(Damaged, match="vector block") as raised:
        found(engine, 1, "one")  # at once, not once nobody writes
    assert "qa-service rebuild" in str(raised.value.remedy)
    add(engine, {"c": text(3)}, "two")
    assert found(engine, 3, "two") == {"b", "c"}
    engine.delete_article("one", "a")  # nothing damaged is left
    assert found(engine, 1, "one") == set()
    assert engine.readiness().warnings == ()
    engine.close()


def test_a_damaged_collection_does_not_pass_where_all_have_to_be_whole(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)}, "one")
    harm_vectors(engine, "a")
    engine.close()
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    with pytest.raises(Damaged, match="vector block"):
        engine.recover()  # as what a rebuild made is opened before it takes over
    engine.close()
