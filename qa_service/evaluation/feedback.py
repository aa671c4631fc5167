"""Questions that were judged by who asked them, as questions to calibrate with.

What was judged to help is an anchor: the best sentence of the passage, as it stood there. What was judged not to help,
of questions without anything that helps, is a first passage that is wrong, as long as it still comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from qa_service.asked import JudgedPassage, ShownPassage
from qa_service.errors import NotFound
from qa_service.evaluation.datasets import Anchor, AnchoredQuestion, UnhelpfulQuestion
from qa_service.library import Library
from qa_service.store.passages import passage_id
from qa_service.types import ArticleDetail

PLACE = "question log"
IN_CONTEXT = "asked in a conversation or with a filter"
NO_PASSAGE = "judged without a passage"
UNDECIDED = "judged both ways as often"
CHANGED = "the article is gone or has changed"


@dataclass(frozen=True, slots=True)
class FeedbackQuestions:
    """The questions that judgements give, and why judged passages were left out: reason -> how many."""

    answered: tuple[AnchoredQuestion, ...] = ()
    unhelpful: tuple[UnhelpfulQuestion, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)


def questions_of(judged: Sequence[JudgedPassage], library: Library, collection: str) -> FeedbackQuestions:
    """Make questions of judgements.

    Parameters:
        judged: of questions asked of the collection; see `judgements.judged`.
        library: gives the articles as they are now.
    """
    left_out: Counter[str] = Counter()
    articles: dict[str, ArticleDetail | None] = {}
    usable: list[tuple[JudgedPassage, Anchor]] = []
    for one in judged:
        reason, anchor = _read(one, library, collection, articles)
        if anchor is None:
            left_out[reason] += 1
        else:
            usable.append((one, anchor))
    answered: list[AnchoredQuestion] = []
    unhelpful: list[UnhelpfulQuestion] = []
    usable.sort(key=lambda pair: pair[0].wording)
    for wording, pairs in groupby(usable, key=lambda pair: pair[0].wording):
        found = list(pairs)
        text, place = found[0][0].question, f"{PLACE}: {found[0][0].question[:80]}"
        helps = tuple(anchor for one, anchor in found if one.helpful > one.unhelpful)
        if helps:
            answered.append(AnchoredQuestion(f"log-{wording}", text, helps, place))
        else:
            unhelpful.append(UnhelpfulQuestion(f"log-{wording}", text, tuple(anchor for _, anchor in found), place))
    return FeedbackQuestions(tuple(answered), tuple(unhelpful), left_out)


def _read(
    one: JudgedPassage, library: Library, collection: str, articles: dict[str, ArticleDetail | None]
) -> tuple[str, Anchor | None]:
    """Find what was judged in its article as it is now, or give the reason why it is of no use."""
    if one.in_context:
        return IN_CONTEXT, None
    if one.passage is None:
        return NO_PASSAGE, None
    if one.helpful == one.unhelpful:
        return UNDECIDED, None
    anchor = _anchor(one.passage, library, collection, articles)
    return CHANGED, anchor


def _anchor(
    passage: ShownPassage, library: Library, collection: str, articles: dict[str, ArticleDetail | None]
) -> Anchor | None:
    if passage.article_id not in articles:
        try:
            articles[passage.article_id] = library.article(collection, passage.article_id)
        except NotFound:
            articles[passage.article_id] = None
    article = articles[passage.article_id]
    if article is None:
        return None
    place, best = passage.place, passage.best or passage.place
    # A passage's id is made from its article's bytes too: the same one means that offsets still say the same.
    sha256 = bytes.fromhex(article.summary.sha256)
    if passage_id(collection, passage.article_id, sha256, place.start, place.end) != passage.passage_id:
        return None
    text = article.text[best.start : best.end]
    return Anchor(passage.article_id, text) if text.strip() else None
