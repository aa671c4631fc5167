"""`qa-service calibrate`."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa_service.cli.calibration_text import refit_text, refit_to_dict, reset_text
from qa_service.cli.options import collection_option, current_settings, data_option, open_library
from qa_service.cli.output import json_text, warning_line
from qa_service.cli.progress import track
from qa_service.cli.question_log import open_question_log
from qa_service.errors import BadInput, Damaged
from qa_service.evaluation.datasets import AnchoredQuestion, UnansweredQuestion

if TYPE_CHECKING:
    from qa_service.config import Settings
    from qa_service.engine import Engine
    from qa_service.evaluation.feedback import FeedbackQuestions
    from qa_service.evaluation.refitting import Refit
    from qa_service.retrieval.calibration import Adjustment

_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions to ask.

    Attributes:
        name: of the file, or of what they come from without one.
        answered: those of the file and of the question log.
        suggested: how many of the file nobody has reviewed.
        gaps: how many of its lines are no questions yet.
        unanswered: those that nothing answers.
        feedback: those of the question log, None if it was not asked for.
    """

    name: str
    answered: tuple[AnchoredQuestion, ...]
    suggested: int
    gaps: int
    unanswered: tuple[UnansweredQuestion, ...]
    feedback: FeedbackQuestions | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the command did."""

    questions: Questions
    refit: Refit
    without_anchor: tuple[str, ...]
    nothing_found: int
    outranked: int
    threshold: float
    file: Path
    written: bool
    dry_run: bool


@click.command()
@click.argument("path", metavar="[FILE]", type=_PATH, required=False)
@collection_option
@click.option(
    "--unanswerable",
    type=_PATH,
    metavar="FILE",
    help='Learn also from questions that nothing answers: JSON Lines of {"question"}.',
)
@click.option(
    "--feedback", is_flag=True, help="Learn also, or without FILE alone, from what people judged; see `questions list`."
)
@click.option("--dry-run", is_flag=True, help="Measure what a refit would do, and change nothing.")
@click.option("--reset", is_flag=True, help="Return to the confidences as shipped; takes no FILE.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@data_option
def calibrate(
    path: Path | None,
    collection: str,
    unanswerable: Path | None,
    feedback: bool,
    dry_run: bool,
    reset: bool,
    as_json: bool,
) -> None:
    """Refit the confidences to your own questions.

    FILE has the layout of `questions suggest`: questions whose answers name an article and an anchor in it. Each is
    asked twice, as it is and without the articles that answer it. From how often the first passage was right, a slope
    and an offset are fitted to all confidences of this data directory. The order of passages never changes, and
    running servers take it up by themselves. If it does not help, nothing is changed.
    """
    if reset:
        if path or unanswerable or feedback or dry_run:
            raise BadInput("goes with no FILE and no other option than --json", field="--reset")
        _reset(current_settings(), as_json)
        return
    if path is None and not feedback:
        raise BadInput("is required", field="FILE", remedy="`qa-service questions suggest` proposes questions")
    settings = current_settings()
    judged = _judged(settings, collection) if feedback else None
    outcome = _refit(settings, _read(path, unanswerable, judged, settings), collection, dry_run)
    click.echo(json_text(refit_to_dict(outcome)) if as_json else refit_text(outcome))


def _reset(settings: Settings, as_json: bool) -> None:
    from qa_service.retrieval.saved_adjustment import NAME, remove  # noqa: PLC0415

    file = settings.data_dir / NAME
    removed = remove(file)
    if settings.catalog is not None:
        from qa_service import agreement  # noqa: PLC0415
        from qa_service.store.opening import open_catalog  # noqa: PLC0415

        with closing(open_catalog(settings)) as catalog:
            agreement.record(catalog, file)
    click.echo(json_text({"removed": removed, "file": str(file)}) if as_json else reset_text(file, removed))


def _judged(settings: Settings, collection: str) -> FeedbackQuestions:
    """Read what people judged, before the model is loaded."""
    from qa_service.evaluation.feedback import questions_of  # noqa: PLC0415
    from qa_service.store.judgements import judged  # noqa: PLC0415

    with open_question_log(settings) as log, open_library(settings) as library:
        return questions_of(judged(log, collection) if log else [], library, collection)


def _read(
    path: Path | None, unanswerable: Path | None, feedback: FeedbackQuestions | None, settings: Settings
) -> Questions:
    """Read the files, before the model is loaded."""
    from qa_service.evaluation.datasets import read_object_lines  # noqa: PLC0415
    from qa_service.evaluation.measuring import check_questions  # noqa: PLC0415
    from qa_service.evaluation.probing import GAP  # noqa: PLC0415
    from qa_service.evaluation.refitting import LEAST_QUESTIONS  # noqa: PLC0415
    from qa_service.evaluation.seeds import read_questions  # noqa: PLC0415
    from qa_service.evaluation.unanswered import load_unanswered  # noqa: PLC0415

    read = read_questions(path) if path else ()
    asked = tuple(question for question in read if GAP not in question.text)
    gaps = len(read) - len(asked)
    asked += feedback.answered if feedback else ()
    if len(asked) < LEAST_QUESTIONS:
        detail = f"holds {len(asked)} questions, and {LEAST_QUESTIONS} are the fewest to learn from"
        if feedback:
            detail = f"{len(asked)} questions have a passage that helps, and {LEAST_QUESTIONS} are the fewest to use"
        field = str(path) if path else "--feedback"
        raise BadInput(detail, field=field, remedy="add more; `qa-service questions suggest` proposes some")
    suggested = sum(row.get("suggested") is True for _, row in read_object_lines(path)) if path else 0
    unanswered = load_unanswered(unanswerable) if unanswerable else ()
    check_questions([*asked, *unanswered, *(feedback.unhelpful if feedback else ())], settings)
    name = path.name if path else "question log"
    return Questions(name, asked, suggested, gaps, unanswered, feedback)


def _refit(settings: Settings, questions: Questions, collection: str, dry_run: bool) -> Outcome:
    from qa_service import agreement  # noqa: PLC0415
    from qa_service.evaluation.probing import Prober  # noqa: PLC0415
    from qa_service.evaluation.refitting import PRIOR, refit  # noqa: PLC0415

    engine = _open(settings)
    try:
        unhelpful = questions.feedback.unhelpful if questions.feedback else ()
        found = Prober(engine, collection, track).probe(questions.answered, questions.unanswered, unhelpful)
        file = engine.adjustment
        prior = PRIOR if file.calibrated else 0.0
        result = refit(found.probes, settings.min_confidence, prior, _in_force(engine))
        written = result.better and not dry_run
        if written:
            file.write(
                result.adjustment,
                file.fitted(
                    at=datetime.now(UTC).isoformat(timespec="seconds"),
                    collection=collection,
                    questions=result.asked,
                    unanswered=result.unanswerable,
                    min_confidence=result.proposed.value,
                ),
            )
            if settings.catalog is not None:
                agreement.record(engine.catalog, file.path)
    finally:
        engine.close()
    return Outcome(
        questions=questions,
        refit=result,
        without_anchor=found.without_anchor,
        nothing_found=found.nothing_found,
        outranked=found.outranked,
        threshold=settings.min_confidence,
        file=file.path,
        written=written,
        dry_run=dry_run,
    )


def _open(settings: Settings) -> Engine:
    from qa_service.assembly import load_model  # noqa: PLC0415
    from qa_service.engine import Engine  # noqa: PLC0415
    from qa_service.evaluation.remembering import RememberingEncoder  # noqa: PLC0415

    # Every question is asked twice in a row, and a damaged adjustment is what this command mends.
    return Engine.open(settings, RememberingEncoder(load_model(settings)), adjusted=False)


def _in_force(engine: Engine) -> Adjustment | None:
    """Give the adjustment that other processes use; None without one."""
    try:
        engine.adjustment.check()
    except Damaged as error:
        warning_line(str(error))
        return None
    return engine.adjustment.read() if engine.adjustment.applies else None
