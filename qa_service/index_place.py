"""A catalogue has one index: whoever looks for it elsewhere is refused, and does not make another one there.

Two places at once would each take what the other has published for lost, and make it again in turns.
"""

from __future__ import annotations

from qa_service.config import Settings
from qa_service.errors import Incompatible
from qa_service.index.generation_dir import every_directory
from qa_service.index.indexes import Indexes
from qa_service.store import index_place
from qa_service.store.catalog import Catalog, WriteTransaction

LOCAL = "local"


def ensure(catalog: Catalog, settings: Settings, indexes: Indexes) -> None:
    """Make sure that the index of a catalogue is where the settings look for it; record that if nothing is.

    Errors:
        Incompatible: it is elsewhere. Unavailable: whether it is there cannot be found out now.
    """
    here = _named(settings)
    with catalog.read() as connection:
        known = index_place.read(connection)
    if known is None:
        if here == LOCAL and settings.catalog is None:
            return  # who stays on one machine has nothing to record
        if here != LOCAL and every_directory(catalog.root):
            raise _elsewhere(LOCAL, here)
        with catalog.writer_lock(), catalog.write() as tx:
            # Another may have been first.
            known = index_place.read(tx.connection)
            if known is None:
                record(tx, settings)
                return
    if known == here:
        return
    # One Milvus may have several names.
    if LOCAL in (known, here) or not indexes.are_there():
        raise _elsewhere(known, here)


def record(tx: WriteTransaction, settings: Settings) -> None:
    """Note that the index is where the settings name it from now on."""
    index_place.put(tx, _named(settings))


def _named(settings: Settings) -> str:
    return LOCAL if settings.milvus is None else str(settings.milvus)


def _elsewhere(known: str, here: str) -> Incompatible:
    remedy = "set QA_INDEX to that, or move the index with `qa-service migrate --to`"
    if LOCAL not in (known, here):
        remedy = (
            "set QA_INDEX to that; or, if it is gone, run `qa-service rebuild` with QA_INDEX as it is, which makes the"
            " index anew without encoding"
        )
    return Incompatible(
        f"the index of this catalogue is {'local' if known == LOCAL else f'in {known}'}, not {here}",
        field="QA_INDEX",
        remedy=remedy,
    )
