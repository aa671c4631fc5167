"""Changes to collections as a whole, and to the queue of jobs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from qa_service.index.indexes import Indexes
from qa_service.names import DEFAULT_COLLECTION, check_collection
from qa_service.store import collections, jobs
from qa_service.store.catalog import Catalog
from qa_service.types import Submission


def create(catalog: Catalog, generations: Indexes, name: str) -> bool:
    """Make an empty collection and publish it; False when it exists already.

    Errors:
        BadInput: the name is malformed. Incompatible: the other indexes were made with other settings.
    """
    check_collection(name)
    with catalog.writer_lock():
        with catalog.read() as connection:
            if collections.find(connection, name) is not None:
                return False
        generations.ensure_writable(None)
        with catalog.write() as tx:
            made = collections.make(tx, name, _now())
        generations.publish_delta(made)
    return True


def delete(catalog: Catalog, generations: Indexes, name: str) -> None:
    """Delete a collection with its articles, jobs and indexes; `default` is made anew.

    Errors:
        BadInput: the name is malformed. NotFound: there is none.
    """
    with catalog.writer_lock():
        with catalog.write() as tx:
            found = collections.get(tx.connection, name)
            collections.erase(tx, found.row)
            jobs.cancel(tx, name, _now())
            made = collections.make(tx, name, _now()) if name == DEFAULT_COLLECTION else None
        generations.erase(found.row)
        if made is not None:
            generations.publish_delta(made)


def queue(catalog: Catalog, submissions: Sequence[Submission], collection: str) -> str:
    """Queue articles as a durable job; return its id.

    Errors:
        BadInput: the collection's name is malformed.
    """
    check_collection(collection)
    job_id = secrets.token_hex(16)
    with catalog.writer_lock(), catalog.write() as tx:
        jobs.insert(tx, job_id, collection, submissions, _now())
    return job_id


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
