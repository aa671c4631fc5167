"""A clause of a Chinese sentence, and the making of a question from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa_service.evaluation.suggestions.chinese_patterns import (
    ANAPHORS,
    BRACKETS,
    ENDING,
    HEADING,
    LONGEST,
    OPENING,
    POINTING,
    SHORTEST,
    SHORTEST_REST,
    TRADITIONAL,
    WITHOUT_SUBJECT,
)
from qa_service.evaluation.suggestions.drafts import Clause, Draft
from qa_service.evaluation.suggestions.tagging import Tagger
from qa_service.text.fold import encoder_fold


@dataclass(frozen=True, slots=True)
class Place:
    """A clause of a sentence in simplified form, `plain`; `text` is the sentence as it is."""

    text: str
    plain: str
    parts: Sequence[Clause]
    number: int
    tagger: Tagger

    @property
    def clause(self) -> Clause:
        """The clause itself."""
        return self.parts[self.number]

    def word(self, simplified: str) -> str:
        """Give a question's word in the sentence's script."""
        if self.text == self.plain:
            return simplified
        return "".join(TRADITIONAL.get(char, char) for char in simplified)

    def as_is(self, start: int, end: int) -> str:
        """Give a stretch of the sentence."""
        return self.text[start:end]

    def asked(self, start: int, end: int, word: str) -> str | None:
        """Replace a stretch of the clause by a question's word; a clause without a subject is given one.

        The subject comes from the nearest clause before it that has one, if the sentence has any.
        """
        clause = self.clause
        before = self.as_is(clause.start, start)
        if before.endswith(("为", "為")) and word.startswith("什么"):
            return None
        after = self.as_is(end, clause.end)
        if len(tidy(before + after)) < SHORTEST_REST:
            return None
        body = before + self.word(word) + after
        subject = self.subject()
        if subject is not None and subject is not clause:
            body = self.as_is(subject.start, subject.end) + "，" + body
        question = tidy(body)
        # What was asked for may have stood in brackets.
        return question if self.word(word) in question else None

    def subject(self) -> Clause | None:
        """Find the clause that says what this one is about: itself or one before it, or a short heading."""
        for part in reversed(self.parts[: self.number + 1]):
            if self.tagger.has_subject(part.text):
                return part
        heading = self.parts[0]
        return heading if len(heading.text) <= HEADING and self.plain[heading.end : heading.end + 1] == "：" else None

    def draft(self, question: str | None, kind: str, start: int, end: int, score: float) -> Iterator[Draft]:
        """Yield a draft unless the question does not read well."""
        if question and reads_well(question):
            whole = self.subject() is not None and bool(self.tagger.names(encoder_fold(question)))
            known = score if self.subject() else score - WITHOUT_SUBJECT
            yield Draft(f"{question}？", kind, self.clause.start, self.clause.end, self.as_is(start, end), known, whole)


def tidy(question: str) -> str:
    """Take brackets, opening words and stray marks off a question."""
    question = BRACKETS.sub("", question)
    question = re.sub(r"[“”\"「」『』]", "", question) if question.count("“") != question.count("”") else question
    question = re.sub(r"\s+", " ", question).strip(" ，、：；-—·")
    return OPENING.sub("", question).lstrip("，、 ")


def reads_well(question: str) -> bool:
    """Tell whether a question is of a fit length, refers to nothing outside it, and is made of words."""
    if not SHORTEST <= len(question) <= LONGEST or ENDING.search(question):
        return False
    if POINTING.search(question) or ANAPHORS.search(question):
        return False
    return sum("\u4e00" <= char <= "\u9fff" for char in question) >= 0.6 * len(question)
