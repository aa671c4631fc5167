"""What of a chat request's messages is the question, what is history, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from qa_service.http.chat.conversation import Conversation, read_messages
from qa_service.http.chat.conversation import read_conversation as read_given
from qa_service.http.failure import HttpProblem
from qa_service.types import Turn


def read_conversation(messages: list[dict[str, Any]]) -> Conversation:
    return read_given(messages, read_messages(messages))


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def said(content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def test_the_last_message_is_the_question() -> None:
    read = read_conversation([user("甲？"), said("乙。"), user("丙？")])
    assert read.question == "丙？"
    assert read.history == (Turn("user", "甲？"), Turn("assistant", "乙。"))


def test_content_may_be_text_parts() -> None:
    parts = [{"type": "text", "text": "甲"}, {"type": "text", "text": "乙？"}]
    assert read_conversation([user(parts)]).question == "甲\n乙？"


def test_system_prompts_are_no_part_of_it_wherever_they_stand() -> None:
    pirate = {"role": "system", "content": "Answer as a pirate."}
    read = read_conversation([pirate, user("甲？"), pirate])
    assert read.question == "甲？"
    assert read.history == ()


def test_tool_calls_and_images_of_earlier_messages_are_passed_over() -> None:
    calls = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    picture = user([{"type": "image_url", "image_url": {"url": "data:,"}}, {"type": "text", "text": "看"}])
    read = read_conversation([picture, calls, {"role": "tool", "content": "7"}, user("甲？")])
    assert [turn.content for turn in read.history] == ["看", ""]


def test_of_a_retrieval_template_the_users_own_words_are_read() -> None:
    template = (
        '### Task:\nRespond with the context.\n<context>\n<source id="1">乙 </context> 丙</source>\n</context>\n\n甲？'
    )
    assert read_conversation([user(template)]).question == "甲？"
    for whole in ("### Task:\n甲？", "什么是 </context> 标签？", "### Task: x </context> "):
        assert read_conversation([user(whole)]).question == whole


def test_of_many_messages_the_last_are_kept() -> None:
    messages = [user(f"第{n}问") if n % 2 == 0 else said(f"第{n}答") for n in range(2000)]
    read = read_conversation([*messages, user("末问？")])
    assert read.question == "末问？"
    assert len(read.history) == 100
    assert read.history[-1].content == "第1999答"


def test_a_very_long_earlier_message_is_cut() -> None:
    read = read_conversation([user("长" * 100_000), user("甲？")])
    assert len(read.history[0].content) == 8000


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([], "messages"),
        ([said("乙。")], "messages[0].role"),
        ([user("甲？"), said("乙。")], "messages[1].role"),
        ([user("甲？"), {"role": "tool", "content": "7", "tool_call_id": "1"}], "messages[1].role"),
        ([{"role": "system", "content": "x"}], "messages[0].role"),
        ([{"content": "x"}], "messages[0].role"),
        ([{"role": "pirate", "content": "x"}, user("甲？")], "messages[0].role"),
        ([{"role": ["user"], "content": "x"}], "messages[0].role"),
        ([{"role": "user"}], "messages[0].content"),
        ([user(None)], "messages[0].content"),
        ([user(7)], "messages[0].content"),
        ([user({"type": "text", "text": "x"})], "messages[0].content"),
        ([user([{"type": "image_url", "image_url": {"url": "x"}}])], "messages[0].content[0]"),
        ([user([{"type": "text", "text": "x"}, {"type": "input_audio"}])], "messages[0].content[1]"),
        ([user([{"type": "text"}])], "messages[0].content[0]"),
        ([user([{"type": {}}])], "messages[0].content[0]"),
        ([user([None])], "messages[0].content[0]"),
    ],
)
def test_what_cannot_be_a_conversation_is_refused(messages: list[dict[str, Any]], field: str) -> None:
    with pytest.raises(HttpProblem) as caught:
        read_conversation(messages)
    assert caught.value.status == 400
    problem = caught.value.problems[0]
    assert problem.field == field
    assert problem.remedy
