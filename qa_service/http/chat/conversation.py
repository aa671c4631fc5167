"""From the messages of a chat request to a question and what was said before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from qa_service.http.chat.formatting import plain_answer
from qa_service.http.failure import FieldProblem, HttpProblem
from qa_service.types import Role, Turn

_MOST_TURNS = 100
_LONGEST_TURN = 8000
_INSTRUCTIONS = ("system", "developer")
_TEXT_PARTS = ("text", "input_text", "output_text")
# Open WebUI puts attached documents before a question with its template for retrieval.
_TEMPLATE = "### Task:"
_CONTEXT_END = "</context>"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question and the turns before it, the oldest first."""

    question: str
    history: tuple[Turn, ...]


def read_messages(messages: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Give the role and the text of each message; images and tool calls have none.

    Errors:
        HttpProblem: 400, naming the message: there is none, or its role or content is wrong.
    """
    if not messages:
        raise wrong("messages", "is empty", "send at least one message of role user")
    last = len(messages) - 1
    return tuple((_role(one, place), _text(one, place, optional=place < last)) for place, one in enumerate(messages))


def read_conversation(messages: Sequence[Mapping[str, Any]], read: Sequence[tuple[str, str]]) -> Conversation:
    """Take the last message as the question.

    Only the last turns before it are kept: front ends send whole conversations, of which little is ever read.
    Instructions are passed over wherever they stand.

    Parameters:
        messages: as sent.
        read: the same, as `read_messages` gives them.

    Errors:
        HttpProblem: 400, naming the message: the last one is not a user's, or has a part that is no text.
    """
    last = _last_turn(read)
    role, question = read[last]
    if role != "user":
        problem = f"the last message is of role {role}, and only a user asks"
        raise wrong(f"messages[{last}].role", problem, "end with a message of role user; tools are never called here")
    _check_parts(messages[last].get("content"), f"messages[{last}].content")
    turns = [
        Turn(cast(Role, role), (plain_answer(text) if role == "assistant" else _own_words(text))[:_LONGEST_TURN])
        for role, text in read[:last][-_MOST_TURNS:]
        if role in ("user", "assistant")
    ]
    return Conversation(_own_words(question), tuple(turns))


def _own_words(text: str) -> str:
    """Give what a user wrote under the documents that Open WebUI puts before it."""
    if text.startswith(_TEMPLATE):
        _, context, asked = text.rpartition(_CONTEXT_END)
        if context and asked.strip():
            return asked.strip()
    return text


def wrong(field: str | None, problem: str, remedy: str) -> HttpProblem:
    """Make the 400 of a value."""
    return HttpProblem(400, "invalid-input", [FieldProblem(field, problem, remedy)])


def _last_turn(read: Sequence[tuple[str, str]]) -> int:
    """Find the last message that is no instruction; some clients end with one."""
    for place in range(len(read) - 1, -1, -1):
        if read[place][0] not in _INSTRUCTIONS:
            return place
    return len(read) - 1


def _role(message: Mapping[str, Any], place: int) -> str:
    role = message.get("role")
    if role not in get_args(Role):
        problem = "is required" if role is None else "is not a known role"
        raise wrong(f"messages[{place}].role", problem, f"use one of {', '.join(get_args(Role))}")
    return cast(str, role)


def _text(message: Mapping[str, Any], place: int, *, optional: bool) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(text for text in map(_part_text, content) if text is not None)
    if content is None and optional:
        # An assistant's tool call has none.
        return ""
    problem = "is required" if content is None else "must be a string or a list of text parts"
    raise wrong(f"messages[{place}].content", problem, 'write "content": "the question"')


def _part_text(part: object) -> str | None:
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping) and part.get("type") in _TEXT_PARTS and isinstance(part.get("text"), str):
        return str(part["text"])
    return None


def _check_parts(content: object, field: str) -> None:
    for number, part in enumerate(content if isinstance(content, list) else ()):
        if _part_text(part) is not None:
            continue
        kind = part.get("type") if isinstance(part, Mapping) else None
        if isinstance(kind, str) and kind not in _TEXT_PARTS:
            problem = f"is of type {kind[:40]!r}, and only text is read here"
            raise wrong(f"{field}[{number}]", problem, "send text parts alone")
        raise wrong(f"{field}[{number}]", "is not a text part", 'write {"type": "text", "text": "..."}')
