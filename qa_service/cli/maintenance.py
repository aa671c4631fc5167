"""`qa-service check` and `qa-service compact`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from qa_service.cli.options import current_settings, data_option, open_engine
from qa_service.cli.output import json_text, printable, table

if TYPE_CHECKING:
    from qa_service.index.manifest import LegEntry
    from qa_service.maintenance import Recall

_QUERIES = 200


@click.command()
@data_option
@click.option("--recall", is_flag=True, help="Measure instead how much of an exact search the vector indexes find.")
@click.option("--collection", metavar="NAME", help="With --recall: measure this collection only.")
@click.option(
    "--queries",
    type=click.IntRange(1, 10_000),
    default=_QUERIES,
    show_default=True,
    help="With --recall: how many made questions to measure with.",
)
@click.option("--json", "as_json", is_flag=True, help="With --recall: print JSON.")
def check(*, recall: bool, collection: str | None, queries: int, as_json: bool) -> int:
    """Verify every checksum and index of the data directory; exit code 1 when something is wrong.

    With --recall, measure the share of the ten nearest vectors that each index finds, and record it; exit code 1 when
    one finds less than 99 in a hundred.
    """
    if not recall and (collection is not None or as_json):
        raise click.UsageError("--collection and --json go with --recall")
    with open_engine(current_settings(), recover=False) as engine:
        if recall:
            return _show(engine.measure_recall(collection, queries), as_json=as_json)
        problems = engine.check()
    for problem in problems:
        click.echo(printable(problem))
    click.echo(f"{len(problems)} problem{'' if len(problems) == 1 else 's'} found" if problems else "all is well")
    return 1 if problems else 0


def _show(found: Sequence[Recall], *, as_json: bool) -> int:
    if as_json:
        click.echo(
            json_text([{"collection": one.collection, "vectors_of": one.kind, **asdict(one.leg)} for one in found])
        )
    else:
        header = ("collection", "of", "vectors", "index", "lists", "searched at most", "recall@10", "queries")
        rows = [(one.collection, one.kind, *_cells(one.leg)) for one in found]
        click.echo(table(header, rows))
    return 1 if any(one.missed for one in found) else 0


def _cells(leg: LegEntry) -> tuple[object, ...]:
    recall = "-" if leg.recall is None else f"{leg.recall:.4f}"
    return leg.vectors, leg.kind, leg.lists or None, leg.probes or None, recall, leg.queries or None


@click.command()
@data_option
@click.option("--erase", is_flag=True, help="Leave nothing of what was deleted or replaced in any file.")
def compact(*, erase: bool) -> None:
    """Fold what was added and deleted into new indexes now, which a server does by itself as it becomes worth it.

    With --erase, texts, words and vectors of what was deleted or replaced before are in no file of the data directory
    when this ends. It writes most files anew and needs room for them. Others may ask and ingest meanwhile; a server
    lets go of the old files, which have no names any more, within about a minute. What a rebuild with another model has
    made and is not in use yet is removed too; while one runs, erasing is refused.
    """
    started = time.monotonic()
    with open_engine(current_settings(), asking=False) as engine:
        engine.compact_everything(erase=erase)
    click.echo(f"{'erased' if erase else 'compacted'} in {time.monotonic() - started:.1f} s")
