"""Replicas answer alike: the calibration that a service starts with is that of the others on the same catalogue.

With what model passages were made is recorded with the index, and what differs is refused there. Confidences come from
the package's calibration, and from what `calibrate` has learnt, in a file of each service's own data directory; both
are recorded in a catalogue that services share. A later version of the package may bring another calibration: the first
service that is upgraded records it, and others with the earlier one can start no more.
"""

from __future__ import annotations

import hashlib
import logging
import re
from importlib import metadata
from pathlib import Path

from qa_service.errors import Incompatible
from qa_service.retrieval.adjustment import weights_id
from qa_service.store import agreed
from qa_service.store.catalog import Catalog

logger = logging.getLogger(__name__)

_NONE = "none"


def ensure(catalog: Catalog, file: Path) -> None:
    """Compare this service's calibration with that of the others; record it if it is the first, or of a later version.

    Parameters:
        file: what `calibrate` has learnt, which need not be there.

    Errors:
        Incompatible: the others answer with another one.
    """
    mine = _mine(file)
    with catalog.read() as connection:
        counts = _is_to_count(mine, agreed.read(connection), file, catalog.where)
    if not counts:
        return
    with catalog.writer_lock(), catalog.write() as tx:
        # Another may have been first since.
        theirs = agreed.read(tx.connection)
        counts = _is_to_count(mine, theirs, file, catalog.where)
        if counts:
            agreed.put(tx, mine)
    if counts and theirs is not None:
        logger.warning("version %s counts now: upgrade the other services, too", mine["version"])


def record(catalog: Catalog, file: Path) -> None:
    """Have this service's calibration be that of all, from their next start on."""
    mine = _mine(file)
    with catalog.writer_lock(), catalog.write() as tx:
        agreed.put(tx, mine)


def _is_to_count(mine: dict[str, str], theirs: dict[str, str] | None, file: Path, where: str) -> bool:
    """Tell whether this service's calibration is to be recorded, as the first or of a later version.

    Errors:
        Incompatible: see `ensure`.
    """
    if theirs is None or theirs == mine:
        return theirs is None
    if theirs["weights"] != mine["weights"] and _version(mine) <= _version(theirs):
        raise Incompatible(
            f"the services that share this catalogue have the calibration of version {theirs['version']},"
            f" this one that of version {mine['version']}",
            field=where,
            remedy="install the same version of qa-service everywhere",
        )
    if theirs["file"] != mine["file"]:
        raise Incompatible(
            f"this service's {file.name} is not that of the services that share its catalogue"
            f" ({_told(mine)} here, {_told(theirs)} there)",
            field=str(file),
            remedy="copy the file from the data directory of one that runs, or remove it if that has none; or run"
            " `qa-service calibrate` here, and copy its file to the others",
        )
    return _version(mine) >= _version(theirs)


def _mine(file: Path) -> dict[str, str]:
    try:
        checksum = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except FileNotFoundError:
        checksum = _NONE
    return {"version": metadata.version("qa-service"), "weights": weights_id(), "file": checksum}


def _version(one: dict[str, str]) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", one["version"])))


def _told(one: dict[str, str]) -> str:
    return "no file" if one["file"] == _NONE else f"one with the checksum {one['file']}"
