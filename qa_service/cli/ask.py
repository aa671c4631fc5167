"""`qa-service ask`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click

from qa_service.cli.asking import question_options
from qa_service.cli.explanation_text import why_lines
from qa_service.cli.options import current_settings, data_option, open_engine
from qa_service.cli.output import faint, json_text, marked, printable, warning_line
from qa_service.rendering import result_to_dict
from qa_service.types import Ask, Copy, RankedPassage, Result, TextForm

HIGH_CONFIDENCE, FAIR_CONFIDENCE = 0.8, 0.5


@click.command()
@question_options
@click.option("--explain", is_flag=True, help="Tell of each passage how it came by its place.")
@click.option("--json", "as_json", is_flag=True, help="Print what POST /v1/ask returns.")
@data_option
def ask(asked: Ask, explain: bool, as_json: bool) -> None:
    """Answer QUESTION with ranked passages and their sources."""
    settings = current_settings()
    form = asked.text_form or settings.text_form
    with open_engine(settings) as engine:
        for warning in engine.readiness().warnings:
            warning_line(warning)
        result = engine.ask(replace(asked, text_form=form, explain=explain))
    click.echo(json_text(result_to_dict(result)) if as_json else "\n".join(_lines(result, form)))


def _lines(result: Result, form: TextForm) -> Iterator[str]:
    if result.answer is not None:
        yield f"Answer: {printable(' '.join(result.answer.text.split()))}"
        yield f"Source: {printable(result.answer.article_id)}, characters {result.answer.start}-{result.answer.end}"
    else:
        yield "No answer: no passage is likely enough to answer this."
    if result.passages:
        yield f"Confidence: {_confidence(result.confidence)}"
        yield ""
        yield "Passages:" if result.answerable else "The nearest passages:"
    else:
        yield (
            "Nothing was found; the collection may be empty (qa-service collections list),"
            " or no article passes --filters."
        )
    why = dict(why_lines(result.explain or {}))
    for passage in result.passages:
        yield ""
        yield from _passage_lines(passage, form)
        if passage.passage_id in why:
            yield f"   {why[passage.passage_id]}"
    yield ""
    count = len(result.passages)
    yield f"{count} passage{'' if count == 1 else 's'} in {result.timings_ms.get('total', 0.0):.0f} ms"


def _confidence(confidence: float) -> str:
    word = "high" if confidence >= HIGH_CONFIDENCE else "fair" if confidence >= FAIR_CONFIDENCE else "low"
    return f"{word} ({confidence:.2f})"


def _passage_lines(passage: RankedPassage, form: TextForm) -> Iterator[str]:
    parts = [passage.article_id, passage.title, passage.published_at, f"characters {passage.start}-{passage.end}"]
    yield f"{passage.rank}. [{passage.score:.2f}] " + " | ".join(printable(part) for part in parts if part)
    if passage.url:
        yield f"   {printable(passage.url)}"
    text = _highlighted(passage) if form == "original" else printable(passage.text, newlines=True)
    for line in text.splitlines():
        if line.strip():
            yield f"   {line.rstrip()}"
    for copy in passage.also_in:
        yield f"   also in {_copy(copy)}"


def _copy(copy: Copy) -> str:
    parts = [copy.article_id, copy.title, f"characters {copy.start}-{copy.end}"]
    return " | ".join(printable(part) for part in parts if part)


def _highlighted(passage: RankedPassage) -> str:
    """Give the passage's text, highlights set off and furniture faint; offsets are of the original text."""
    styles = [(span, marked) for span in passage.highlights] + [(span, faint) for span in passage.omitted]
    pieces: list[str] = []
    at = passage.start
    for span, style in sorted(styles, key=lambda styled: styled[0].start):
        start, end = max(at, span.start), max(at, span.end)
        pieces.append(printable(passage.text[at - passage.start : start - passage.start], newlines=True))
        part = printable(passage.text[start - passage.start : end - passage.start], newlines=True)
        # Line by line, so that indenting cannot come between a mark and its text.
        pieces.append("\n".join(style(line) if line.strip() else line for line in part.split("\n")))
        at = end
    pieces.append(printable(passage.text[at - passage.start :], newlines=True))
    return "".join(pieces)
