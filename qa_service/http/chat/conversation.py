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


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question and the turns before it, the oldest first; `messages` are (role, text) of all that was sent."""

    question: str
    history: tuple[Turn, ...]
    messages: tuple[tuple[str, str], ...]


def read_conversation(messages: Sequence[Mapping[str, Any]]) -> Conversation:
    """Take the last message as the question.

    Only the last turns before it are kept: front ends send whole conversations, of which little is ever read. In
    earlier messages, images and tool calls are passed over; instructions anywhere are.

    Errors:
        HttpProblem: 400, naming the message: there is none, its role or content is wrong, the last one is not a
            user's, or has a part that is no text.
    """
    if not messages:
        raise wrong("messages", "is empty", "send at least one message of role user")
    last = _last_turn(messages)
    read = [(_role(message, place), message) for place, message in enumerate(messages[: last + 1])]
    if read[last][0] != "user":
        problem = f"the last message is of role {read[last][0]}, and only a user asks"
        raise wrong(f"messages[{last}].role", problem, "end with a message of role user; tools are never called here")
    texts = [_text(message, place, last) for place, (_, message) in enumerate(read)]
    pairs = tuple((role, text) for (role, _), text in zip(read, texts, strict=True))
    turns = [
        Turn(cast(Role, role), (plain_answer(text) if role == "assistant" else text)[:_LONGEST_TURN])
        for role, text in pairs[:-1][-_MOST_TURNS:]
        if role in ("user", "assistant")
    ]
    return Conversation(texts[last], tuple(turns), pairs)


def wrong(field: str | None, problem: str, remedy: str) -> HttpProblem:
    """Make the 400 of a value."""
    return HttpProblem(400, "invalid-input", [FieldProblem(field, problem, remedy)])


def _last_turn(messages: Sequence[Mapping[str, Any]]) -> int:
    """Find the last message that is no instruction; some clients end with one."""
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].get("role") not in _INSTRUCTIONS:
            return place
    return len(messages) - 1


def _role(message: Mapping[str, Any], place: int) -> str:
    role = message.get("role")
    if role not in get_args(Role):
        problem = "is required" if role is None else "is not a known role"
        raise wrong(f"messages[{place}].role", problem, f"use one of {', '.join(get_args(Role))}")
    return cast(str, role)


def _text(message: Mapping[str, Any], place: int, last: int) -> str:
    content = message.get("content")
    field = f"messages[{place}].content"
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            _part_text(part, f"{field}[{number}]", asked=place == last) for number, part in enumerate(content)
        ).strip("\n")
    if content is None and place < last:
        # An assistant's tool call has none.
        return ""
    problem = "is required" if content is None else "must be a string or a list of text parts"
    raise wrong(field, problem, 'write "content": "the question"')


def _part_text(part: object, field: str, *, asked: bool) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, Mapping) else None
    text = part.get("text") if isinstance(part, Mapping) else None
    if kind in _TEXT_PARTS and isinstance(text, str):
        return text
    if not asked:
        return ""
    if isinstance(kind, str) and kind not in _TEXT_PARTS:
        raise wrong(field, f"is of type {kind[:40]!r}, and only text is read here", "send text parts alone")
    raise wrong(field, "is not a text part", 'write {"type": "text", "text": "..."}')
