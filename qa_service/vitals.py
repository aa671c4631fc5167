"""What the service can tell of itself at any moment: its queue, its memory of questions, its collections and jobs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from embeddings.encoder import Encoder
from embeddings.question_cache import CachingEncoder
from qa_service.index.snapshot import Published
from qa_service.store import collections, jobs
from qa_service.store.catalog import Catalog
from qa_service.types import JobState


@dataclass(frozen=True, slots=True)
class CollectionVitals:
    """A collection's size, the age of the generation that is served, and for how long writes do not show in it yet."""

    name: str
    articles: int
    passages: int
    generation_age_s: float | None
    lag_s: float


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is seen at one moment.

    Attributes:
        waiting: questions that wait for their turn.
        cached: questions whose vectors were known, and that were not, since the start; None without such a memory.
        logged: questions that were written to the question log, and that were dropped; None without a log.
        batches: `batches[n]` of the encoder's calls had n questions, the last as many or more; None if not counted.
        free_bytes: room on the disk of the data directory; None when it cannot be told.
    """

    waiting: int = 0
    cached: tuple[int, int] | None = None
    logged: tuple[int, int] | None = None
    batches: tuple[int, ...] | None = None
    collections: tuple[CollectionVitals, ...] = ()
    jobs: Mapping[JobState, int] = field(default_factory=dict)
    oldest_job_s: float = 0.0
    free_bytes: int | None = None


def read_vitals(
    catalog: Catalog, encoder: Encoder, waiting: int, served: Mapping[int, Published], lag: Mapping[str, float]
) -> Vitals:
    """Look at everything.

    Parameters:
        waiting: questions that wait for their turn.
        served: the manifests of the open snapshots, by their collections' rows.
        lag: for how many seconds collections have been behind, by name.
    """
    now = datetime.now(UTC)
    with catalog.read() as connection:
        found = collections.every(connection)
        states = jobs.by_state(connection)
        oldest = jobs.oldest_unfinished(connection)
    counted = encoder if isinstance(encoder, CachingEncoder) else None
    return Vitals(
        waiting=waiting,
        cached=counted.cache_counts() if counted else None,
        batches=counted.joined_counts().sizes if counted else None,
        collections=tuple(
            CollectionVitals(
                one.name,
                one.articles,
                one.passages,
                _age(served[one.row].created_at, now) if one.row in served else None,
                lag.get(one.name, 0.0),
            )
            for one in found
        ),
        jobs=states,
        oldest_job_s=_age(oldest, now) if oldest else 0.0,
        free_bytes=_free(catalog),
    )


def _age(made_at: str, now: datetime) -> float:
    """Give the seconds since a time; none when the clock was set back."""
    return max(0.0, (now - datetime.fromisoformat(made_at)).total_seconds())


def _free(catalog: Catalog) -> int | None:
    try:
        return shutil.disk_usage(catalog.data_dir).free
    except OSError:
        return None
