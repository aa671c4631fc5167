"""Which catalogue the settings name."""

from __future__ import annotations

from qa_service.config import Settings
from qa_service.store.catalog import Catalog
from qa_service.store.sqlite_catalog import SqliteCatalog


def open_catalog(settings: Settings) -> Catalog:
    """Open the catalogue that the settings name, making or migrating it as needed.

    Errors:
        Unavailable: it cannot be used now. Incompatible: a newer version of the service made it. Damaged: it cannot be
        read.
    """
    return SqliteCatalog(settings.data_dir)
