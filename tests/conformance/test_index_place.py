"""A catalogue has one index: a service or command with another QA_INDEX is refused, and harms nobody."""

from __future__ import annotations

from contextlib import closing

import pytest
from pydantic import SecretStr

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Incompatible
from tests.conformance.articles import ask, submission
from tests.conformance.migrating.migrations import migrate
from tests.milvus_server import MilvusTestServer


def opened_at(settings: Settings, *, recover: bool = True) -> Engine:
    return Engine.open(settings, ToyEncoder(), recover=recover)


def over(settings: Settings, index: str) -> Settings:
    return settings.model_copy(update={"index": SecretStr(index)})


def found(engine: Engine) -> list[str]:
    return sorted(one.article_id for one in engine.ask(ask("编号")).passages)


ALL = ["a0", "a1", "a2"]


@pytest.mark.parametrize("place", [("milvus", "sqlite"), ("milvus", "postgres")], ids=str, indirect=True)
def test_another_milvus_is_refused_until_a_rebuild_and_takes_nothing_away(
    stored: Settings, milvus_server: MilvusTestServer
) -> None:
    with closing(opened_at(stored)) as engine:
        list(engine.ingest(map(submission, range(3))))
        other = over(stored, milvus_server.database())
        with pytest.raises(Incompatible, match="the index of this catalogue is in milvus://") as caught:
            opened_at(other)
        assert "rebuild" in str(caught.value.remedy) and caught.value.field == "QA_INDEX"
        assert found(engine) == ALL
        with pytest.raises(Incompatible, match="not local"):
            opened_at(over(stored, "local"))
    with closing(opened_at(other, recover=False)) as engine:
        engine.rebuild()
    with closing(opened_at(other)) as engine:
        assert found(engine) == ALL
        assert engine.check() == []
    with pytest.raises(Incompatible):
        opened_at(stored)


@pytest.mark.parametrize("place", [("milvus", "sqlite")], ids=str, indirect=True)
def test_one_milvus_may_have_several_names(stored: Settings) -> None:
    with closing(opened_at(stored)) as engine:
        list(engine.ingest(map(submission, range(3))))
    address = stored.index.get_secret_value()
    with closing(opened_at(over(stored, address.replace("127.0.0.1", "localhost")))) as engine:
        assert found(engine) == ALL


@pytest.mark.parametrize("place", [("local", "sqlite"), ("local", "postgres")], ids=str, indirect=True)
def test_from_the_local_index_only_a_migration_leads_to_milvus(
    stored: Settings, milvus_server: MilvusTestServer
) -> None:
    with closing(opened_at(stored)) as engine:
        list(engine.ingest(map(submission, range(3))))
    to = milvus_server.database()
    with pytest.raises(Incompatible, match="is local, not milvus://") as caught:
        opened_at(over(stored, to))
    assert "migrate" in str(caught.value.remedy)
    migrate(stored, to)
    with closing(opened_at(over(stored, to))) as engine:
        assert found(engine) == ALL
    with pytest.raises(Incompatible, match="not local"):
        opened_at(stored)
