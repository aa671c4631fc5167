"""Services that share a catalogue answer with the same calibration."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import agreement
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Incompatible
from qa_service.store import agreed
from qa_service.store.catalog import Catalog
from qa_service.store.opening import open_catalog
from qa_service.store.sqlite_catalog import SqliteCatalog


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return SqliteCatalog(tmp_path / "data")


def recorded(catalog: Catalog) -> dict[str, str]:
    with catalog.read() as connection:
        found = agreed.read(connection)
    assert found is not None
    return found


def tell(catalog: Catalog, **given: str) -> None:
    with catalog.writer_lock(), catalog.write() as tx:
        agreed.put(tx, {**(agreed.read(tx.connection) or {}), **given})


def test_the_first_says_what_the_others_have_to_have(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    agreement.ensure(catalog, file)
    assert recorded(catalog)["file"] == "none"
    agreement.ensure(catalog, file)
    file.write_text("{}")
    with pytest.raises(Incompatible, match="no file there") as caught:
        agreement.ensure(catalog, file)
    assert caught.value.field == str(file)
    agreement.record(catalog, file)
    agreement.ensure(catalog, file)
    with pytest.raises(Incompatible, match="no file here"):
        agreement.ensure(catalog, tmp_path / "absent.json")


def test_of_two_that_start_at_once_with_different_files_one_is_refused(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = tmp_path / "calibration.json", tmp_path / "theirs.json"
    theirs.write_text("{}")
    locked = catalog.writer_lock

    def later() -> AbstractContextManager[None]:
        # Both have read that nobody has said anything yet; the other is the first to get the lock.
        monkeypatch.undo()
        agreement.ensure(catalog, theirs)
        return locked()

    monkeypatch.setattr(catalog, "writer_lock", later)
    with pytest.raises(Incompatible, match="no file here"):
        agreement.ensure(catalog, mine)
    agreement.ensure(catalog, theirs)


def test_another_calibration_of_the_same_or_a_later_version_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    agreement.ensure(catalog, file)
    tell(catalog, weights="other")
    with pytest.raises(Incompatible, match="the calibration of version"):
        agreement.ensure(catalog, file)
    tell(catalog, version="99.0")
    with pytest.raises(Incompatible, match=r"99\.0"):
        agreement.ensure(catalog, file)


def test_a_later_version_brings_its_own(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    agreement.ensure(catalog, file)
    mine = recorded(catalog)
    tell(catalog, version="0.0.9", weights="other")
    agreement.ensure(catalog, file)
    assert recorded(catalog) == mine


def test_an_earlier_version_with_the_same_calibration_goes_on(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    agreement.ensure(catalog, file)
    tell(catalog, version="99.0")
    agreement.ensure(catalog, file)
    assert recorded(catalog)["version"] == "99.0"


def test_a_replica_with_another_file_is_refused_at_its_start(settings: Settings, postgres_url: str) -> None:
    shared = settings.model_copy(update={"catalog": Settings(catalog=postgres_url).catalog})
    Engine.open(shared, ToyEncoder()).close()
    other = shared.model_copy(update={"data_dir": settings.data_dir.with_name("other")})
    engine = Engine.open(other, ToyEncoder())
    engine.close()
    with closing(open_catalog(other)) as catalog:
        tell(catalog, file="0123456789abcdef")
    with pytest.raises(Incompatible, match="checksum 0123456789abcdef there"):
        Engine.open(other, ToyEncoder())
