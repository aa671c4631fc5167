"""Background prompts of chat front ends, told from questions and answered without retrieval.

A front end asks the model of a conversation to name it, tag it, propose follow-ups, compress it. Such a prompt has one
of three shapes: it is the only message and holds the conversation; it comes after the conversation; or it is the
system message and the conversation follows. In each shape only the opening counts, with a second mark further on, so
that a question about titles, or one that quotes such a prompt, stays a question: a prompt missed costs an odd title,
a question taken for a prompt costs its answer.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from qa_service.http.chat.asked import first_question, questions_of, shortened, to_rephrase
from qa_service.http.chat.housekeeping_marks import AFTER, ALONE, SYSTEM, Kind, Mark
from qa_service.text.fold import encoder_fold

# The parts of a prompt in which marks are looked for, in characters.
_HEAD, _TAIL, _INSTRUCTION = 6_000, 400, 1_000
# Lengths of a title and of a question in a summary, in graphemes; questions in a summary.
_TITLE, _SUMMED_UP, _MOST_QUESTIONS = 30, 80, 5

_BY_KEY: dict[str, Kind] = {
    "title": "title",
    "tags": "tags",
    "follow_ups": "follow_ups",
    "queries": "queries",
    "text": "completion",
    "prompt": "image_prompt",
}
_JSON_FORM = re.compile(r'\{\s{0,20}"(' + "|".join(_BY_KEY) + r')"\s{0,5}:')
_OPEN, _CLOSE = "\n<chat_history>", "</chat_history>"
_SUGGESTED_QUESTIONS = "please help me predict the three most likely questions"


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """A background task; `json_key` is the member of the JSON object asked for, "" for an array, None for text."""

    kind: Kind
    json_key: str | None


def recognise(messages: Sequence[tuple[str, str]]) -> Housekeeping | None:
    """Tell a front end's background prompt from a question, in time linear in the length of the messages.

    Parameters:
        messages: (role, text) of the whole request, the oldest first, instructions at its end included.

    Returns:
        The task, or None when the last message is a question.
    """
    if not messages:
        return None
    (first_role, first), (role, last) = messages[0], messages[-1]
    spoken = [said for said, _ in messages if said in ("user", "assistant")]
    if role == "user" and len(spoken) == 1:
        found = _block_prompt(last) or _marked(ALONE, last) or _suggested_questions(last)
        if found:
            return found
    if role == "user" and first_role in ("system", "developer"):
        found = _marked(SYSTEM, first)
        if found:
            return found
    earlier = len(spoken) - (role in ("user", "assistant"))
    if earlier and role != "assistant" and len(last) <= _INSTRUCTION:
        return _marked(AFTER, last)
    return None


def reply(task: Housekeeping, messages: Sequence[tuple[str, str]]) -> str:
    """Answer a background prompt from the conversation that it is about.

    Parameters:
        task: what `recognise` found in the same messages.
        messages: (role, text) of the whole request, the oldest first.

    Returns:
        JSON of the shape asked for, or plain text. A title is the first question, shortened; a summary is the
        questions, one to a line; tags, follow-ups, search queries and tool calls are none.
    """
    value = _value(task, messages)
    if task.json_key is None:
        return value if isinstance(value, str) else "\n".join(value)
    return json.dumps({task.json_key: value} if task.json_key else value, ensure_ascii=False)


def _value(task: Housekeeping, messages: Sequence[tuple[str, str]]) -> str | list[str]:
    if task.kind == "search":
        return to_rephrase(messages)
    if task.kind in ("title", "image_prompt"):
        return first_question(messages, _TITLE if task.kind == "title" else _SUMMED_UP)
    if task.kind == "summary":
        questions = list(questions_of(messages))
        kept = questions[:1] + questions[1:][1 - _MOST_QUESTIONS :]
        return "\n".join(shortened(question, _SUMMED_UP) for question in kept)
    if task.json_key == "action":
        # Chatbox asks whether to search; answering needs no search of its own.
        return "proceed"
    return {"emoji": "🙂", "completion": ""}.get(task.kind, [])


def _marked(marks: Sequence[Mark], text: str) -> Housekeeping | None:
    head, tail = _folded(text.lstrip()[:_HEAD]), _folded(text[-_TAIL:])
    for mark in marks:
        later = _folded_mark(mark.later)
        if head.startswith(_folded_mark(mark.opening)) and (later in head or later in tail):
            return Housekeeping(mark.kind, mark.json_key)
    return None


def _block_prompt(text: str) -> Housekeeping | None:
    """Find Open WebUI's shape, in any language: a heading, a JSON form, and the conversation in tags at the end."""
    text = text.strip()
    start, end = text.find(_OPEN), text.rfind(_CLOSE)
    if not text.startswith("#") or not 0 < start < end:
        return None
    after = text[end + len(_CLOSE) :].lstrip()
    form = _JSON_FORM.search(text, 0, min(start, _HEAD))
    if form is None or (after and not after.startswith("<type>")):
        return None
    return Housekeeping(_BY_KEY[form[1]], form[1])


def _suggested_questions(text: str) -> Housekeeping | None:
    """Find Dify's: the conversation first, then the instruction, and nothing after the word that asks for a list."""
    tail = text[-_INSTRUCTION:].rstrip().casefold()
    asked = tail.endswith("questions:") and _SUGGESTED_QUESTIONS in tail
    return Housekeeping("follow_ups", "") if asked else None


def _folded(text: str) -> str:
    return encoder_fold(unicodedata.normalize("NFC", text)).casefold()


_folded_mark = cache(_folded)
