"""The comparison of back ends touches nothing of others, and leaves nothing in an index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import backends
import pytest
from pydantic import SecretStr

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput
from tests.conftest import add


@pytest.fixture
def settings(tmp_path: Path, cache_dir: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=cache_dir, model="toy", min_free_mb=0)


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    with closing(Engine.open(settings, ToyEncoder(), asking=False)) as engine:
        yield engine


def test_the_local_index_is_not_compared_with_itself(settings: Settings) -> None:
    with pytest.raises(BadInput, match="QA_INDEX"):
        backends.ensure_other(settings)
    backends.ensure_other(settings.model_copy(update={"index": SecretStr("milvus://127.0.0.1:1/x")}))


def test_a_catalogue_of_others_is_not_written_to(settings: Settings) -> None:
    backends.ensure_empty(settings)
    with opened(settings) as engine:
        add(engine, {"own": "江南的枇杷在五月成熟。"})
    with pytest.raises(BadInput, match="QA_CATALOG: it holds articles already"):
        backends.ensure_empty(settings)


def test_what_was_made_is_removed_even_after_a_failure(settings: Settings) -> None:
    with opened(settings) as engine:
        add(engine, {"own": "江南的枇杷在五月成熟。"})
        assert engine.generations.current(1) is not None
        with pytest.raises(RuntimeError), backends.erased(engine):
            raise RuntimeError
        assert engine.generations.current(1) is None
