"""Goes through a collection's articles and proposes questions, spread over articles and kinds."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa_service.evaluation.suggestions import chinese, english
from qa_service.evaluation.suggestions.drafts import CLOZE, Draft
from qa_service.evaluation.suggestions.tagging import Tagger
from qa_service.evaluation.suggestions.topic import Topic, topic_text
from qa_service.text.edits import mapped_slice
from qa_service.text.fold import encoder_fold
from qa_service.types import ArticleDetail

if TYPE_CHECKING:
    from qa_service.library import Library

_PAGE = 200
_MOST_SENTENCES = 200
"""Sentences looked at of one article."""
_LONGEST_SENTENCE = 400
_REPEATED = 0.15
"""What a kind's further questions in one article, and in the whole, count less."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question with the article that answers it, the anchor as it stands in its original, and the words asked for."""

    question: str
    article_id: str
    anchor: str
    answer: str
    kind: str
    score: float

    def as_dict(self) -> dict[str, object]:
        """Give a line of the seeds layout, marked as suggested."""
        return {
            "question": self.question,
            "answers": [{"article": self.article_id, "anchor": self.anchor}],
            "answer": self.answer,
            "kind": self.kind,
            "suggested": True,
        }


class Suggester:
    """Proposes questions on the articles of one collection."""

    def __init__(self, library: Library, collection: str, cache_dir: Path) -> None:
        self._library = library
        self._collection = collection
        self._tagger = Tagger(cache_dir)

    def suggest(self, count: int, seed: int = 0) -> list[Suggestion]:
        """Propose up to `count` questions, as evenly spread over the articles as they allow.

        Parameters:
            count: how many are wanted.
            seed: decides which articles come first when there are more than needed.

        Returns:
            The proposals, article by article.

        Errors:
            NotFound: no such collection.
        """
        by_article: list[list[Suggestion]] = []
        for article_id in self._shuffled(seed):
            found = self._of(self._library.article(self._collection, article_id))
            if found:
                by_article.append(found)
            if len(by_article) >= count:
                break
        return _spread(by_article, count)

    def _shuffled(self, seed: int) -> list[str]:
        ids: list[str] = []
        cursor: str | None = None
        while True:
            page = self._library.articles(self._collection, _PAGE, cursor)
            ids.extend(article.id for article in page.articles)
            cursor = page.next_cursor
            if cursor is None:
                break
        return sorted(ids, key=lambda id_: hashlib.sha256(f"{seed} {id_}".encode()).digest())

    def _of(self, article: ArticleDetail) -> list[Suggestion]:
        """Draft an article's questions, each with what it is about, the best first."""
        topic = self._topic(article.summary.title)
        found: dict[str, Suggestion] = {}
        for start, end in _sentences(article):
            for suggestion in self._from(article, start, end, topic):
                found.setdefault(suggestion.question, suggestion)
        return sorted(found.values(), key=lambda one: (-one.score, one.question))

    def _topic(self, title: str | None) -> Topic | None:
        text = topic_text(title)
        if text is None:
            return None
        if not is_chinese(text):
            words = [word.strip("'’.") for word in text.casefold().split()]
            return Topic(text, (), tuple(word for word in words if len(word) > 3), noun=True)
        plain = encoder_fold(text)
        return Topic(
            text, self._tagger.names(plain), self._tagger.content(plain), noun=self._tagger.ends_in_noun(plain)
        )

    def _from(self, article: ArticleDetail, start: int, end: int, topic: Topic | None) -> Iterator[Suggestion]:
        mapped = mapped_slice(article.text, start, end, article.edits)
        for draft in self._drafts(mapped.text):
            question = with_topic(draft, topic)
            if question is None:
                continue
            span = mapped.to_source(draft.start, draft.end)
            anchor = article.text[span.start : span.end]
            if article.text.count(anchor) != 1:
                anchor = article.text[start:end]
            if anchor.strip() and article.text.count(anchor) == 1:
                yield Suggestion(question, article.summary.id, anchor, draft.answer, draft.kind, draft.score)

    def _drafts(self, sentence: str) -> Iterator[Draft]:
        if not is_chinese(sentence):
            yield from english.draft(sentence)
            return
        plain = encoder_fold(sentence)
        if len(plain) == len(sentence):
            yield from chinese.draft(sentence, plain, self._tagger)


def is_chinese(text: str) -> bool:
    """Tell whether a third of a text's letters are Han characters."""
    letters = [char for char in text if char.isalpha()]
    return bool(letters) and sum("\u4e00" <= char <= "\u9fff" for char in letters) * 3 >= len(letters)


def with_topic(draft: Draft, topic: Topic | None) -> str | None:
    """Put an article's topic in front of a question that does not name it.

    Returns:
        The question, or None when the topic would give the answer away, or is wanted and there is none.
    """
    if topic is None and not draft.whole:
        return None
    if topic is None or draft.kind == CLOZE or topic.named_in(encoder_fold(draft.question.casefold())):
        return draft.question
    if draft.answer and draft.answer in topic.text:
        return None
    if not is_chinese(draft.question):
        return f"{topic.text}: {draft.question[0].lower()}{draft.question[1:]}"
    about = "關於" if encoder_fold(topic.text) != topic.text else "关于"
    return f"{about}{topic.text}，{draft.question}" if topic.noun else f"{topic.text}，{draft.question}"


def _sentences(article: ArticleDetail) -> list[tuple[int, int]]:
    found = [
        (sentence.start, sentence.end)
        for passage in article.passages
        for sentence in passage.sentences
        if sentence.end - sentence.start <= _LONGEST_SENTENCE
    ]
    return found[:_MOST_SENTENCES]


def _spread(by_article: Sequence[list[Suggestion]], count: int) -> list[Suggestion]:
    """Take in turns from each article what is best of kinds not yet much used; no two on one anchor."""
    used: Counter[str] = Counter()
    taken: list[list[Suggestion]] = [[] for _ in by_article]
    total, progress = 0, True
    while total < count and progress:
        progress = False
        for own, rest in zip(taken, by_article, strict=True):
            if total >= count:
                break
            free = [one for one in rest if all(one.anchor != other.anchor for other in own)]
            if not free:
                continue
            kinds = Counter(other.kind for other in own)
            share = {kind: amount / max(1, total) for kind, amount in used.items()}
            best = max(free, key=lambda one: one.score - _REPEATED * kinds[one.kind] - share.get(one.kind, 0.0))
            own.append(best)
            used[best.kind] += 1
            total, progress = total + 1, True
    return [one for own in taken for one in own]
