"""`qa-service ingest`."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

import click

from qa_service.cli.options import collection_option, current_settings, data_option, open_engine
from qa_service.cli.output import printable, warning_line
from qa_service.cli.progress import track
from qa_service.errors import BadInput
from qa_service.priority import lower_priority
from qa_service.readers import IdFrom, Listing, Source, list_files, place_of
from qa_service.readers.source import DEFAULT_MAX_FILE_BYTES
from qa_service.types import Outcome, OutcomeStatus

if TYPE_CHECKING:
    from qa_service.distributed.loading import Loading
    from qa_service.engine import Engine

MAX_BYTES_PER_CHAR = 4
_NO_CONTENT = hashlib.sha256(b"").hexdigest()


@dataclass(slots=True)
class Tally:
    """What became of the articles of one ingest."""

    counts: Counter[str] = field(default_factory=Counter)
    passages: int = 0
    encoded: int = 0
    ids: set[str] = field(default_factory=set)
    rejections: list[Outcome] = field(default_factory=list)
    remarks: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.counts[outcome.outcome] += 1
        self.ids.add(outcome.id)
        if outcome.outcome == "rejected":
            self.rejections.append(outcome)
        else:
            self.passages += outcome.passages
            self.encoded += outcome.passages if outcome.outcome != "unchanged" else 0
            if outcome.reason is not None:
                self.remarks.append(outcome)

    @property
    def taken(self) -> int:
        """How many articles are now in the collection."""
        return self.counts.total() - self.counts["rejected"]


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@collection_option
@click.option(
    "--id-from",
    type=click.Choice(get_args(IdFrom)),
    default="name",
    show_default=True,
    help="Whether a file's article is known by the file's name or by its path as given.",
)
@click.option("--prune", is_flag=True, help="Also delete the collection's articles that are no longer under PATH.")
@click.option(
    "--engine",
    type=click.Choice(["plain", "ray"]),
    default="plain",
    show_default=True,
    help="What reads, cuts and encodes: this process, or Ray's workers, on this machine or a cluster.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Workers of Ray.  [default: one for each processor]")
@click.option(
    "--ray-address",
    metavar="HOST:PORT",
    help="A Ray that runs, one of whose nodes is this machine; `auto` finds it.  [default: $RAY_ADDRESS, or one of its"
    " own]",
)
@data_option
def ingest(
    paths: tuple[str, ...],
    collection: str,
    id_from: IdFrom,
    prune: bool,
    engine: str,
    workers: int | None,
    ray_address: str | None,
) -> int:
    """Take the articles under each PATH, a file or a directory here or at an address such as s3://bucket/articles.

    A file (text, Markdown, HTML, PDF, DOCX, EPUB) is one article; so is each entry of a feed (.rss, .atom, .xml) and
    each row of a .jsonl, .json, .csv or .parquet file, with the fields id, title, text (or html, or content_base64 with
    content_type), url, published_at and metadata. Directories are read recursively; hidden files are skipped. Those at
    addresses are for object stores: http:// and https:// name single files, without the query that may sign them.
    Unchanged articles cost nothing.

    Exit code 0 when at least one article was taken, even if others were rejected (they are listed on stderr), 2 when
    none was.
    """
    settings = current_settings()
    if settings.background == "process":
        lower_priority()
    listing = list_files([place_of(path) for path in paths], id_from)
    tally = Tally()
    with contextlib.ExitStack() as stack:
        loader = _loader(stack, engine, workers, ray_address)
        opened = stack.enter_context(open_engine(settings, asking=False))
        max_bytes = max(DEFAULT_MAX_FILE_BYTES, MAX_BYTES_PER_CHAR * settings.max_article_chars)
        source = loader(opened, listing, collection, max_bytes)
        started = time.monotonic()
        for outcome in track(opened.ingest(source, collection), source.total(), "ingesting", "articles"):
            tally.add(outcome)
        _summarise(tally, time.monotonic() - started)
        if prune:
            _prune(opened, collection, source, tally)
    if tally.taken == 0:
        raise BadInput("no article was taken", remedy="see the reasons above" if tally.rejections else None)
    return 0


def _loader(
    stack: contextlib.ExitStack, engine: str, workers: int | None, ray_address: str | None
) -> Callable[[Engine, Listing, str, int], Source | Loading]:
    """Choose who reads and encodes, and have it started.

    Errors:
        ConfigError: Ray is not installed. BadInput: an option that only Ray takes. Unavailable: Ray does not start.
    """
    if engine == "ray":
        from qa_service.distributed.starting import loader  # noqa: PLC0415

        return stack.enter_context(loader(ray_address, workers))
    for name, value in (("--workers", workers), ("--ray-address", ray_address)):
        if value is not None:
            raise BadInput("is an option of Ray", field=name, remedy="add --engine ray")
    return lambda _engine, listing, _collection, max_bytes: Source(listing, max_bytes)


def _summarise(tally: Tally, seconds: float) -> None:
    for outcome in tally.rejections:
        # A row without an id has only its place, which its reason already names.
        name = "" if outcome.id == _NO_CONTENT else f"{outcome.id}: "
        warning_line(f"rejected {name}{outcome.reason}")
    for outcome in tally.remarks:
        warning_line(f"{outcome.id}: {outcome.reason}")
    kinds: tuple[OutcomeStatus, ...] = get_args(OutcomeStatus)
    click.echo(", ".join(f"{tally.counts[kind]:,} {kind}" for kind in kinds))
    speed = f", {tally.encoded / seconds:,.1f} new passages/s" if tally.encoded and seconds > 0 else ""
    click.echo(f"{tally.passages:,} passages, {tally.encoded:,} of them new, in {seconds:.1f} s{speed}")


def _prune(engine: Engine, collection: str, source: Source | Loading, tally: Tally) -> None:
    """Delete what is gone, but only when it is known to be gone.

    Errors:
        BadInput: something could not be read, or nothing was.
    """
    if source.unreadable:
        raise BadInput(
            f"nothing was deleted, since something could not be read: {source.unreadable[0]}",
            field="--prune",
            remedy="mend it and ingest again",
        )
    if tally.taken == 0:
        raise BadInput("nothing was deleted, since no article was taken", field="--prune")
    removed = engine.prune(collection, tally.ids)
    for article_id in removed:
        click.echo(f"pruned {printable(article_id)}")
    click.echo(f"{len(removed):,} pruned")
