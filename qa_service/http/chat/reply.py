"""One answer on its way out: which passages it rests on, and its text piece by piece, quoted or generated."""

from __future__ import annotations

import logging
from collections.abc import Generator as Generated
from contextlib import closing
from dataclasses import dataclass

from qa_service.http.chat.citations import CitationCheck
from qa_service.http.chat.conversation import Conversation
from qa_service.http.chat.generator import Generator, GeneratorFailed
from qa_service.http.chat.phrases import Phrases
from qa_service.http.chat.prompting import grounded_messages
from qa_service.http.chat.quoting import hedge, quotation, quoted_passages
from qa_service.http.chat.schemas import Sources
from qa_service.http.chat.sources import Source, listed, markdown_list, sources_of, url_citations
from qa_service.http.chat.thinking import WithoutThoughts
from qa_service.types import Result

_MOST_GENERATED = 40_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer depends on beyond the result: the conversation, where it was asked and how sources are wanted."""

    conversation: Conversation
    collection: str
    sources: Sources
    threshold: float
    base_url: str
    phrases: Phrases
    empty: bool


class Reply:
    """The answer to one question. `pieces` can be gone through once; what else there is is known after that."""

    def __init__(self, asked: Asked, result: Result, generator: Generator | None) -> None:
        self.asked = asked
        self.result = result
        self._generator = generator if result.answerable else None
        self._quoted = quoted_passages(result, asked.threshold)
        # A model is given every passage that was asked for; a quotation needs those alone that it quotes.
        named = result.passages if self._generator else self._quoted
        self.sources: list[Source] = sources_of(named, asked.collection, asked.base_url)
        self.generated = False

    @property
    def markdown(self) -> bool:
        """Whether the text is Markdown, as it is but for a page that shows the passages itself."""
        return self.asked.sources != "result"

    def pieces(self) -> Generated[str | None]:
        """Write the answer without its source list; None comes while a generator is silent, and empty pieces may.

        Closing the iterator stops the generator.
        """
        said = False
        if self._generator is not None:
            try:
                for piece in self._generate(self._generator):
                    said = said or bool(piece and piece.strip())
                    yield piece
                self.generated = True
                return
            except GeneratorFailed as error:
                _log.warning("the generator failed, passages are quoted instead: %s", ascii(str(error))[:500])
        if said:
            yield f"\n\n{self.asked.phrases.cut}\n\n"
        yield from quotation(
            self.result, self._quoted, self.asked.phrases, empty=self.asked.empty, markdown=self.markdown
        )

    def source_list(self, text: str) -> str | None:
        """Give the Markdown list that goes under this text; None where sources are named in another way."""
        if self.asked.sources != "annotations":
            return None
        named = listed(text, self.sources)
        return "\n\n" + markdown_list(self.asked.phrases.sources, named) if named else None

    def annotations(self, text: str) -> list[dict[str, object]] | None:
        """Give the annotations of this text; None where sources are named in another way."""
        return url_citations(text, self.sources) if self.asked.sources == "annotations" else None

    def _generate(self, generator: Generator) -> Generated[str | None]:
        check = CitationCheck(self.result.passages, markdown=self.markdown)
        begun = False
        with closing(self._checked(generator, check)) as pieces:
            for piece in pieces:
                text = piece if begun or piece is None else piece.lstrip()
                if text and not begun:
                    begun = True
                    if self.markdown:
                        yield hedge(self.result, self.asked.phrases)
                yield text
        if not begun:
            raise GeneratorFailed("its answer is empty")
        if check.kept == 0:
            yield f"\n\n{self.asked.phrases.uncited}"

    def _checked(self, generator: Generator, check: CitationCheck) -> Generated[str | None]:
        answer = WithoutThoughts()
        length = 0
        messages = grounded_messages(self.asked.conversation, self.result.passages, markdown=self.markdown)
        with closing(generator.stream(messages)) as stream:
            for piece in stream:
                text = piece if piece is None else check.feed(answer.feed(piece))
                length += len(text or "")
                if length > _MOST_GENERATED:
                    raise GeneratorFailed("its answer does not end")
                yield text
        yield check.feed(answer.finish()) + check.finish()
