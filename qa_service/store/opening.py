"""Which catalogue the settings name."""

from __future__ import annotations

from qa_service.config import Settings
from qa_service.errors import ConfigError
from qa_service.store.catalog import Catalog
from qa_service.store.sqlite_catalog import SqliteCatalog


def open_catalog(settings: Settings) -> Catalog:
    """Open the catalogue that the settings name, making or migrating it as needed.

    Errors:
        Unavailable: it cannot be used now. Incompatible: a newer version of the service made it. Damaged: it cannot be
        read.
    """
    if settings.catalog is None:
        return SqliteCatalog(settings.data_dir)
    try:
        from qa_service.store.postgres.catalog import PostgresCatalog  # noqa: PLC0415 - psycopg is an extra
    except ImportError as error:
        raise ConfigError(
            f"it needs psycopg, which cannot be imported: {error}",
            field="QA_CATALOG",
            remedy="pip install 'qa-service[postgres]'",
        ) from error
    return PostgresCatalog(settings.catalog.get_secret_value(), settings.data_dir, settings.catalog_connections)
