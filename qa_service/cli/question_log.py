"""What was asked, from the question log: `qa-service questions` list, export, erase."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa_service.cli.files import check_writable, write_json_lines
from qa_service.cli.options import current_settings, data_option
from qa_service.cli.output import json_line, json_text, printable, shorten, table
from qa_service.errors import BadInput

if TYPE_CHECKING:
    from qa_service.asked import QuestionGroup
    from qa_service.config import Settings
    from qa_service.store.question_log import QuestionLog

_DAY_S = 86_400
_SHOWN_CHARS = 60
_EMPTY = "no question is noted (QA_QUESTION_LOG=true notes what a server is asked)"

_any_collection = click.option("--collection", metavar="NAME", help="Only what was asked of it.  [default: of any]")
_only_unanswered = click.option("--unanswered", is_flag=True, help="Only what the articles did not answer.")


@contextmanager
def open_question_log(settings: Settings) -> Iterator[QuestionLog | None]:
    """Open the question log; None when there is none."""
    from qa_service.store.question_log import NAME, QuestionLog  # noqa: PLC0415

    if not (settings.data_dir / NAME).exists():
        yield None
        return
    with closing(QuestionLog(settings.data_dir)) as log:
        yield log


@click.command("list")
@_any_collection
@_only_unanswered
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def list_questions(collection: str | None, unanswered: bool, limit: int, as_json: bool) -> None:
    """Show what was asked: first what the articles do not answer, the most often asked first.

    Questions count as one that differ in case, script, width, spaces or end marks at most. "answered" is of the last
    time; after what was not answered comes what was judged not to help. A log is kept with QA_QUESTION_LOG=true.
    """
    found = _groups(collection, unanswered, limit)
    if as_json:
        click.echo(json_text([_as_dict(one) for one in found]))
    elif not found:
        click.echo(_EMPTY if not (collection or unanswered) else "no such question is noted")
    else:
        header = (
            "question",
            "collection",
            "asked",
            "unanswered",
            "answered",
            "confidence",
            "helps",
            "does not",
            "last",
        )
        click.echo(table(header, [_row(one) for one in found]))


@click.command()
@_any_collection
@_only_unanswered
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE.  [default: stdout]"
)
@data_option
def export(collection: str | None, unanswered: bool, output: Path | None) -> None:
    """Write all that was asked as JSON Lines, in the order of `list`, with what people said of the answers.

    With --unanswered, once you have taken out what the articles do answer, the file suits `calibrate --unanswerable`.
    """
    if output:
        check_writable(output)
    found = [_as_dict(one) for one in _groups(collection, unanswered, None)]
    if output:
        write_json_lines(output, found)
        click.echo(f"{len(found):,} questions written to {printable(str(output))}", err=True)
    else:
        for one in found:
            click.echo(json_line(one))


@click.command()
@click.option("--all", "everything", is_flag=True, help="Everything.")
@click.option("--collection", metavar="NAME", help="What was asked of this collection.")
@click.option("--question", metavar="TEXT", help="This question, however it was written.")
@click.option("--id", "question_id", metavar="ID", help="The question of this question_id.")
@click.option("--older-than", metavar="DAYS", type=click.FloatRange(0), help="What was asked longer ago.")
@click.option("--yes", is_flag=True, help="With --all: erase without asking; off a terminal nothing is asked.")
@data_option
def erase(
    everything: bool,
    collection: str | None,
    question: str | None,
    question_id: str | None,
    older_than: float | None,
    yes: bool,
) -> None:
    """Erase questions, with what was said of the answers, for good: no byte of them stays in the file.

    Several options erase what all of them hold for. May be used while the service runs.
    """
    narrowed = any(given is not None for given in (collection, question, question_id, older_than))
    if everything == narrowed:
        problem = "goes with no other option" if narrowed else "what to erase is not said"
        remedy = "give one or more of --collection, --question, --id and --older-than, or --all"
        raise BadInput(problem, field="--all", remedy=remedy)
    before = None if older_than is None else time.time() - older_than * _DAY_S
    with open_question_log(current_settings()) as log:
        if log is None:
            click.echo(_EMPTY)
            return
        if everything and not yes and sys.stdin.isatty():
            click.confirm("Erase every question of the log?", abort=True)
        count = log.erase(collection=collection, before=before, question=question, question_id=question_id)
    click.echo(f"{count:,} question{'' if count == 1 else 's'} erased")


def _groups(collection: str | None, unanswered: bool, limit: int | None) -> list[QuestionGroup]:
    from qa_service.store.question_groups import groups  # noqa: PLC0415

    with open_question_log(current_settings()) as log:
        return groups(log, collection, unanswered=unanswered, limit=limit) if log else []


def _row(one: QuestionGroup) -> tuple[object, ...]:
    answered = "-" if one.answerable is None else "yes" if one.answerable else "no"
    confidence = "-" if one.confidence is None else f"{one.confidence:.2f}"
    return (
        *(shorten(one.question, _SHOWN_CHARS), one.collection, one.asked, one.unanswered, answered, confidence),
        *(one.helpful, one.unhelpful, _moment(one.last_at)),
    )


def _as_dict(one: QuestionGroup) -> dict[str, object]:
    return {
        "question": one.question,
        "collection": one.collection,
        "asked": one.asked,
        "unanswered": one.unanswered,
        "answerable": one.answerable,
        "confidence": one.confidence,
        "helpful": one.helpful,
        "unhelpful": one.unhelpful,
        "comments": list(one.comments),
        "first_asked_at": _moment(one.first_at),
        "last_asked_at": _moment(one.last_at),
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
