"""`qa-service evaluate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from qa_service.cli.evaluation_text import comparison_text, fallen_text, report_text
from qa_service.cli.files import check_writable, write_json_lines, write_text
from qa_service.cli.options import current_settings, data_option
from qa_service.cli.output import error_line, json_text, warning_line
from qa_service.cli.progress import track
from qa_service.errors import BadInput
from qa_service.evaluation.datasets import AnchorSet, Format, RankingSet, UnansweredQuestion

if TYPE_CHECKING:
    from qa_service.evaluation.gate import Baseline
    from qa_service.evaluation.report import Report

_PATH = click.Path(path_type=Path)
FELL = 1


@dataclass(frozen=True, slots=True)
class _Options:
    """What the command line asked for, under its own names."""

    path: Path
    layout: Format
    questions: Path | None
    articles: Path | None
    collection: str | None
    unanswerable: Path | None
    take_out: float | None
    seed: int
    limit_questions: int | None
    gate: Path | None
    tolerance: float
    per_question: Path | None
    save: Path | None
    html: Path | None
    as_json: bool


_OPTIONS = (
    click.option("--format", "layout", type=click.Choice(get_args(Format)), required=True, help="The set's layout."),
    click.option(
        "--questions", type=_PATH, metavar="FILE", help="squad: ask this file's questions, parallel by position."
    ),
    click.option(
        "--articles", type=_PATH, metavar="PATH", help="seeds: the articles.  [default: seeds beside or above FILE]"
    ),
    click.option(
        "--collection",
        metavar="NAME",
        help="seeds: ask this collection of the data directory as it is; nothing is ingested.",
    ),
    click.option(
        "--unanswerable",
        type=_PATH,
        metavar="FILE",
        help='Ask also what the set does not answer: JSON Lines of {"question", "kind"?}.',
    ),
    click.option(
        "--take-out",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        metavar="SHARE",
        help="Leave this share of the articles out and ask their questions all the same.",
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="Which articles --take-out takes."),
    click.option("--limit-questions", type=click.IntRange(min=1), metavar="N", help="Ask only the first N questions."),
    click.option(
        "--gate",
        type=_PATH,
        metavar="BASELINE",
        help="Fail (exit code 1) if a measure fell beyond noise since the run that saved BASELINE.",
    ),
    click.option(
        "--tolerance",
        type=click.FloatRange(min=0),
        default=0.002,
        show_default=True,
        help="--gate: a drop that does not matter.",
    ),
    click.option("--per-question", type=_PATH, metavar="FILE", help="Write one JSON line for each question."),
    click.option("--save", type=_PATH, metavar="FILE", help="Write the report as JSON, to be a later run's BASELINE."),
    click.option("--html", type=_PATH, metavar="FILE", help="Write the report as one HTML page with plots."),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options; the first of them is the first in the help."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("path", metavar="FILE|FOLDER", type=_PATH)
@_options
@data_option
def evaluate(**given: Any) -> None:
    """Measure retrieval, answers and confidences on a set, in a temporary data directory of its own.

    squad: every paragraph is an article, and the right one is looked for. beir: the same, for a folder with
    corpus.jsonl, queries.jsonl and qrels/test.tsv. seeds: JSON Lines of questions whose answers name an article and
    an anchor in it; the first passage must cover one. Every measure has a 95% interval, by bootstrap over articles.
    """
    options = _Options(**given)
    _check(options)
    dataset, unanswered = _load(options), _unanswered(options)
    baseline = _baseline(options, dataset)
    for path in (options.per_question, options.save, options.html):
        if path:
            check_writable(path)
    report = _run(options, dataset, unanswered)
    fell = _tell(options, report, baseline)
    if fell:
        click.get_current_context().exit(FELL)


def _check(options: _Options) -> None:
    if options.questions and options.layout != "squad":
        raise BadInput("goes only with --format squad", field="--questions")
    if options.articles and options.layout != "seeds":
        raise BadInput("goes only with --format seeds", field="--articles")
    if options.collection is None:
        return
    if options.layout != "seeds":
        raise BadInput("goes only with --format seeds", field="--collection")
    for name, value in (("--articles", options.articles), ("--take-out", options.take_out)):
        if value:
            raise BadInput("does not go with --collection, which is asked as it is", field=name)


def _load(options: _Options) -> RankingSet | AnchorSet:
    dataset = _whole(options)
    return dataset.first(options.limit_questions) if options.limit_questions else dataset


def _whole(options: _Options) -> RankingSet | AnchorSet:
    if options.layout == "squad":
        from qa_service.evaluation.squad import load_squad  # noqa: PLC0415

        return load_squad(options.path, options.questions)
    if options.layout == "beir":
        from qa_service.evaluation.beir import load_beir  # noqa: PLC0415

        return load_beir(options.path)
    from qa_service.evaluation.seeds import load_live, load_seeds  # noqa: PLC0415

    if options.collection is not None:
        return load_live(options.path, options.collection)
    return load_seeds(options.path, options.articles)


def _unanswered(options: _Options) -> tuple[UnansweredQuestion, ...]:
    if options.unanswerable is None:
        return ()
    from qa_service.evaluation.unanswered import load_unanswered  # noqa: PLC0415

    return load_unanswered(options.unanswerable)


def _baseline(options: _Options, dataset: RankingSet | AnchorSet) -> Baseline | None:
    """Read the baseline before the work, lest it be done for nothing."""
    if options.gate is None:
        return None
    from qa_service.evaluation.gate import check_comparable, load_baseline  # noqa: PLC0415
    from qa_service.evaluation.report import Conditions  # noqa: PLC0415

    baseline = load_baseline(options.gate)
    conditions = Conditions.of(dataset, options.take_out or 0.0, options.seed)
    check_comparable(baseline, conditions, ((question.id, question.text) for question in dataset.questions))
    return baseline


def _run(options: _Options, dataset: RankingSet | AnchorSet, unanswered: tuple[UnansweredQuestion, ...]) -> Report:
    from qa_service.evaluation.run import evaluate as run  # noqa: PLC0415

    return run(
        dataset,
        current_settings(),
        track,
        share_out=options.take_out or 0.0,
        seed=options.seed,
        unanswered=unanswered,
        collection=options.collection,
    )


def _tell(options: _Options, report: Report, baseline: Baseline | None) -> bool:
    """Write everything that was asked for; return whether a measure fell."""
    from qa_service.evaluation.gate import compare  # noqa: PLC0415

    comparison = compare(baseline, report, options.tolerance) if baseline else None
    machine = report.as_dict()
    if comparison:
        machine["gate"] = comparison.as_dict()
    if options.per_question:
        write_json_lines(options.per_question, report.per_question)
    if options.save:
        write_text(options.save, json_text(machine) + "\n")
    if options.html:
        from qa_service.evaluation.page import page  # noqa: PLC0415

        write_text(options.html, page(report, comparison))
    if options.as_json:
        click.echo(json_text(machine))
    else:
        click.echo(report_text(report))
        if comparison:
            click.echo("\n" + comparison_text(comparison))
    for reason in report.ingest.rejected if report.ingest else ():
        warning_line(f"rejected {reason}")
    for line in fallen_text(comparison) if comparison else ():
        error_line(line)
    return bool(comparison and comparison.fallen)
