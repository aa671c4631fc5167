"""From where to where: the settings of the target, what they name in words, and what is refused as a target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from qa_service.config import Settings
from qa_service.errors import BadInput
from qa_service.index_place import LOCAL
from qa_service.keys import key_file
from qa_service.masking import PERCENT, has_loose_password, masked
from qa_service.milvus_address import parse as parse_milvus
from qa_service.retrieval import saved_adjustment
from qa_service.store import successor
from qa_service.store.journal import CATALOG, FOLDER

FILES = (key_file.NAME, saved_adjustment.NAME)
"""What stays a file of the data directory, and each service needs."""
_POSTGRES = ("postgresql://", "postgres://")
_OWN = ("in-use.lock", "content.lock", "writer.lock", "writer.pid", "vectors", "indexes")
"""What opening an empty data directory leaves in it."""


@dataclass(frozen=True, slots=True)
class Route:
    """A migration.

    Attributes:
        source, target: the settings before and after.
        copies: whether articles and vectors move; else the index alone does.
    """

    source: Settings
    target: Settings
    copies: bool


def route(settings: Settings, to: str, catalog: str | None, data_to: Path | None) -> Route:
    """Find out what is to be moved where.

    Parameters:
        settings: those of the source.
        to: `local`, or the address of a Milvus.
        catalog: the address of a PostgreSQL database; None leaves the catalogue where it is if `to` is a Milvus, and
            takes a data directory if it is not.
        data_to: that data directory; None for the one of the settings.

    Errors:
        BadInput: these do not go together, or everything is there already.
    """
    if to != LOCAL:
        parse_milvus(to, "--to")
    if catalog is not None and (not catalog.startswith(_POSTGRES) or has_loose_password(catalog)):
        remedy = f"write postgresql://user:password@host:port/database; {PERCENT}"
        raise BadInput("this is no address of a PostgreSQL database", field="--catalog", remedy=remedy)
    if data_to is not None and (to != LOCAL or catalog is not None):
        remedy = "leave it out: vectors and articles go to a data directory with --to local alone"
        raise BadInput("nothing would be in it", field="--data-to", remedy=remedy)
    given = SecretStr(catalog) if catalog is not None else None
    if to != LOCAL and given is None:
        given = settings.catalog
    data_dir = data_to or settings.data_dir
    # A question that is asked to compare answers is nobody's.
    common = {"question_log": False}
    source = settings.model_copy(update=common)
    target = settings.model_copy(update={**common, "index": SecretStr(to), "catalog": given, "data_dir": data_dir})
    moved = data_dir.resolve() != settings.data_dir.resolve()
    copies = given != settings.catalog or (given is None and moved)
    if not copies and target.index == settings.index:
        remedy = "name another place; QA_INDEX, QA_CATALOG and QA_DATA_DIR name what is moved"
        raise BadInput("everything is there already", field="--to", remedy=remedy)
    if not copies and LOCAL not in (to, settings.index.get_secret_value()):
        raise BadInput(
            "what is published in one Milvus cannot be in another one too, over the same catalogue",
            field="--to",
            remedy="set QA_INDEX to it and run `qa-service rebuild`, which makes the index there without encoding; then"
            " drop what the other Milvus has",
        )
    if copies and given is None:
        _check_directory(data_dir, is_own=not moved)
    return Route(source, target, copies)


def ensure_catalogue(source: Settings) -> None:
    """Refuse a data directory without a catalogue, which opening it would make.

    Errors:
        BadInput: there is none.
    """
    if source.catalog is not None or successor.is_current(source.data_dir):
        return
    # With a journal beside it a restore was interrupted, which opening finishes.
    if not any((source.data_dir / name).exists() for name in (CATALOG, FOLDER)):
        raise nothing_there(source)


def nothing_there(source: Settings) -> BadInput:
    """Say that a source holds nothing."""
    if source.catalog is not None:
        where = masked(source.catalog.get_secret_value())
        return BadInput(f"there are no articles in {where}", field="QA_CATALOG", remedy="name what is to be moved")
    return BadInput(
        f"there are no articles in {source.data_dir}",
        field="QA_DATA_DIR",
        remedy="name what is to be moved there, or with --data",
    )


def described(settings: Settings) -> str:
    """Name the places of catalogue and index."""
    catalog = settings.catalog
    where = str(settings.data_dir) if catalog is None else masked(catalog.get_secret_value())
    return f"{where}, index {masked(settings.index.get_secret_value())}"


def variables(settings: Settings) -> list[str]:
    """Write what the environment of a service has to name, without passwords."""
    found = [f"QA_DATA_DIR={settings.data_dir}", f"QA_INDEX={masked(settings.index.get_secret_value())}"]
    if settings.catalog is not None:
        found.append(f"QA_CATALOG={masked(settings.catalog.get_secret_value())}")
    return found


def _check_directory(data_dir: Path, *, is_own: bool) -> None:
    """Refuse a directory of something else; of a catalogue in it is told once that is open."""
    if is_own or not data_dir.exists() or (data_dir / CATALOG).exists():
        return
    if not data_dir.is_dir() or any(path.name not in _OWN for path in data_dir.iterdir()):
        raise BadInput(
            f"{data_dir} is not an empty directory", field="--data-to", remedy="name one that is empty or absent"
        )
