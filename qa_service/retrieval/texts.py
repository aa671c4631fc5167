"""Articles' texts as one question needs them: each read at most once, in the original and the repaired form."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from qa_service.audit import Edit
from qa_service.store import articles, audits
from qa_service.store.catalog import Connection
from qa_service.store.passages import Candidate
from qa_service.text.edits import mapped_slice, repaired_slice
from qa_service.text.offsets import MappedText
from qa_service.text.scripts import script_share
from qa_service.types import Span, TextForm

_OPENING = 200
_EDIT_BYTES = 200
"""Of an edit in memory."""
_FIRST = re.compile(r"[^\s][^\n。！？!?]*[。！？!?]?")


@dataclass(frozen=True, slots=True)
class ArticleText:
    """An article's original text and the edits that repair it."""

    original: str
    edits: Sequence[Edit]

    @classmethod
    def read(cls, connection: Connection, row: int) -> ArticleText:
        """Read it by the article's row.

        Errors:
            NotFound: the article is gone. Damaged: a checksum fails.
        """
        known = connection.kept.texts.get(row)
        if known is None:
            known = articles.original_text(connection, row), audits.edits(connection, row)
            size = sys.getsizeof(known[0]) + _EDIT_BYTES * len(known[1])
            connection.kept.texts.put(row, known, size)
        return cls(*known)

    def repaired(self, start: int, end: int) -> str:
        """Give the repaired form of a slice of the original."""
        return repaired_slice(self.original, start, end, self.edits)

    def mapped(self, start: int, end: int) -> MappedText:
        """Give the repaired form of a slice with its map to the original."""
        return mapped_slice(self.original, start, end, self.edits)

    def opening(self, before: int) -> str | None:
        """Give the article's first line or sentence in repaired form; None when no text lies before that place."""
        if not self.original[:before].strip():
            return None
        found = _FIRST.search(self.repaired(0, min(before, _OPENING)))
        return found[0] if found else ""

    def slice(self, start: int, end: int, form: TextForm | None) -> str:
        """Give a slice of the original in one form or the other."""
        return self.repaired(start, end) if form == "repaired" else self.original[start:end]


class Texts:
    """The texts of the articles that a question came upon."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: dict[int, ArticleText] = {}

    def of(self, row: int) -> ArticleText:
        """Give an article's text by its row.

        Errors:
            NotFound: the article is gone. Damaged: a checksum fails.
        """
        text = self._read.get(row)
        if text is None:
            text = self._read[row] = ArticleText.read(self._connection, row)
        return text

    def share(self, candidate: Candidate, script: str) -> float:
        """Give the share of a passage's letters that are of a script.

        Errors:
            NotFound: the article is gone. Damaged: a checksum fails.
        """
        kept = self._connection.kept.shares
        share = kept.get((candidate.key, script))
        if share is None:
            share = self.measured(candidate, script)
            kept.put((candidate.key, script), share, 1)
        return share

    def share_of_sentence(self, candidate: Candidate, number: int, script: str) -> float:
        """Give the share of the letters of one of a passage's sentences that are of a script; see `share`."""
        kept = self._connection.kept.sentence_shares
        share = kept.get((candidate.key, number, script))
        if share is None:
            share = self.measured(candidate, script, candidate.spans()[number])
            kept.put((candidate.key, number, script), share, 1)
        return share

    def measured(self, candidate: Candidate, script: str, part: Span | None = None) -> float:
        """Count what `share` gives of a passage, or of a part of it."""
        start, end = (candidate.start, candidate.end) if part is None else (part.start, part.end)
        return script_share(self.of(candidate.article).repaired(start, end), script)
