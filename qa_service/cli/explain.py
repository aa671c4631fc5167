"""`qa-service explain`."""

from __future__ import annotations

import click

from qa_service.cli.asking import question_options
from qa_service.cli.explanation_text import explanation_lines
from qa_service.cli.options import current_settings, data_option, open_engine
from qa_service.cli.output import json_text
from qa_service.explanation import Target, explanation_to_dict
from qa_service.types import Ask


@click.command()
@question_options
@click.option("--article", "article_id", metavar="ID", help="Explain this article's best passage.")
@click.option("--passage", "passage_id", metavar="ID", help="Explain this passage.")
@click.option("--json", "as_json", is_flag=True, help="Print what POST /v1/explain returns.")
@data_option
def explain(asked: Ask, article_id: str | None, passage_id: str | None, as_json: bool) -> None:
    """Tell why an article or a passage is among the results of QUESTION or is not.

    The rank and the score at every stage, beside those of the passage that came first. The other options are those of
    `ask`, and should be the same.
    """
    if (article_id is None) == (passage_id is None):
        raise click.UsageError("Give either --article or --passage.")
    with open_engine(current_settings()) as engine:
        explanation = engine.explain(asked, Target(article_id, passage_id))
    click.echo(json_text(explanation_to_dict(explanation)) if as_json else "\n".join(explanation_lines(explanation)))
