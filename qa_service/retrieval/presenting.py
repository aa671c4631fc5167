"""From ranked candidates to what is shown: texts in the form asked for, highlights, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qa_service.retrieval.answer import AnswerFinder
from qa_service.retrieval.answering.reading import Sentences, read_sentences
from qa_service.retrieval.evidence import Evidence
from qa_service.retrieval.grouping import Group, Source
from qa_service.retrieval.texts import ArticleText, Texts
from qa_service.store import articles, soundness
from qa_service.store.articles import ArticleLabel
from qa_service.store.catalog import Connection
from qa_service.store.packing import unpack_spans
from qa_service.store.passages import Candidate
from qa_service.store.recent import Recent
from qa_service.text.tokens import Tokenizer
from qa_service.types import Answer, Ask, Copy, RankedPassage, Span

_SENTENCE_BYTES = 48 << 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as it is shown, and its article's text."""

    passage: RankedPassage
    text: ArticleText

    def answer(self) -> Answer:
        """Make an answer of its best sentence, or of the two that were chosen together."""
        start, end = _reach(self.passage.highlights)
        return Answer(self.passage.best, self.passage.passage_id, self.passage.article_id, start, end)


def _reach(highlights: Sequence[Span]) -> tuple[int, int]:
    return min(span.start for span in highlights), max(span.end for span in highlights)


KnownSentences = Recent[int, Sentences]
"""Sentences of passages, by key, made ready for earlier questions."""


def known_sentences() -> KnownSentences:
    """Give an empty memory of sentences."""
    return Recent(_SENTENCE_BYTES)


class Presenter:
    """Shows the results of one question.

    Parameters:
        known: what earlier questions needed.
    """

    def __init__(
        self,
        connection: Connection,
        evidence: Evidence,
        tokenizer: Tokenizer,
        texts: Texts,
        known: KnownSentences,
    ) -> None:
        self._known = known
        self._connection = connection
        self._evidence = evidence
        self._tokenizer = tokenizer
        self._texts = texts

    def show(self, groups: Sequence[Group], scores: Sequence[float], ask: Ask, idf: Mapping[str, float]) -> list[Shown]:
        """Show results, best first; `scores` and `idf` are theirs and that of the question's words.

        Errors:
            Damaged: what is to be shown fails a checksum.
        """
        results = [(self._evidence.candidates[group.place], group) for group in groups]
        labels = self._labels(groups)
        finder = AnswerFinder(ask.question, idf, self._tokenizer)
        shown = []
        for rank, ((candidate, group), score) in enumerate(zip(results, scores, strict=True), start=1):
            text = self._texts.of(candidate.article)
            label = labels[candidate.article]
            place = candidate.passage_id, candidate.start, candidate.end
            soundness.check_place(ask.collection, label.id, label.sha256, place)
            sentences = self._sentences(candidate, text, label.title)
            best = _highlights(finder, candidate, sentences, self._evidence.sentences[group.place])
            body = text.slice(candidate.start, candidate.end, ask.text_form)
            said = text.slice(*_reach(best), ask.text_form)
            also_in = tuple(_copy(labels[source.article], source) for source in group.sources)
            shown.append(Shown(_passage(rank, score, candidate, label, (body, said), best, also_in), text))
        return shown

    def _sentences(self, candidate: Candidate, text: ArticleText, title: str | None) -> Sentences:
        """Make a passage's sentences ready; what was read of a passage stays true, as of its article's title."""
        known = self._known.get(candidate.key)
        if known is None:
            texts = [text.repaired(span.start, span.end) for span in candidate.spans()]
            known = read_sentences(texts, joined(candidate, text), title or text.opening(candidate.start))
            self._known.put(candidate.key, known, known.size)
        return known

    def _labels(self, groups: Sequence[Group]) -> dict[int, ArticleLabel]:
        rows = {self._evidence.candidates[group.place].article for group in groups}
        rows.update(source.article for group in groups for source in group.sources)
        return articles.labels(self._connection, sorted(rows))


def joined(candidate: Candidate, text: ArticleText) -> list[bool]:
    """Tell for each sentence of a passage but the last whether it and the next may be one answer.

    They may not with furniture between them, nor with a blank line, where another paragraph begins.
    """
    omitted = unpack_spans(candidate.omitted)
    return [
        not any(gap.start < after.start and gap.end > before.end for gap in omitted)
        and text.original.count("\n", before.end, after.start) < 2
        for before, after in pairwise(candidate.spans())
    ]


def _highlights(
    finder: AnswerFinder, candidate: Candidate, sentences: Sentences, cosines: NDArray[np.float32]
) -> tuple[Span, ...]:
    """Choose a passage's best sentence or two adjacent ones, the better first."""
    spans = candidate.spans()
    return tuple(spans[place] for place in finder.choose(sentences, cosines).sentences)


def _passage(
    rank: int,
    score: float,
    candidate: Candidate,
    label: ArticleLabel,
    texts: tuple[str, str],
    highlights: tuple[Span, ...],
    also_in: tuple[Copy, ...],
) -> RankedPassage:
    return RankedPassage(
        rank=rank,
        score=round(score, 6),
        passage_id=candidate.passage_id,
        article_id=label.id,
        title=label.title,
        url=label.url,
        published_at=label.published_at,
        text=texts[0],
        start=candidate.start,
        end=candidate.end,
        highlights=highlights,
        omitted=unpack_spans(candidate.omitted),
        also_in=also_in,
        metadata=label.metadata,
        best=texts[1],
    )


def _copy(label: ArticleLabel, source: Source) -> Copy:
    return Copy(label.id, label.title, label.url, source.start, source.end)
