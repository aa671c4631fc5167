"""What `qa-service calibrate` tells, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from qa_service.cli.evaluation_text import interval_text, measure_text
from qa_service.cli.output import printable, table

if TYPE_CHECKING:
    from qa_service.cli.calibrate import Outcome
    from qa_service.evaluation.bootstrap import Estimate
    from qa_service.evaluation.refitting import Threshold


def refit_text(outcome: Outcome) -> str:
    """Lay out a refit: what was asked, the measures before and after, what was done, the threshold to set."""
    refit = outcome.refit
    columns = [("as shipped", refit.shipped), ("in use", refit.in_use), ("refitted", refit.refitted)]
    shown = [(name, column) for name, column in columns if column is not None]
    rows = [
        (
            name,
            *(measure_text(name, column[name].value) for _, column in shown),
            interval_text(name, refit.change[name]),
            last.questions,
        )
        for name, last in refit.refitted.items()
    ]
    header = ("measure", *(name for name, _ in shown), "95% interval of the change", "questions")
    return "\n".join(
        [
            *_asked(outcome),
            "",
            table(header, rows),
            "refitted: cross-validated, each question by a fit on other articles; change: refitted against shipped",
            *(["in use: may have been fitted on these very questions"] if refit.in_use else []),
            f"right kept, unanswerable answered: at the threshold {outcome.threshold:.2f}",
            "",
            *_done(outcome),
        ]
    )


def refit_to_dict(outcome: Outcome) -> dict[str, object]:
    """Give the machine form of a refit."""
    refit, questions = outcome.refit, outcome.questions
    return {
        "written": outcome.written,
        "dry_run": outcome.dry_run,
        "better": refit.better,
        "file": str(outcome.file),
        "slope": refit.adjustment.slope,
        "offset": refit.adjustment.offset,
        "questions": refit.asked,
        "right_first": refit.right,
        "unanswerable": refit.unanswerable,
        "suggested": questions.suggested,
        "with_gaps": questions.gaps,
        "without_anchor": list(outcome.without_anchor),
        "nothing_found": outcome.nothing_found,
        "feedback": _feedback_to_dict(outcome),
        "shipped": _measures(refit.shipped),
        "in_use": _measures(refit.in_use) if refit.in_use else None,
        "cross_validated": _measures(refit.refitted),
        "change": _measures(refit.change),
        "min_confidence": {"present": asdict(refit.present), "proposed": asdict(refit.proposed)},
    }


def _feedback_to_dict(outcome: Outcome) -> dict[str, object] | None:
    feedback = outcome.questions.feedback
    if feedback is None:
        return None
    return {
        "helpful": len(feedback.answered),
        "unhelpful": len(feedback.unhelpful) - outcome.outranked,
        "left_out": dict(sorted(feedback.left_out.items())),
        "outranked": outcome.outranked,
    }


def reset_text(file: Path, removed: bool) -> str:
    """Say what --reset did."""
    if removed:
        return f"removed {printable(str(file))}; confidences are as shipped again"
    return "there is no adjustment; confidences are as shipped"


def _asked(outcome: Outcome) -> Iterator[str]:
    refit, questions = outcome.refit, outcome.questions
    yield (
        f"{printable(questions.name)}: {refit.asked:,} questions asked, the first passage right for"
        f" {refit.right:,}; {refit.unanswerable:,} asked that nothing answers"
    )
    if questions.suggested:
        yield f"{questions.suggested:,} lines are still marked as suggested: nobody has reviewed them"
    if questions.gaps:
        yield f"{questions.gaps:,} lines with ____ left out: they are no questions yet"
    if outcome.without_anchor:
        count = len(outcome.without_anchor)
        yield f"{count:,} left out: the anchor does not stand in the article (`qa-service questions check` names them)"
    yield from _of_feedback(outcome)
    if outcome.nothing_found:
        yield f"{outcome.nothing_found:,} left out: no passage was found at all"


def _of_feedback(outcome: Outcome) -> Iterator[str]:
    feedback = outcome.questions.feedback
    if feedback is None:
        return
    still = len(feedback.unhelpful) - outcome.outranked
    yield (
        f"of the question log: {len(feedback.answered):,} questions with a passage that was judged to help,"
        f" {still:,} whose first passage was judged not to"
    )
    for reason, count in sorted(feedback.left_out.items()):
        yield f"{count:,} judged passages of it left out: {reason}"
    if outcome.outranked:
        yield f"{outcome.outranked:,} questions of it left out: what was judged does not come first any more"


def _done(outcome: Outcome) -> Iterator[str]:
    refit, file = outcome.refit, printable(str(outcome.file))
    if refit.better:
        slope, offset = refit.adjustment.slope, refit.adjustment.offset
        yield f"log-odds become {slope:.3f} * log-odds {'-' if offset < 0 else '+'} {abs(offset):.3f}"
    if outcome.written:
        yield f"written to {file}; running servers use it from the next question on"
    elif refit.better:
        yield f"dry run: {file} is as it was"
    else:
        yield f"not written: a refit gives no better confidences on other questions; {file} is as it was"
    yield (
        "on these questions, with the confidences now in force:" if not outcome.dry_run else "on these questions, then:"
    )
    yield _threshold("QA_MIN_CONFIDENCE={:.2f}", refit.proposed)
    yield _threshold("QA_MIN_CONFIDENCE={:.2f}, as it is now,", refit.present)


def _threshold(name: str, found: Threshold) -> str:
    return (
        f"{name.format(found.value)} keeps {found.right_kept:.1%} of the right answers"
        f" and answers {found.unanswerable_answered:.1%} of the unanswerable questions"
    )


def _measures(estimates: Mapping[str, Estimate]) -> dict[str, object]:
    return {name: asdict(one) for name, one in estimates.items()}
