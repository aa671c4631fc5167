"""How an answer names its sources: events, annotations, and a list in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from qa_service.http.chat.formatting import escaped_lines, link, one_line
from qa_service.types import RankedPassage

_SCHEME = re.compile(r"^(?:https?://)+", re.IGNORECASE)
# Signs that turn the direction of what follows them, beyond the title too.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARK = re.compile(r"(?<!\\)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Source:
    """A passage with its number in the answer, and an address at which a person finds it."""

    number: int
    passage: RankedPassage
    title: str
    url: str


def sources_of(passages: Sequence[RankedPassage], collection: str, base_url: str) -> list[Source]:
    """Number passages from 1 and link each: to the article's own URL, or else to the page, at the best sentence.

    Parameters:
        passages: as found, best first.
        collection: where they were found.
        base_url: where people reach the page, without a slash at the end.
    """
    named: dict[str, int] = {}
    sources = []
    for number, passage in enumerate(passages, start=1):
        named[passage.article_id] = count = named.get(passage.article_id, 0) + 1
        # Two passages of one article would otherwise look like one source named twice.
        title = (one_line(_DIRECTIONS.sub("", passage.title or "")) or passage.article_id) + (
            f" ({count})" if count > 1 else ""
        )
        sources.append(Source(number, passage, title, _url(passage, collection, base_url)))
    return sources


def _url(passage: RankedPassage, collection: str, base_url: str) -> str:
    if passage.url:
        return passage.url
    start = min((span.start for span in passage.highlights), default=passage.start)
    end = max((span.end for span in passage.highlights), default=passage.end)
    place = urlencode({"in": collection, "article": passage.article_id, "start": start, "end": end})
    return f"{base_url}/#{place}"


def source_event(source: Source) -> dict[str, object]:
    """Make the event by which Open WebUI shows a source.

    Each has a `metadata.source` of its own, by which marks are numbered; it is the passage's id, since an http address
    there, or as a name, would be asked of a foreign host for its icon. The text is shown as Markdown.
    """
    passage = source.passage
    name = _SCHEME.sub("", source.title)
    return {
        "type": "source",
        "data": {
            "source": {"id": passage.passage_id, "name": name, "url": source.url},
            "document": [escaped_lines(passage.text)],
            "metadata": [{"source": passage.passage_id, "name": name}],
            "distances": [passage.score],
        },
    }


def listed(text: str, sources: Sequence[Source]) -> list[Source]:
    """Give the sources to list under a text: up to the last one with a mark, since Markdown numbers lists by itself."""
    last = max((int(found[1]) for found in _MARK.finditer(text)), default=0)
    return [source for source in sources if source.number <= last]


def url_citations(text: str, sources: Sequence[Source]) -> list[dict[str, object]]:
    """Make an annotation for each source with a mark in the text, at its first mark; indexes count code points."""
    first: dict[int, re.Match[str]] = {}
    for found in _MARK.finditer(text):
        first.setdefault(int(found[1]), found)
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "url": source.url,
                "title": source.title,
                "start_index": first[source.number].start(),
                "end_index": first[source.number].end(),
            },
        }
        for source in sources
        if source.number in first
    ]


def markdown_list(heading: str, sources: Iterable[Source]) -> str:
    """Write the sources as a numbered list of links."""
    rows = "\n".join(f"{source.number}. {link(source.title, source.url)}" for source in sources)
    return f"{heading}\n\n{rows}"
