"""Putting a backup back: into an empty directory, or in the place of what a directory holds."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

from qa_service.backup.archive import ANOTHER, Contents, Member
from qa_service.backup.reading import Archive, naming, open_archive
from qa_service.errors import BadInput, Damaged, Incompatible, QAError, Unavailable
from qa_service.index.manifest import FORMAT as INDEX_FORMAT
from qa_service.store import catalog_file, directory_use, files, identity, successor, whereabouts
from qa_service.store.catalog import Connection
from qa_service.store.journal import CATALOG, CONTENT, KEYS
from qa_service.store.replacement import Replacement, prepare
from qa_service.store.schema import check_schema, newest_schema
from qa_service.store.sqlite_catalog import SqliteCatalog

logger = logging.getLogger(__name__)

_ROOM = 1.05
"""What a restore may need of its file system, as a multiple of what it writes: directories, and a migration."""


def restore(
    file: Path, data_dir: Path, *, replace: bool, keep_keys: bool, advance: Callable[[int, int], None]
) -> Contents:
    """Make a data directory hold what a backup holds.

    Everything is unpacked beside what is there, compared with its checksums and opened, which migrates an older
    catalogue, before anything is replaced; see `qa_service.store.replacement` for how that is done.

    Args:
        file: the backup.
        data_dir: made if need be; nobody else may use it meanwhile.
        replace: whether what it holds may be replaced.
        keep_keys: leave the directory's API keys as they are; so are they where the backup holds none.
        advance: told of the progress, in bytes done and of all.

    Errors:
        BadInput: `file` is no backup, or the directory holds something and `replace` is false.
        Damaged, Incompatible: the backup is damaged, or a newer version made it.
        Unavailable: the directory is in use, or cannot be written.
        In every case the directory holds what it did.
    """
    with open_archive(file) as archive:
        _check_versions(file, archive.contents)
        try:
            files.make_data_directory(data_dir)
            use = directory_use.alone(data_dir)
        except OSError as error:
            raise _unwritable(data_dir, error) from error
        try:
            _restore(archive, data_dir, replace, keep_keys, advance)
        except OSError as error:
            raise _unwritable(data_dir, error) from error
        finally:
            use.release()
        return archive.contents


def _restore(
    archive: Archive, data_dir: Path, replace: bool, keep_keys: bool, advance: Callable[[int, int], None]
) -> None:
    prepare(data_dir, catalog_file.opens, catalog_file.settle_log)
    if not replace and any((data_dir / name).exists() for name in CONTENT):
        raise BadInput(
            "the data directory is not empty",
            field=str(data_dir),
            remedy="name an empty one, or say --replace to replace what it holds",
        )
    _check_room(data_dir, archive.contents)
    replacement = Replacement(data_dir)
    try:
        replacement.begin()
        _unpack(archive, replacement.new, advance)
        with naming(archive.path):
            _try_out(replacement.new, archive.contents, _held_for(data_dir))
        if keep_keys:
            (replacement.new / KEYS).unlink(missing_ok=True)
        # Keys stay where the backup has none: one from before there were keys must not let everybody in.
        replacement.carry_out(catalog_file.opens, keep=(KEYS,))
        successor.remove(data_dir)
    finally:
        replacement.abandon()


def _check_versions(file: Path, contents: Contents) -> None:
    if contents.schema > newest_schema() or (contents.index_format or 0) > INDEX_FORMAT:
        raise Incompatible(
            f"version {contents.service} made the backup, whose formats this version does not know",
            field=str(file),
            remedy="install that version of qa-service, or a later one",
        )


def _unpack(archive: Archive, folder: Path, advance: Callable[[int, int], None]) -> None:
    total = archive.contents.size

    def write(member: Member, content: Iterator[bytes]) -> None:
        path = folder / member.name
        files.make_directory(path.parent)
        # Its name is one of those that a backup has, and the folder is new: nothing there could lead elsewhere.
        files.create(path, told(content), _mode(member))

    def told(content: Iterator[bytes]) -> Iterator[bytes]:
        for data in content:
            yield data
            advance(len(data), total)

    archive.walk(write)


def _mode(member: Member) -> int:
    return 0o600 if member.name == KEYS else 0o644


def _held_for(data_dir: Path) -> list[str]:
    """List the names under which Milvus holds something for the catalogue that is replaced."""
    path = data_dir / CATALOG
    if not path.exists():
        return []
    try:
        catalog_file.settle_log(data_dir)
        with catalog_file.unwritten(path) as connection:
            return identity.owned(cast(Connection, connection), whereabouts.of_file(path))
    except QAError as error:
        # It is replaced for a reason.
        logger.warning("what Milvus holds for the catalogue that is replaced, if it does, is left there: %s", error)
        return []


def _depart(catalog: SqliteCatalog, heir_to: list[str]) -> None:
    """Have the catalogue of a backup be none of what it was made of, which may be in use."""
    with catalog.read() as connection:
        is_known = identity.is_known(connection)
    if not is_known and not heir_to:
        return
    with catalog.writer_lock(), catalog.write() as tx:
        old = identity.depart(tx, heir_to)
    if old is not None and old not in heir_to:
        identity.tell_of_copy("what is restored", old)


def _try_out(folder: Path, contents: Contents, heir_to: list[str]) -> None:
    """Open what was unpacked as the service will, and compare it with what the manifest says.

    Args:
        heir_to: see `identity.depart`.

    Errors:
        Incompatible: a newer version made the catalogue. Damaged: it cannot be opened, or is of another backup.
    """
    check_schema(folder / CATALOG)
    with catalog_file.unwritten(folder / CATALOG) as connection:
        facts = catalog_file.read_facts(connection)
    if (facts.schema, facts.seq) != (contents.schema, contents.seq):
        raise Damaged("its catalogue is not the one its manifest describes", remedy=ANOTHER)
    with closing(SqliteCatalog(folder)) as catalog:
        _depart(catalog, heir_to)
    for side in ("-wal", "-shm"):
        if (folder / f"{CATALOG}{side}").exists():
            raise Unavailable("the catalogue that was unpacked is still open", field=str(folder), remedy="try again")


def _check_room(data_dir: Path, contents: Contents) -> None:
    needed, free = int(contents.size * _ROOM), shutil.disk_usage(data_dir).free
    if free < needed:
        raise Unavailable(
            f"the backup takes {needed:,} bytes, there are {free:,} free",
            field=str(data_dir),
            remedy="make room: what is there stays until what replaces it has opened",
        )


def _unwritable(data_dir: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"the data directory cannot be written: {error.strerror or error}",
        field=str(data_dir),
        remedy="make it writable, or name another with --data",
    )
