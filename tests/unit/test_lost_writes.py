"""A catalogue that has lost its last writes is neither backed up nor rebuilt with another model, and loss is told."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import succession
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Damaged
from qa_service.store import successor
from tests.conftest import add
from tests.unit.test_backup import back_up, opened, text


@pytest.fixture
def lossy(settings: Settings, tmp_path: Path) -> Settings:
    """A directory whose last writes the catalogue has lost, with a good backup at `b.tar`."""
    with opened(settings) as engine:
        add(engine, {"a": text(1), "secret": text(9)})
    shutil.copy(settings.data_dir / "catalog.sqlite3", tmp_path / "older")
    with opened(settings) as engine:
        engine.delete_article("default", "secret")
        add(engine, {"b": text(2)})
        add(engine, {"c": text(3)})
    back_up(settings, tmp_path / "b.tar")
    shutil.copy(tmp_path / "older", settings.data_dir / "catalog.sqlite3")
    return settings


@pytest.mark.parametrize("indexes", [False, True])
def test_it_does_not_take_the_place_of_a_good_backup(lossy: Settings, tmp_path: Path, indexes: bool) -> None:
    before = (tmp_path / "b.tar").read_bytes()
    with pytest.raises(Damaged, match=r"lost its last writes, [1-9] or more.*'default'.*from a backup"):
        back_up(lossy, tmp_path / "b.tar", indexes=indexes)
    assert (tmp_path / "b.tar").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"data", "older", "b.tar"}


def test_going_on_with_what_is_left_is_logged(
    lossy: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine.open(lossy, ToyEncoder(), recover=False)
    with caplog.at_level(logging.WARNING):
        engine.rebuild()
        [told] = [record.getMessage() for record in caplog.records if "lost" in record.getMessage()]
        assert "or more" in told and "'default'" in told
        caplog.clear()
        engine.rebuild()
        assert not [record for record in caplog.records if "lost" in record.getMessage()]
    engine.close()
    back_up(lossy, tmp_path / "b.tar")


def test_no_other_index_is_made_of_it(lossy: Settings) -> None:
    def ignored(_total: int) -> Callable[[int], None]:
        return lambda _more: None

    engine = Engine.open(lossy.model_copy(update={"model": "toy-64"}), recover=False, asking=False)
    with pytest.raises(Damaged, match=r"lost its last writes.*`qa-service rebuild` with the model .* of before"):
        succession.build(engine, ignored)
    engine.close()
    assert not successor.folder(lossy.data_dir).exists()
