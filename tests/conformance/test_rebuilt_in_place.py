"""Where the catalogue is no file, a rebuild with other settings of processing is done in place."""

from __future__ import annotations

from contextlib import closing

import pytest

from embeddings.toy import ToyEncoder
from qa_service import succession
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Incompatible, Unavailable
from tests.conformance.articles import ask, submission
from tests.conformance.conftest import Opened

pytestmark = pytest.mark.parametrize("place", [("local", "postgres"), ("milvus", "postgres")], ids=str, indirect=True)


def found(engine: Engine) -> list[str]:
    return sorted(one.article_id for one in engine.ask(ask("编号")).passages)


def test_other_settings_of_processing_are_taken_by_a_rebuild(opened: Opened, stored: Settings) -> None:
    import psycopg

    engine = opened()
    list(engine.ingest(map(submission, range(4))))
    engine.close()
    with pytest.raises(Incompatible):
        opened(repair=False)
    other = stored.model_copy(update={"repair": False})
    encoder = ToyEncoder()
    with closing(Engine.open(other, encoder, recover=False)) as engine:
        assert succession.is_needed(engine) and not succession.is_possible(engine)
        address = str(stored.catalog.get_secret_value() if stored.catalog else "")
        with (
            psycopg.connect(address, application_name="qa-service there:1"),
            pytest.raises(Unavailable, match="there:1"),
        ):
            succession.ensure_in_place(engine)
        succession.ensure_in_place(engine)
        engine.rebuild()
        assert encoder.passages_encoded == 0
    again = opened(repair=False)
    assert found(again) == ["a0", "a1", "a2", "a3"]
    assert again.check() == []
    with pytest.raises(Incompatible):
        opened()


def test_another_model_needs_a_database_of_its_own(opened: Opened, stored: Settings) -> None:
    engine = opened()
    list(engine.ingest(map(submission, range(2))))
    engine.close()
    other = ToyEncoder(name="other")
    with (
        closing(Engine.open(stored, other, recover=False)) as engine,
        pytest.raises(Unavailable, match="another model"),
    ):
        succession.ensure_in_place(engine)
