"""What a user asked in the conversation that a background prompt is about, read out of the prompt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice

import regex

# What is read of one message, in characters.
_TURN_LENGTH = 4_000
# A conversation that has not come to its subject after so many messages is named by a greeting.
_MOST_GREETINGS = 20
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


def first_question(messages: Sequence[tuple[str, str]], length: int) -> str:
    """Shorten the first question that is more than a greeting; a word for a chat when there is none.

    Parameters:
        messages: as in `questions_of`.
        length: of the result, in graphemes.
    """
    greeting = ""
    for question in islice(questions_of(messages), _MOST_GREETINGS):
        title = shortened(question, length)
        if title.casefold() not in _GREETINGS:
            return title
        greeting = greeting or title
    return greeting or ("对话" if _HAN.search(messages[-1][1]) else "Chat")


def questions_of(messages: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Read the user's questions of the conversation that a prompt is about.

    Parameters:
        messages: (role, text) of the request; the prompt is the last of them, or the system message.

    Returns:
        What the user said, the oldest first.
    """
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


def to_rephrase(messages: Sequence[tuple[str, str]]) -> str:
    """Give the question that a prompt wants rephrased, as it stands.

    What it leaves out, retrieval takes from the history when the question comes.
    """
    *_, found = [None, *_FOLLOW_UP.finditer(messages[-1][1])]
    asked = found[1] if found else messages[-1][1][:_TURN_LENGTH]
    return _shown(asked.strip().removesuffix(_FOLLOW_UP_END))


def shortened(text: str, length: int) -> str:
    """Shorten to a number of graphemes, at a word's border: the first line, without quotes and markup."""
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
