"""The options that a question has, whatever is done with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, get_args

import click

from qa_service.cli.filters import read_filters
from qa_service.cli.options import collection_option
from qa_service.types import Ask, Freshness, TextForm, Turn

_OPTIONS = (
    collection_option,
    click.option(
        "--top-k", type=click.IntRange(1, 50), default=5, show_default=True, help="How many passages to show."
    ),
    click.option(
        "--text-form", type=click.Choice(get_args(TextForm)), help="Show texts as in the original, or repaired."
    ),
    click.option(
        "--filters", metavar="JSON", help="Search only articles that this filter of /v1/ask admits; or @FILE."
    ),
    click.option(
        "--freshness",
        metavar="DAYS",
        type=click.FloatRange(0, 36_500, min_open=True),
        help="Prefer newer passages: this many days older means half the bonus.",
    ),
    click.option(
        "--after",
        metavar="QUESTION",
        multiple=True,
        help="A question asked before, which QUESTION follows up; several in their order.",
    ),
)


def question_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the argument QUESTION and its options to a command, which is given them as one `asked`.

    Errors:
        BadInput: the filter is none.
    """

    @wraps(command)
    def given(
        question: str,
        collection: str,
        top_k: int,
        text_form: TextForm | None,
        filters: str | None,
        freshness: float | None,
        after: tuple[str, ...],
        **others: Any,
    ) -> None:
        tree = None if filters is None else read_filters(filters)
        if freshness is not None and math.isnan(freshness):
            raise click.BadParameter("it is not a number of days.", param_hint="--freshness")
        asked = Ask(
            question,
            collection=collection,
            top_k=top_k,
            text_form=text_form,
            filters=tree,
            freshness=None if freshness is None else Freshness(freshness),
            history=tuple(Turn("user", earlier) for earlier in after),
        )
        command(asked, **others)

    for option in reversed(_OPTIONS):
        given = option(given)
    return click.argument("question")(given)
