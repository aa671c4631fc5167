"""`qa-service articles`: list, show, delete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import click

from qa_service.audit import Audit
from qa_service.cli.options import collection_option, current_settings, data_option, open_engine, open_library
from qa_service.cli.output import printable, shorten, table
from qa_service.types import TextForm


@click.group()
@data_option
def articles() -> None:
    """List, show or delete articles."""


@articles.command("list")
@collection_option
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many to list.")
@click.option("--cursor", help="Where to go on, as the list before said.")
@data_option
def list_articles(collection: str, limit: int, cursor: str | None) -> None:
    """List the articles of a collection by id."""
    with open_library(current_settings()) as library:
        page = library.articles(collection, limit=limit, cursor=cursor)
    if not page.articles:
        click.echo("no articles")
        return
    rows = [
        (article.id, shorten(article.title or "", 40), article.published_at or "", article.characters, article.passages)
        for article in page.articles
    ]
    click.echo(table(("id", "title", "published", "characters", "passages"), rows))
    if page.next_cursor:
        click.echo(f"more: --cursor {printable(page.next_cursor)}")


@articles.command()
@click.argument("article_id", metavar="ID")
@collection_option
@click.option("--audit", is_flag=True, help="Show what was repaired for the search and what is left out of it.")
@click.option(
    "--text-form",
    type=click.Choice(get_args(TextForm)),
    default="original",
    show_default=True,
    help="Show the text as it is, or as the search sees it.",
)
@data_option
def show(article_id: str, collection: str, audit: bool, text_form: TextForm) -> None:
    """Show one article: what is known of it, its passages, and its text, or what was done to that."""
    with open_library(current_settings()) as library:
        detail = library.article(collection, article_id)
    summary = detail.summary
    facts = {
        "id": summary.id,
        "title": summary.title,
        "url": summary.url,
        "published": summary.published_at,
        "ingested": summary.ingested_at,
        "type": f"{summary.content_type}, {summary.encoding}",
        "sha256": summary.sha256,
        "characters": f"{summary.characters:,}",
        "passages": ", ".join(f"{passage.start}-{passage.end}" for passage in detail.passages),
        **{f"metadata {name}": str(value) for name, value in summary.metadata.items()},
    }
    for name, value in facts.items():
        if value:
            click.echo(f"{printable(name)}: {printable(value)}")
    click.echo()
    if audit:
        click.echo("\n".join(_audit_lines(detail.audit, detail.text)))
    else:
        from qa_service.text.edits import repaired_text  # noqa: PLC0415 - loads numpy

        text = repaired_text(detail.text, detail.edits) if text_form == "repaired" else detail.text
        click.echo(printable(text, newlines=True))


def _audit_lines(audit: Audit, text: str) -> Iterator[str]:
    for note in audit.notes:
        yield f"note: {printable(note)}"
    yield f"repairs: {len(audit.changes):,}"
    if audit.changes:
        rows = [
            (f"{c.start}-{c.end}", c.kind, shorten(c.before, 30), shorten(c.after, 30), c.reason) for c in audit.changes
        ]
        yield table(("characters", "kind", "original", "repaired", "why"), rows)
    yield f"left out of the search as page furniture: {len(audit.omitted):,}"
    if audit.omitted:
        left_out = [(f"{o.start}-{o.end}", o.reason, shorten(text[o.start : o.end], 60)) for o in audit.omitted]
        yield table(("characters", "why", "text"), left_out)


@articles.command()
@click.argument("article_ids", metavar="ID...", nargs=-1, required=True)
@collection_option
@data_option
def delete(article_ids: tuple[str, ...], collection: str) -> None:
    """Delete articles; they are in no answer from then on."""
    with open_engine(current_settings(), asking=False) as engine:
        for article_id in article_ids:
            engine.delete_article(collection, article_id)
            click.echo(f"deleted {printable(article_id)}")
