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
        "--min-confidence",
        metavar="P",
        type=click.FloatRange(0, 1),
        help="Confidence (0 to 1) from which the question counts as answered.  [default: $QA_MIN_CONFIDENCE]",
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
        min_confidence: float | None,
        after: tuple[str, ...],
        **others: Any,
    ) -> None:
        tree = None if filters is None else read_filters(filters)
        _refuse_nan(freshness, "--freshness", "a number of days")
        _refuse_nan(min_confidence, "--min-confidence", "a number from 0 to 1")
        asked = Ask(
            question,
            collection=collection,
            top_k=top_k,
            min_confidence=min_confidence,
            text_form=text_form,
            filters=tree,
            freshness=None if freshness is None else Freshness(freshness),
            history=tuple(Turn("user", earlier) for earlier in after),
        )
        command(asked, **others)

    for option in reversed(_OPTIONS):
        given = option(given)
    return click.argument("question")(given)


def _refuse_nan(value: float | None, option: str, expected: str) -> None:
    """Refuse what click's ranges let pass."""
    if value is not None and math.isnan(value):
        raise click.BadParameter(f"it is not {expected}.", param_hint=option)
