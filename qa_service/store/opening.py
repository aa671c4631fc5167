"""Which catalogue the settings name."""

from __future__ import annotations

from qa_service.config import Settings
from qa_service.errors import ConfigError, Unavailable
from qa_service.store import copying
from qa_service.store.catalog import Catalog
from qa_service.store.sqlite_catalog import SqliteCatalog


def open_catalog(settings: Settings, *, unfinished: bool = False) -> Catalog:
    """Open the catalogue that the settings name, making or migrating it as needed.

    Parameters:
        unfinished: also one into which another is being copied.

    Errors:
        Unavailable: it cannot be used now, or is an unfinished copy. Incompatible: a newer version of the service made
        it. Damaged: it cannot be read.
    """
    catalog = _opened(settings)
    if unfinished:
        return catalog
    try:
        with catalog.read() as connection:
            mark = copying.read_mark(connection)
        if mark is not None:
            raise Unavailable(
                "this is an unfinished migration, of which something may be missing",
                field=catalog.where,
                remedy="run the same `qa-service migrate` again, which goes on where it was; until then go on with"
                " what it was copied from",
            )
    except BaseException:
        catalog.close()
        raise
    return catalog


def _opened(settings: Settings) -> Catalog:
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
