"""What every evaluation set is turned into, and the readers' shared checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from qa_service.errors import BadInput
from qa_service.readers.formats import MAX_ROW_BYTES, bounded_lines, parse_json
from qa_service.types import Submission

Format = Literal["squad", "seeds", "beir"]

ANSWERABLE, TAKEN_OUT = "answerable", "taken_out"
"""Kinds of questions that the evaluation gives; a file of unanswered questions has kinds of its own."""
UNHELPFUL = "unhelpful"
"""The kind of a question whose first passage was judged not to answer it."""


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question and the articles that answer it, graded (qrels): article id -> relevance of 1 or more.

    `gold` are the strings that answer it, as they stand in the article; empty where the set has none.
    """

    id: str
    text: str
    relevance: Mapping[str, int]
    place: str
    gold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Text as it stands in an article; a passage that covers any occurrence of it is right."""

    article_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AnchoredQuestion:
    """A question and the places that answer it."""

    id: str
    text: str
    anchors: tuple[Anchor, ...]
    place: str


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question that no article of the set answers, of which kind it is, and the article it was about or its id."""

    id: str
    text: str
    kind: str
    place: str
    cluster: str


@dataclass(frozen=True, slots=True)
class UnhelpfulQuestion:
    """A question and the places that were judged not to answer it; nothing is known of others."""

    id: str
    text: str
    anchors: tuple[Anchor, ...]
    place: str


@dataclass(frozen=True, slots=True)
class RankingSet:
    """Articles to rank, and questions judged by article. `articles` can be read once."""

    name: str
    articles: Iterable[Submission]
    questions: tuple[JudgedQuestion, ...]

    def first(self, count: int) -> RankingSet:
        """Keep the first `count` questions and every article."""
        return replace(self, questions=self.questions[:count])


@dataclass(frozen=True, slots=True)
class AnchorSet:
    """Articles to search, and questions judged by the passage that comes first. `articles` can be read once."""

    name: str
    articles: Iterable[Submission]
    questions: tuple[AnchoredQuestion, ...]

    def first(self, count: int) -> AnchorSet:
        """Keep the first `count` questions and every article."""
        return replace(self, questions=self.questions[:count])


def read_object_lines(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the JSON objects of a JSON Lines file, each with its place as `file:line`.

    Errors:
        BadInput: the file cannot be read, or a line is no JSON object.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(bounded_lines(file, MAX_ROW_BYTES), start=1):
                place = f"{path}:{number}"
                if line is None:
                    raise BadInput("the line is too long", field=place)
                if line.strip(b"\xef\xbb\xbf \t\r\n"):
                    yield place, _object(line, place)
    except OSError as error:
        raise unreadable(path, error) from error


def read_json_file(path: Path) -> object:
    """Parse a whole JSON file.

    Errors:
        BadInput: the file cannot be read or is not JSON.
    """
    try:
        return parse_json(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise BadInput(str(error), field=str(path)) from error


def text_field(row: Mapping[str, object], name: str, place: str) -> str:
    """Take a string that is not blank out of a row.

    Errors:
        BadInput: it is missing, no string, blank, or not encodable as UTF-8.
    """
    value = row.get(name)
    if not isinstance(value, str):
        raise BadInput(f"{name} must be a string" if name in row else f"{name} is missing", field=place)
    if not value.strip():
        raise BadInput(f"{name} is empty", field=place)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput(f"{name} holds half a surrogate pair at {error.start}", field=place) from error
    return value


def list_field(row: object, name: str, place: str) -> list[Mapping[str, object]]:
    """Take a list of objects out of a row.

    Errors:
        BadInput: the row is no object, or the field is missing, no list, or holds something else.
    """
    value = row.get(name) if isinstance(row, Mapping) else None
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise BadInput(f"{name} must be a list of objects", field=place)
    return value


def unreadable(path: Path, error: OSError) -> BadInput:
    """Say that a file of the set cannot be read."""
    return BadInput(f"cannot be read: {error.strerror or error}", field=str(path), remedy="check the path")


def _object(line: bytes, place: str) -> Mapping[str, object]:
    try:
        row = parse_json(line.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except ValueError as error:
        raise BadInput(str(error), field=place) from error
    if not isinstance(row, Mapping):
        raise BadInput("must be a JSON object", field=place)
    return row
