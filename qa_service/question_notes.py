"""Questions noted as they are asked, if the settings say so, and what is done with the notes while the service runs."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from qa_service.asked import AskedQuestion, Feedback, Judged, ShownPassage
from qa_service.config import Settings
from qa_service.errors import BadInput, NotFound, QAError
from qa_service.log_writer import LogWriter, Wanted
from qa_service.names import check_collection
from qa_service.store import collections, judgements
from qa_service.store.catalog import Catalog
from qa_service.store.question_log import NAME, QuestionLog
from qa_service.types import Ask, RankedPassage, Result, Span

DAY_S = 86_400.0
MAX_COMMENT_CHARS = 2000
_MOST_PASSAGES = 50
_ID_BYTES = 12
logger = logging.getLogger(__name__)


class QuestionNotes:
    """The question log of an engine. Safe for threads; notes nothing before it is started, as only a server does."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._wanted = settings.question_log
        self._days = settings.question_log_days
        self._path = settings.data_dir / NAME
        self._catalog = catalog
        self.writer = LogWriter(settings.data_dir, self.sweep, self._of_collections)

    def start(self) -> None:
        """Start to note questions, and to erase old ones, also those of a log that is switched off now."""
        if self._wanted or self._path.exists():
            self.writer.start()

    def close(self) -> None:
        """Write what is noted and stop."""
        self.writer.stop()

    def note(self, ask: Ask, result: Result) -> Result:
        """Note a question that was answered; never waits.

        Returns:
            The result, with the question's id if it is noted.
        """
        if not (self._wanted and self.writer.running):
            return result
        question = _asked(ask, result)
        return replace(result, question_id=question.id) if self.writer.note(question) else result

    def judge(self, feedback: Feedback, search: Callable[[Ask], Result], may_see: Callable[[str], bool]) -> Judged:
        """Keep a judgement, durably.

        Parameters:
            feedback: what was handed in. A question in its own words is asked anew, to find the passage that is meant;
                that does not count as having been asked.
            search: answers a question.
            may_see: tells whether the sender knows of a collection; one that it does not know of is not there.

        Errors:
            BadInput: not exactly one of question and question_id is given, or a value is malformed.
            NotFound: there is no log, or no such question, collection or passage.
            Unavailable: the log cannot be written now, and nothing is kept.
        """
        if not self._wanted:
            raise NotFound("this service keeps no question log", remedy="QA_QUESTION_LOG=true makes it keep one")
        _check(feedback)
        noted = feedback.question_id is not None
        question, answered = self._noted(feedback, may_see) if noted else _asked_anew(feedback, search, may_see)
        about = _about(feedback, question, answered)
        # What its sender was told has failed is not kept: it would count twice when it is sent again.
        wanted = Wanted()
        return self.writer.call(
            lambda log: judgements.keep(log, feedback, question, about, noted=noted, may_commit=wanted.do), wanted
        )

    def forget(self, collection: str) -> None:
        """Erase the questions of a collection that was deleted; where that fails, the next sweep does it."""
        if not (self.writer.running or self._path.exists()):
            return
        try:
            self.writer.call(lambda log: log.erase(collection=collection))
        except QAError as error:
            logger.error("the questions asked of a deleted collection are still in the log: %s", error)

    def sweep(self, log: QuestionLog) -> None:
        """Erase what is older than its days, and what was asked of collections that are gone."""
        log.finish_erasure()
        log.erase(before=time.time() - self._days * DAY_S)
        made = self._made()
        for name in log.collections():
            # One of the same name may have been made since; what was asked before is of the one that is gone.
            log.erase(collection=name, before=_seconds(made[name]) if name in made else None)

    def warnings(self) -> list[str]:
        """Name the trouble that the log has, if any."""
        return [self.writer.warning] if self.writer.warning else []

    def counts(self) -> tuple[int, int] | None:
        """Tell how many questions were written since the start, and how many dropped; None without a log."""
        return (self.writer.written, self.writer.dropped) if self._wanted else None

    def problems(self) -> list[str]:
        """Verify the file; return what is wrong with it, with the remedy."""
        if not self._path.exists():
            return []
        try:
            found = self.writer.call(QuestionLog.problems)
        except QAError as error:
            return [str(error)]
        remedy = "stop the service and delete the file; nothing but the log is lost"
        return [f"{self._path}: {problem} ({remedy})" for problem in found]

    def _of_collections(self, questions: Sequence[AskedQuestion]) -> list[AskedQuestion]:
        """Leave out what was asked of a collection that was deleted meanwhile."""
        made = self._made()
        return [one for one in questions if one.collection in made]

    def _made(self) -> dict[str, str]:
        with self._catalog.read() as connection:
            return {one.name: one.created_at for one in collections.every(connection)}

    def _noted(self, feedback: Feedback, may_see: Callable[[str], bool]) -> tuple[AskedQuestion, bool]:
        question_id = feedback.question_id or ""
        question = self.writer.call(lambda log: judgements.find_question(log, question_id), Wanted())
        if not may_see(question.collection):
            raise judgements.unknown_question(question_id)
        return question, bool(question.answerable)


def _asked_anew(
    feedback: Feedback, search: Callable[[Ask], Result], may_see: Callable[[str], bool]
) -> tuple[AskedQuestion, bool]:
    check_collection(feedback.collection)
    if not may_see(feedback.collection):
        raise collections.no_collection(feedback.collection)
    ask = Ask(feedback.question or "", feedback.collection, top_k=_MOST_PASSAGES)
    result = search(ask)
    return replace(_asked(ask, result), answerable=None, confidence=None), result.answerable


def _check(feedback: Feedback) -> None:
    if (feedback.question_id is None) == (feedback.question is None):
        given = "neither" if feedback.question is None else "both"
        raise BadInput(
            f"{given} of question_id and question is given", field="question_id", remedy="give exactly one of them"
        )


def _about(feedback: Feedback, question: AskedQuestion, answered: bool) -> ShownPassage | None:
    """Find the passage that a judgement is of; None where it says nothing of any.

    The answer as a whole is the first passage's. That there was none may be right, which says nothing of passages.
    """
    if feedback.passage_id is None:
        return question.shown[0] if question.shown and (answered or not feedback.helpful) else None
    for one in question.shown:
        if one.passage_id == feedback.passage_id:
            return one
    raise NotFound(
        f"no passage {feedback.passage_id[:80]!r} is among the results of the question",
        field="passage_id",
        remedy="use the passage_id of one of its results",
    )


def _asked(ask: Ask, result: Result) -> AskedQuestion:
    return AskedQuestion(
        id=secrets.token_hex(_ID_BYTES),
        collection=ask.collection,
        question=ask.question,
        asked_at=time.time(),
        answerable=result.answerable,
        confidence=result.confidence,
        in_context=bool(ask.history) or ask.filters is not None,
        shown=tuple(_shown(passage, result) for passage in result.passages),
    )


def _shown(passage: RankedPassage, result: Result) -> ShownPassage:
    best = passage.highlights[0] if passage.highlights else None
    if result.answer is not None and result.answer.passage_id == passage.passage_id:
        best = Span(result.answer.start, result.answer.end)
    return ShownPassage(passage.passage_id, passage.article_id, Span(passage.start, passage.end), best)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
