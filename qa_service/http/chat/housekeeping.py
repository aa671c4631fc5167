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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

import regex

from qa_service.http.chat.housekeeping_marks import AFTER, ALONE, SYSTEM, Kind, Mark
from qa_service.text.fold import encoder_fold

# The parts of a prompt in which marks are looked for, and what of a conversation is read, in characters.
_HEAD, _TAIL, _INSTRUCTION, _TURN_LENGTH = 6_000, 400, 1_000, 4_000
# Lengths of a title and of a question in a summary, in graphemes; questions in a summary.
_TITLE, _SUMMED_UP, _MOST_QUESTIONS = 30, 80, 5
# A conversation that has not come to its subject after so many messages is named by a greeting.
_MOST_GREETINGS = 20

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

# Where a prompt quotes the conversation: the first of these that it has.
_BLOCKS = ("chat_history", "content", "conversation", "messages")
_LEADS = (
    "### Messages Being Compacted:",
    "\nNew lines of conversation:",
    "\nNew lines:",
    "\nConversation:",
    "\nUser Input:",
    "Here is the message:",
    "Here is the query:",
)
_DASHES = "---------"
_SPEAKER = re.compile(
    r"^[ \t]{0,40}(?:<(user|assistant)>|\[?(user|human|用户|用戶|使用者|assistant|ai|system|助手|助理)\]?[ \t]?[:：])",
    re.IGNORECASE | re.MULTILINE,
)
_USER = frozenset({"user", "human", "用户", "用戶", "使用者"})
_FOLLOW_UP = re.compile(r"follow[ -]up (?:input|question):[ \t]{0,9}(\S[^\n]{0,2000})", re.IGNORECASE)
_FOLLOW_UP_END = ", it's standalone query:"
_GREETINGS = frozenset(
    {"", "hi", "hello", "hey", "你好", "您好", "嗨", "哈喽", "哈囉", "在吗", "在嗎", "早上好", "晚上好"}
)
_QUOTES = regex.compile(r"[\"“”„«»「」『』`*]+")
# Controls and surrogates have no place in a title, joiners between emoji do. Braces would mislead a client that cuts
# the JSON out of a reply at the last one.
_UNSHOWN = regex.compile(r"[\p{Cc}\p{Cs}\p{Z}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff{}<>#\[\]|\\]+")
_ENDS = " \t.。．?？!！,，、;；:：…'‘’-—"
_HAN = regex.compile(r"\p{Han}")


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
        return _standalone(messages)
    if task.kind in ("title", "image_prompt"):
        return _title(messages, _TITLE if task.kind == "title" else _SUMMED_UP)
    if task.kind == "summary":
        questions = list(_questions(messages))
        kept = questions[:1] + questions[1:][1 - _MOST_QUESTIONS :]
        return "\n".join(_cut(question, _SUMMED_UP) for question in kept)
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


def _title(messages: Sequence[tuple[str, str]], length: int) -> str:
    greeting = ""
    for question in islice(_questions(messages), _MOST_GREETINGS):
        title = _cut(question, length)
        if title.casefold() not in _GREETINGS:
            return title
        greeting = greeting or title
    return greeting or ("对话" if _HAN.search(messages[-1][1]) else "Chat")


def _questions(messages: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Read the user's questions of the conversation that a prompt is about, the oldest first."""
    asked = [text for role, text in messages if role == "user"]
    if len(asked) != 1 or messages[-1][0] != "user":
        # The prompt itself is the last message, of whatever role; a system prompt's conversation loses its last turn.
        return (text for role, text in messages[:-1] if role == "user")
    quoted = _quoted(asked[0])
    if quoted is None:
        # After a system prompt the message is the conversation, else it is nothing but instructions.
        quoted = asked[0] if len(messages) > 1 else ""
    return _users_turns(quoted)


def _quoted(text: str) -> str | None:
    for name in _BLOCKS:
        start = re.search(rf"^[ \t]{{0,40}}<{name}>", text, re.MULTILINE)
        if start:
            end = text.rfind(f"</{name}>")
            return text[start.end() : end if end >= start.end() else len(text)]
    for lead in _LEADS:
        # Examples in a prompt come before the conversation.
        place = text.rfind(lead) if lead == "\nUser Input:" else text.find(lead)
        if place >= 0:
            return text[place + len(lead) :].lstrip(" \r\n-")
    fence, end = text.find("\n```\n"), text.rfind("\n```")
    return _chatbox_question(text[fence + 5 : end]) if 0 <= fence < end else None


def _chatbox_question(text: str) -> str:
    """Take the user's first message of a conversation that names no speakers and may begin with a system prompt."""
    parts = text.split(f"\n{_DASHES}\n")
    return parts[1] if len(parts) % 2 and len(parts) > 1 else parts[0]


def _users_turns(text: str) -> Iterator[str]:
    yield from _json_turns(text)
    found = _SPEAKER.search(text)
    if not found and not text.lstrip().startswith("["):
        yield text.strip()[:_TURN_LENGTH]
    while found:
        following = _SPEAKER.search(text, found.end())
        if (found[1] or found[2]).casefold() in _USER:
            said = text[found.end() : following.start() if following else len(text)].strip()
            if said:
                yield said[:_TURN_LENGTH].removesuffix("</user>")
        found = following


def _json_turns(text: str) -> Iterator[str]:
    """Read Cherry Studio's form, a JSON array of {role, mainText}; nothing when the text is another."""
    text = text.lstrip()
    if not text.startswith("["):
        return
    try:
        turns, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return
    for turn in turns:
        if isinstance(turn, dict) and turn.get("role") == "user":
            said = turn.get("mainText", turn.get("content"))
            if isinstance(said, str):
                yield said


def _standalone(messages: Sequence[tuple[str, str]]) -> str:
    """Give the question to be rephrased as it stands: what it leaves out, retrieval takes from the history."""
    *_, found = [None, *_FOLLOW_UP.finditer(messages[-1][1])]
    asked = found[1] if found else messages[-1][1][:_TURN_LENGTH]
    return _shown(asked.strip().removesuffix(_FOLLOW_UP_END))


def _cut(text: str, length: int) -> str:
    """Shorten to a number of graphemes at a word's border: the first line, without quotes and markup."""
    line = next((line for line in text[:_TURN_LENGTH].splitlines() if line.strip(_ENDS)), "")
    shown = _shown(line).strip(_ENDS)
    graphemes = regex.findall(r"\X", shown)
    if len(graphemes) <= length:
        return shown
    kept = "".join(graphemes[:length])
    border = kept.rfind(" ")
    if border > len(kept) // 2 and graphemes[length] != " ":
        kept = kept[:border]
    return kept.rstrip(_ENDS) + "…"


def _shown(text: str) -> str:
    return str(_UNSHOWN.sub(" ", _QUOTES.sub("", text))).strip()
