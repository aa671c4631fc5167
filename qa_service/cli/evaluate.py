"""`qa-service evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from qa_service.cli.options import current_settings, data_option
from qa_service.cli.output import json_text, printable, table, warning_line
from qa_service.cli.progress import track
from qa_service.errors import BadInput
from qa_service.evaluation.datasets import AnchorSet, Format, RankingSet

if TYPE_CHECKING:
    from qa_service.evaluation.run import Report

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("path", metavar="FILE|FOLDER", type=_PATH)
@click.option("--format", "layout", type=click.Choice(get_args(Format)), required=True, help="The set's layout.")
@click.option("--questions", type=_PATH, metavar="FILE", help="squad: ask this file's questions, parallel by position.")
@click.option(
    "--articles", type=_PATH, metavar="PATH", help="seeds: the articles.  [default: seeds beside or above FILE]"
)
@click.option("--limit-questions", type=click.IntRange(min=1), metavar="N", help="Ask only the first N questions.")
@click.option("--per-question", type=_PATH, metavar="FILE", help="Write one JSON line for each question.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@data_option
def evaluate(
    *,
    path: Path,
    layout: Format,
    questions: Path | None,
    articles: Path | None,
    limit_questions: int | None,
    per_question: Path | None,
    as_json: bool,
) -> None:
    """Measure retrieval on a set, in a temporary data directory of its own.

    squad: every paragraph is an article, and the right one is looked for. beir: the same, for a folder with
    corpus.jsonl, queries.jsonl and qrels/test.tsv. seeds: JSON Lines of questions whose answers name an article and
    an anchor in it; the first passage must cover one.
    """
    if questions and layout != "squad":
        raise BadInput("goes only with --format squad", field="--questions")
    if articles and layout != "seeds":
        raise BadInput("goes only with --format seeds", field="--articles")
    from qa_service.evaluation.run import evaluate as run  # noqa: PLC0415

    dataset = _load(path, layout, questions, articles)
    if limit_questions:
        dataset = dataset.first(limit_questions)
    if per_question:
        _write_lines(per_question, [])
    report = run(dataset, current_settings(), track)
    if per_question:
        _write_lines(per_question, report.per_question)
    click.echo(json_text(report.as_dict()) if as_json else _readable(report))
    for reason in report.ingest.rejected:
        warning_line(f"rejected {reason}")


def _load(path: Path, layout: Format, questions: Path | None, articles: Path | None) -> RankingSet | AnchorSet:
    if layout == "squad":
        from qa_service.evaluation.squad import load_squad  # noqa: PLC0415

        return load_squad(path, questions)
    if layout == "beir":
        from qa_service.evaluation.beir import load_beir  # noqa: PLC0415

        return load_beir(path)
    from qa_service.evaluation.seeds import load_seeds  # noqa: PLC0415

    return load_seeds(path, articles)


def _write_lines(path: Path, lines: tuple[object, ...] | list[object]) -> None:
    """Write JSON Lines; called with none before the work, lest it be done and the file not writable."""
    try:
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", field=str(path)) from error


def _readable(report: Report) -> str:
    ingest = report.ingest
    speed = f"{ingest.passages_per_second:.1f} passages/s"
    parts = [
        f"{printable(report.dataset)}: {report.questions:,} questions on {ingest.articles:,} articles",
        f"{ingest.passages:,} passages ingested in {ingest.seconds:.1f} s, {speed}",
        "",
        table(("measure", "value"), [(name, _measure(report, value)) for name, value in report.measures.items()]),
        "",
        f"asking, ms over {report.timed:,} questions:",
        table(
            ("stage", "p50", "p95"),
            [(stage, ms["p50"], ms["p95"]) for stage, ms in report.latencies.percentiles().items()],
        ),
    ]
    if report.kind == "anchors":
        parts.extend(["", *(_anchored_line(line) for line in report.per_question)])
    return "\n".join(parts)


def _measure(report: Report, value: float) -> str:
    if report.kind == "ranking":
        return f"{value:.4f}"
    return f"{round(value * report.questions)} of {report.questions}"


def _anchored_line(line: object) -> str:
    assert isinstance(line, dict)
    rank = line["rank"]
    verdict = "right" if rank == 1 else f"rank {rank}" if rank else "wrong"
    note = "" if line["anchor_found"] else " (the anchor stands in none of its articles)"
    return f"{verdict:>7}  {line['confidence']:.2f}  {printable(line['question'])}{note}"
