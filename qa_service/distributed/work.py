"""What runs in Ray's processes: reading, and all that comes between an article's bytes and its vectors."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from qa_service.blocks import encode_blocks
from qa_service.config import Settings
from qa_service.distributed.board import Change, Marks
from qa_service.distributed.known import Known
from qa_service.drafting import Draft, Prepared, check_submission, identify, process
from qa_service.errors import BadInput, Incompatible, QAError, Unavailable
from qa_service.readers import FoundFile, Listing, Source
from qa_service.recent_vectors import RecentVectors
from qa_service.store.articles import attributes_hash
from qa_service.types import Outcome, Submission

CHUNK_ARTICLES = 32
CHUNK_BYTES = 64 * 1024
"""What one call of a worker takes: a second or two of its work, so that little is done again when it dies, and enough
texts for batches of equal length."""
COLUMN = "data"


@dataclass(frozen=True, slots=True)
class Order:
    """How a load is to be done.

    Attributes:
        settings: those of who ordered it, without secrets.
        fingerprint, pipeline: of the encoder and of the processing; whoever has others must not take part.
        threads: with which each worker computes.
        max_file_bytes: an article file larger than this is rejected unread.
    """

    settings: Settings
    fingerprint: str
    pipeline: str
    threads: int
    max_file_bytes: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some articles in a row, and what could not be read before the last of them."""

    submissions: tuple[Submission, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A chunk after its work; `failure` is why there is none. Raised, it would come back as a text."""

    prepared: tuple[Prepared, ...]
    unreadable: tuple[str, ...]
    failure: QAError | None = None


def read_chunks(files: Sequence[FoundFile], max_file_bytes: int) -> Iterator[Chunk]:
    """Read files in chunks of bounded size; an article larger than that is a chunk of its own."""
    source = Source(Listing(tuple(files), (), ()), max_file_bytes)
    chunk: list[Submission] = []
    size = told = 0
    for submission in source:
        chunk.append(submission)
        size += len(submission.content)
        if len(chunk) >= CHUNK_ARTICLES or size >= CHUNK_BYTES:
            yield Chunk(tuple(chunk), tuple(source.unreadable[told:]))
            chunk, size, told = [], 0, len(source.unreadable)
    if chunk or len(source.unreadable) > told:
        yield Chunk(tuple(chunk), tuple(source.unreadable[told:]))


class Reading:
    """The stage that reads; called with a table whose cells are pickled lists of files."""

    def __init__(self, max_file_bytes: int) -> None:
        self._max_file_bytes = max_file_bytes

    def __call__(self, table: Any) -> Iterator[Any]:
        """Yield a table for each chunk."""
        for cell in table[COLUMN]:
            yield from map(packed, read_chunks(pickle.loads(cell.as_py()), self._max_file_bytes))  # noqa: S301


class Working:
    """The stage that decodes, extracts, repairs, splits, cuts and encodes, in a process that keeps an encoder.

    Parameters:
        known: what the catalogue had when the load began.
        changes: tells what was learnt of furniture after the first so many changes.
    """

    def __init__(self, order: Order, known: Callable[[], Known], changes: Callable[[int], list[Change]]) -> None:
        self._make = partial(Worker, order, known, changes)
        self._worker: Worker | None = None

    def __call__(self, table: Any) -> Iterator[Any]:
        """Yield a table for each cell, a pickled `Chunk`, with a pickled `Done` in it."""
        for cell in table[COLUMN]:
            chunk: Chunk = pickle.loads(cell.as_py())  # noqa: S301
            try:
                self._worker = self._worker or self._make()
                done = Done(self._worker.prepare(chunk.submissions), chunk.unreadable)
            except QAError as error:
                done = Done((), chunk.unreadable, error)
            except Exception as error:
                problem = Unavailable(f"a worker failed: {type(error).__name__}: {error}", field="--engine ray")
                done = Done((), chunk.unreadable, problem)
            yield packed(done)


class Worker:
    """Prepares articles; see `Working`.

    Errors:
        Incompatible: its model or version is not that of who ordered the load. QAError: see `assembly`.
    """

    def __init__(self, order: Order, known: Callable[[], Known], changes: Callable[[int], list[Change]]) -> None:
        os.environ["OMP_NUM_THREADS"] = str(order.threads)
        from qa_service import assembly, ingest  # noqa: PLC0415

        settings = order.settings
        self._encoder, tokenizer, _ = assembly.load_parts(settings, None, asking=False)
        pipeline = assembly.versions(self._encoder, tokenizer, settings).pipeline
        if (self._encoder.fingerprint, pipeline) != (order.fingerprint, order.pipeline):
            raise Incompatible(
                "a worker's model or version is not that of the command",
                field="--engine ray",
                remedy="install the same version and model on every node",
            )
        repair = assembly.repairer(settings)
        self._processing = ingest.processing(
            self._encoder, tokenizer, settings.max_article_chars, repair, order.pipeline
        )
        self._known = known()
        self._changes = changes
        self._marks = Marks()
        self._recent = RecentVectors()

    def prepare(self, submissions: Sequence[Submission]) -> tuple[Prepared, ...]:
        """Process articles and encode their blocks, as far as the catalogue seems to have neither."""
        self._marks.follow(self._changes(self._marks.seen))
        drafts = [self._draft(submission) for submission in submissions]
        wanted = {
            passage.block_hash: passage.texts
            for draft in drafts
            if draft is not None
            for passage in draft.passages
            if passage.texts and not self._known.has_block(passage.block_hash)
        }
        vectors = encode_blocks(wanted, self._encoder, self._recent, {})
        return tuple(
            Prepared(submission, draft and replace(draft, vectors=_own(draft, vectors)))
            for submission, draft in zip(submissions, drafts, strict=True)
        )

    def _draft(self, submission: Submission) -> Draft | None:
        article_id, sha256 = identify(submission)
        try:
            check_submission(article_id, submission)
            attributes = attributes_hash(submission)
            if self._known.has_article(article_id, sha256, attributes, self._processing.pipeline):
                return None
            return process(self._processing, article_id, submission, sha256, attributes, self._marks.among)
        except BadInput as error:
            return Draft(article_id, Outcome(article_id, "rejected", str(error)))


def packed(value: object) -> Any:
    """Put a value into a table of one cell."""
    import pyarrow as pa  # noqa: PLC0415

    return pa.table({COLUMN: pa.array([pickle.dumps(value, pickle.HIGHEST_PROTOCOL)], pa.large_binary())})


def _own(draft: Draft, vectors: dict[bytes, Any]) -> dict[bytes, Any]:
    hashes = (passage.block_hash for passage in draft.passages)
    return {block_hash: vectors[block_hash] for block_hash in hashes if block_hash in vectors}


def from_store(reference: list[Any]) -> Known:
    """Fetch what is known; the reference is wrapped, so that it is fetched by each process and not sent along."""
    import ray  # noqa: PLC0415

    found: Known = ray.get(reference[0])
    return found


def from_board(board: Any, seen: int) -> list[Change]:
    """Ask the board; without it, which may have died, what was learnt is seen to by who writes."""
    import ray  # noqa: PLC0415

    changes: list[Change] = []
    with contextlib.suppress(ray.exceptions.RayError):
        changes = ray.get(board.since.remote(seen))
    return changes


def working(order: Order, reference: list[Any], board: Any) -> dict[str, Any]:
    """Give what a worker is made with."""
    return {"order": order, "known": partial(from_store, reference), "changes": partial(from_board, board)}
