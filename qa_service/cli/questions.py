"""`qa-service questions`: suggest, check, and what was asked: list, export, erase."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa_service.cli.files import check_writable, write_json_lines
from qa_service.cli.options import collection_option, current_settings, data_option, open_library
from qa_service.cli.output import printable
from qa_service.cli.question_log import erase, export, list_questions

if TYPE_CHECKING:
    from qa_service.evaluation.suggestions.suggesting import Suggestion

_PATH = click.Path(path_type=Path)
_MISSING = 1


@click.group()
@data_option
def questions() -> None:
    """Make a question file from your own articles, for `evaluate --format seeds`; see what people asked."""


questions.add_command(list_questions)
questions.add_command(export)
questions.add_command(erase)


@questions.command()
@collection_option
@click.option("--count", type=click.IntRange(1, 10_000), default=40, show_default=True, help="How many to propose.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which articles come first.")
@click.option("-o", "--output", type=_PATH, metavar="FILE", help="Write JSON Lines to FILE.  [default: stdout]")
@data_option
def suggest(collection: str, count: int, seed: int, output: Path | None) -> None:
    """Propose questions that the articles answer, by rules and without a language model.

    Keep those that a person would ask, correct the others or drop them: only a person makes a good set of them.
    Lines with ____ are no questions yet. On a terminal they are shown to be read; elsewhere they are JSON Lines.
    """
    from qa_service.evaluation.suggestions.suggesting import Suggester  # noqa: PLC0415 - loads a dictionary

    if output:
        check_writable(output)
    settings = current_settings()
    with open_library(settings) as library:
        found = Suggester(library, collection, settings.cache_dir).suggest(count, seed)
    if output:
        write_json_lines(output, [one.as_dict() for one in found])
    if output or sys.stdout.isatty():
        click.echo("\n".join(_readable(found)), err=False)
    else:
        for one in found:
            click.echo(json.dumps(one.as_dict(), ensure_ascii=False))
    if len(found) < count:
        click.echo(f"{len(found):,} of {count:,}: the articles give no more", err=True)


@questions.command()
@click.argument("path", metavar="FILE", type=_PATH)
@collection_option
@data_option
def check(path: Path, collection: str) -> None:
    """Report the questions of FILE whose articles or anchors are not in the collection; exit code 1 if any."""
    from qa_service.errors import NotFound  # noqa: PLC0415
    from qa_service.evaluation.seeds import read_questions  # noqa: PLC0415

    asked = read_questions(path)
    missing = 0
    with open_library(current_settings()) as library:
        library.articles(collection, 1)
        for question in asked:
            for anchor in question.anchors:
                try:
                    found = anchor.text in library.article(collection, anchor.article_id).text
                    problem = "the anchor does not stand in the article"
                except NotFound:
                    found, problem = False, "there is no such article"
                if not found:
                    missing += 1
                    click.echo(f"{question.place}: {problem}: {printable(anchor.article_id)}: {printable(anchor.text)}")
    click.echo(f"{len(asked):,} questions, {missing:,} anchors not found")
    if missing:
        click.get_current_context().exit(_MISSING)


def _readable(found: list[Suggestion]) -> Iterator[str]:
    article = None
    for one in found:
        if one.article_id != article:
            article = one.article_id
            yield f"\n{printable(article)}"
        yield f"  {printable(one.question)}"
        yield f"      {one.kind}: {printable(' '.join(one.answer.split())[:120])}"
