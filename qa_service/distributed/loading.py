"""A load with Ray: files become prepared articles on workers, for the one process that has the catalogue."""

from __future__ import annotations

import contextlib
import os
import pickle
import warnings
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from qa_service.config import SECRET_SETTINGS, Settings
from qa_service.distributed.board import Board
from qa_service.distributed.failing import explained
from qa_service.distributed.known import read_known
from qa_service.distributed.work import CHUNK_ARTICLES, COLUMN, Done, Order, Reading, Working, packed, working
from qa_service.drafting import Prepared
from qa_service.engine import Engine
from qa_service.errors import BadInput
from qa_service.learning import Mark
from qa_service.readers import FoundFile, Listing, Source
from qa_service.readers.places import RemotePath
from qa_service.store import collections, furniture
from qa_service.types import Submission

TRIES = 3
"""How often a chunk is tried again when the process that works on it dies."""
LOOK_EVERY = 256
"""Articles after which the workers are told what was learnt of furniture meanwhile."""
_READ_AT_A_TIME = 2


class Loading:
    """The articles of a listing, prepared by workers, in the order of the files; to be gone through once.

    Parameters:
        ray: the module, connected.
        engine: has the catalogue that they are for.
        workers: how many processes encode.
        max_file_bytes: an article file larger than this is rejected unread.

    Attributes:
        unreadable: as in `Source`.
    """

    def __init__(
        self, ray: Any, engine: Engine, listing: Listing, collection: str, workers: int, max_file_bytes: int
    ) -> None:
        self._ray = ray
        self._engine = engine
        self._listing = listing
        self._collection = collection
        self._workers = workers
        secrets = {name: Settings.model_fields[name].get_default() for name in SECRET_SETTINGS}
        self._order = Order(
            engine.settings.model_copy(update=secrets),
            engine.encoder.fingerprint,
            engine.generations.versions.pipeline,
            threads=max(1, usable_cores() // workers),
            max_file_bytes=max_file_bytes,
        )
        self._told: frozenset[Mark] = frozenset()
        self.unreadable: list[str] = list(listing.unreadable)
        _refuse_memory(listing)

    def total(self) -> int | None:
        """Count the articles ahead, or give None when only reading them would tell."""
        return Source(self._listing).total()

    def __iter__(self) -> Iterator[Submission | Prepared]:
        """Yield every article; work goes on ahead of who takes them, within the bounds of Ray's shared memory.

        Errors:
            Unavailable: workers died again and again, or Ray ended. QAError: what a worker refused to do.
        """
        yield from self._listing.refused
        with explained(self._ray):
            yield from self._prepared()

    def _prepared(self) -> Generator[Prepared, None, None]:
        self._told = self._learnt()
        board = self._ray.remote(num_cpus=0)(Board).remote(self._told)
        tables = self._dataset(board).iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1)
        count = 0
        for table in tables:
            for cell in table[COLUMN]:
                done: Done = pickle.loads(cell.as_py())  # noqa: S301 - made by our own workers
                self.unreadable.extend(done.unreadable)
                if done.failure is not None:
                    raise done.failure
                yield from done.prepared
                before, count = count, count + len(done.prepared)
                if count // LOOK_EVERY > before // LOOK_EVERY:
                    self._tell(board)

    def _dataset(self, board: Any) -> Any:
        from ray.data import DataContext, from_items  # noqa: PLC0415

        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        context.target_max_block_size = 1  # each chunk by itself, as soon as it is read
        known = self._ray.put(read_known(self._engine.catalog, self._collection))
        groups = [packed(group)[COLUMN][0].as_py() for group in _groups(self._listing.files)]
        files = from_items([{COLUMN: group} for group in groups], override_num_blocks=min(len(groups), 1000))
        with _retries_allowed():
            return self._stages(files, working(self._order, [known], board))

    def _stages(self, files: Any, made_with: dict[str, Any]) -> Any:
        from ray.data import ActorPoolStrategy, TaskPoolStrategy  # noqa: PLC0415

        chunks = files.map_batches(
            Reading(self._order.max_file_bytes).__call__,
            batch_size=1,
            batch_format="pyarrow",
            compute=TaskPoolStrategy(_READ_AT_A_TIME),
            num_cpus=1 / _READ_AT_A_TIME,
            max_retries=TRIES,
            **self._reading_place(),
        )
        return chunks.map_batches(
            Working,
            fn_constructor_kwargs=made_with,
            batch_size=1,
            batch_format="pyarrow",
            # Where a cluster has not so many processors free, fewer workers begin.
            compute=ActorPoolStrategy(
                min_size=1, max_size=self._workers, initial_size=self._workers, max_tasks_in_flight_per_actor=2
            ),
            num_cpus=1,
            max_task_retries=TRIES,
        )

    def _reading_place(self) -> dict[str, Any]:
        """Have files of this machine read on this machine."""
        if all(isinstance(file.path, RemotePath) for file in self._listing.files):
            return {}
        return {"label_selector": {"ray.io/node-id": self._ray.get_runtime_context().get_node_id()}}

    def _learnt(self) -> frozenset[Mark]:
        with self._engine.catalog.read() as connection:
            found = collections.find(connection, self._collection)
            return frozenset(furniture.learnt(connection, found.row) if found else ())

    def _tell(self, board: Any) -> None:
        now = self._learnt()
        if now != self._told:
            board.tell.remote(now - self._told, self._told - now)
            self._told = now


@contextlib.contextmanager
def _retries_allowed() -> Iterator[None]:
    """Let numbers of retries be given as Ray up to 2.63 has them.

    It says that they will be gone, but has no named parameters for them yet; and without them a chunk that kills its
    worker is tried for ever.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        yield


def usable_cores() -> int:
    """Count the processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _groups(files: Sequence[FoundFile]) -> Iterator[list[FoundFile]]:
    """Put small files together, and each file of rows by itself."""
    group: list[FoundFile] = []
    for file in files:
        if file.kind != "article":
            if group:
                yield group
            yield [file]
            group = []
            continue
        group.append(file)
        if len(group) == CHUNK_ARTICLES:
            yield group
            group = []
    if group:
        yield group


def _refuse_memory(listing: Listing) -> None:
    for file in listing.files:
        if isinstance(file.path, RemotePath) and file.path.scheme == "memory":
            raise BadInput(
                "is in the memory of this process, where workers cannot read it",
                field=str(file.path),
                remedy="leave out --engine ray",
            )
