"""Explanations as text: a verdict, and tables of a passage beside the one that came first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qa_service.cli.output import display_width, printable, shorten
from qa_service.explanation import Account, Closeup, Explanation, Leg, Stage, Standing

_HEADINGS: dict[Stage, str] = {
    "not_searched": "Not searched",
    "filtered": "Filtered out",
    "not_nominated": "Not nominated",
    "outranked": "Outranked",
    "copy": "A copy",
    "returned": "Returned",
}
_LEGS = {"window": "window", "sentence": "best sentence", "bm25": "words (BM25)"}
_STAGES = {"fused": "fused", "refined": "refined", "reranker": "reranker"}
_MOST_WORDS = 10
_SENTENCE_CHARS = 160

Row = Sequence[str]


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Give a report: the verdict first, then the numbers behind it."""
    result, account, closeup = explanation.result, explanation.account, explanation.closeup
    yield f"{_HEADINGS[result.stage]}: {printable(result.reason)}"
    passage = f", passage {explanation.passage_id}" if explanation.passage_id else ""
    yield f"Article: {printable(explanation.article_id)}{passage}"
    if explanation.reading is not None:
        yield f"Understood as: {printable(str(explanation.reading['text']))} ({explanation.reading['kind']})"
    if account is None or closeup is None:
        return
    yield from _words(explanation, closeup)
    best = closeup.best_sentence
    yield f"Best sentence: {shorten(best.text, _SENTENCE_CHARS)} (characters {best.start}-{best.end})"
    yield from _copies(explanation)
    first = explanation.first
    if first is not None:
        same = first.passage_id == explanation.passage_id
        yield f"First: {'this passage' if same else printable(first.article_id)}, with a score of {first.score:.2f}"
    yield ""
    beside = None if first is None or first.passage_id == explanation.passage_id else first.account
    yield from _stages(account, beside)
    yield ""
    yield from _features("feature", account.features, beside.features if beside else None)
    if account.calibration is not None:
        yield ""
        yield from _features("of the score", account.calibration, beside.calibration if beside else None)


def why_lines(explain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tell of each result, by its passage's id, in a line how it came by its place; from `explain` of /v1/ask."""
    for passage in explain.get("passages", ()):
        legs = {name: Leg(**passage["legs"][name]) for name in _LEGS}
        parts = [f"{words} {legs[name].score:.3f} ({_nth(legs[name])})" for name, words in _LEGS.items()]
        share = f"{passage['matched_idf_share']:.0%} of the question's words by weight"
        yield passage["passage_id"], f"why: {', '.join(parts)}; {share}"


def _nth(leg: Leg) -> str:
    return _rank(leg) if leg.rank is None else f"rank {leg.rank}"


def _words(explanation: Explanation, closeup: Closeup) -> Iterator[str]:
    words = printable(", ".join(explanation.question_words)) or "none"
    yield (
        f"Question's words: {words}; the collection knows {explanation.coverage:.0%} of their weight,"
        f" so that BM25 counts {explanation.lexical_weight:.2f}"
    )
    if closeup.missing_words:
        missing = closeup.missing_words[:_MOST_WORDS]
        listed = ", ".join(f"{one.word} ({one.idf:.1f}{'' if one.known else ', in no passage'})" for one in missing)
        more = ", ..." if len(closeup.missing_words) > len(missing) else ""
        yield f"Words it lacks, with their weight: {printable(listed)}{more}"


def _copies(explanation: Explanation) -> Iterator[str]:
    copies = explanation.copies
    if copies is None:
        return
    if copies.stood_for_by is not None:
        by = copies.stood_for_by
        yield f"Stood for by: result {by.rank}, {printable(by.article_id)}, passage {by.passage_id}"
    for one in copies.stands_for:
        yield f"Stands for: {printable(one.article_id)}, characters {one.start}-{one.end}"


def _stages(account: Account, first: Account | None) -> Iterator[str]:
    header = ["stage", "rank", "score", "cutoff", *(["first's rank", "first's score"] if first else [])]
    rows = [header]
    for name, words in _LEGS.items():
        leg: Leg = getattr(account.legs, name)
        row = [words, _rank(leg), f"{leg.score:.3f}", "-" if leg.cutoff_score is None else f"{leg.cutoff_score:.3f}"]
        if first:
            other: Leg = getattr(first.legs, name)
            row += [_rank(other), f"{other.score:.3f}"]
        rows.append(row)
    for name, words in _STAGES.items():
        ours: Standing | None = getattr(account, name)
        theirs: Standing | None = getattr(first, name) if first else None
        if ours is not None or theirs is not None:
            rows.append([words, *_standing(ours), "-", *(_standing(theirs) if first else [])])
    yield from _aligned(rows)


def _features(title: str, ours: Mapping[str, float], theirs: Mapping[str, float] | None) -> Iterator[str]:
    rows = [[title, "value", *(["first's"] if theirs is not None else [])]]
    for name, value in ours.items():
        others = [f"{theirs[name]:.3f}"] if theirs is not None else []
        rows.append([name.replace("_", " "), f"{value:.3f}", *others])
    yield from _aligned(rows)


def _rank(leg: Leg) -> str:
    if leg.rank is None:
        return "none" if leg.score <= 0 and not leg.nominated else "> 100"
    return str(leg.rank)


def _standing(standing: Standing | None) -> list[str]:
    return ["-", "-"] if standing is None else [str(standing.rank), f"{standing.score:.3f}"]


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    """Lay out rows: the first column to the left, the others to the right."""
    widths = [max(display_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
