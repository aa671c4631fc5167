"""Background prompts of chat front ends: recognised by their shape, answered in theirs; questions stay questions."""

from __future__ import annotations

import json

import pytest

from qa_service.http.chat.housekeeping import Housekeeping, recognise, reply
from qa_service.http.chat.housekeeping_marks import AFTER, ALONE, SYSTEM

QUESTION = "疫情期间如何保护自己？"
TURNS = f"USER: {QUESTION}\nASSISTANT: 请戴口罩 [1]。\nUSER: 小孩呢？\nASSISTANT: 同样。"
NAME_IT = "Based on the chat history, give this conversation a name"
SPOKEN = [("user", QUESTION), ("assistant", "请戴口罩 [1]。")]
Messages = list[tuple[str, str]]


def block(form: str, heading: str = "### Task:\nDo it.", turns: str = TURNS, end: str = "") -> Messages:
    text = (
        f"{heading}\n### Output:\nJSON format: {form}\n### Chat History:\n<chat_history>\n{turns}\n</chat_history>{end}"
    )
    return [("user", text)]


def answered(messages: Messages) -> str:
    task = recognise(messages)
    assert task, messages[-1][1][:200]
    return reply(task, messages)


@pytest.mark.parametrize(
    ("form", "kind", "expected"),
    [
        ('{ "title": "your title" }', "title", {"title": "疫情期间如何保护自己"}),
        ('{ "tags": ["tag1", "tag2"] }', "tags", {"tags": []}),
        ('{ "follow_ups": ["1", "2"] }', "follow_ups", {"follow_ups": []}),
        ('{\n  "queries": ["q"]\n}', "queries", {"queries": []}),
        ('{\n    "prompt": "a picture"\n}', "image_prompt", {"prompt": "疫情期间如何保护自己"}),
    ],
)
@pytest.mark.parametrize(
    "heading", ["### Task:\nDo it.", "### 任务：\n生成。", "### 任務：\n產生。", "# Aufgabe\nBitte."]
)
def test_a_block_prompt_is_answered_in_its_json_form(
    form: str, kind: str, expected: dict[str, object], heading: str
) -> None:
    messages = block(form, heading)
    task = recognise(messages)
    assert task == Housekeeping(kind, next(iter(expected)))  # type: ignore[arg-type]
    assert json.loads(reply(task, messages)) == expected
    assert recognise([("system", "Be brief."), *messages]) == task


def test_autocompletion_ends_with_the_text_to_complete() -> None:
    messages = block('{ "text": "" }', end="\n<type>General</type>\n<text>如何</text>\n#### Output:\n")
    assert json.loads(answered(messages)) == {"text": ""}


def test_an_emoji_and_a_choice_of_tools() -> None:
    face = "Your task is to reflect the speaker's likely facial expression.\n\nMessage: ```你好```"
    assert answered([("user", face)]) == "🙂"
    tools = f'Available Tools: [{"{}, " * 9000}]\n\nChoose.\nThe format:\n{{\n  "tool_calls": [\n  ]\n}}'
    assert json.loads(answered([("system", tools), ("user", f"Query: {QUESTION}")])) == {"tool_calls": []}


def test_a_compaction_keeps_the_questions() -> None:
    text = f"### Task:\nSummarize the conversation history.\n\n### Messages Being Compacted:\n{TURNS}\n\n### Recent:\n"
    assert answered([("user", text)]) == "疫情期间如何保护自己\n小孩呢"


@pytest.mark.parametrize("mark", AFTER, ids=lambda mark: mark.opening[:24])
def test_an_instruction_after_the_conversation(mark: tuple[str, str, str, None]) -> None:
    kind, opening, later, _ = mark
    text = f"{opening.capitalize()} ... {later}, 50."
    for role in ("user", "system"):
        messages = [*SPOKEN, (role, text)]
        assert recognise(messages) == Housekeeping(kind, None)  # type: ignore[arg-type]
        assert reply(Housekeeping(kind, None), messages) == "疫情期间如何保护自己"  # type: ignore[arg-type]
    assert recognise([("user", text)]) is None, "there is no conversation to be named"
    assert recognise([*SPOKEN, ("user", f"{opening}?")]) is None, "the second mark is missing"
    assert recognise([*SPOKEN, ("user", f"What does this mean: {text}")]) is None


def test_a_traditional_wording_of_a_simplified_prompt() -> None:
    text = "使用四到五個字直接返回這句話的簡要主題，不要解釋；若沒有主題，請返回「閒聊」"
    assert recognise([*SPOKEN, ("user", text)]) == Housekeeping("title", None)


@pytest.mark.parametrize("mark", SYSTEM, ids=lambda mark: mark.opening[:24])
def test_an_instruction_as_system_message(mark: tuple[str, str, str, str | None]) -> None:
    kind, opening, later, key = mark
    messages = [("system", f"{opening.capitalize()} ... {later} ..."), ("user", f"user: {QUESTION}\nassistant: 戴口罩")]
    assert recognise(messages) == Housekeeping(kind, key)  # type: ignore[arg-type]
    assert answered(messages)
    assert recognise([("system", f"Answer kindly. {opening} {later}"), *messages[1:]]) is None
    assert recognise([("system", opening), *messages[1:]]) is None or later in opening


@pytest.mark.parametrize("mark", ALONE, ids=lambda mark: mark.opening[:24])
def test_an_instruction_with_the_conversation_in_it(mark: tuple[str, str, str, str | None]) -> None:
    kind, opening, later, key = mark
    text = f"{opening.capitalize()} of this.\n{later}\n{TURNS}"
    assert recognise([("user", text)]) == Housekeeping(kind, key)  # type: ignore[arg-type]
    assert recognise([*SPOKEN, ("user", text)]) is None, "such a prompt is the only message"
    assert recognise([("user", f"这是什么意思？\n{text}")]) is None


NAMING = "总结给出的会话，将其总结为 10 字内标题，不要使用标点。"


@pytest.mark.parametrize(
    "conversation",
    [
        f"user: {QUESTION}\nassistant: 戴口罩\n\n请总结上述对话为10个字以内的标题",
        f"用户：{QUESTION}\n助手：戴口罩",
        f"[USER]: {QUESTION}\n\n[ASSISTANT]: 戴口罩",
        f"<chat_history>\n<user>{QUESTION}</user>\n<assistant>戴口罩</assistant>\n</chat_history>",
        json.dumps([{"role": "user", "mainText": QUESTION}, {"role": "assistant", "mainText": "戴"}]) + " /no_think",
        f"user: 你好\nassistant: 您好\nuser: {QUESTION}",
        QUESTION,
    ],
)
def test_the_title_is_the_first_real_question(conversation: str) -> None:
    assert answered([("system", NAMING), ("user", conversation)]) == "疫情期间如何保护自己"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            f"{NAME_IT}.\n\n```\n{QUESTION}\n\n---------\n\n戴口罩\n```\n\nThe name is:",
            "疫情期间如何保护自己",
        ),
        (
            f"Based on the chat history, give this conversation a name.\n\n```\nBe nice.\n\n---------\n\n{QUESTION}\n\n"
            "---------\n\n戴口罩\n```\n\nThe name is:",
            "疫情期间如何保护自己",
        ),
        (
            "You are asked to generate a concise chat title.\nUser Input: an example\n\nUser Input:\n"
            + QUESTION
            + "\n",
            '{"Your Output": "疫情期间如何保护自己"}',
        ),
        (
            f"Provide a concise, 5-word-or-less title.\n\nConversation:\nUser: {QUESTION}\nAI: 戴口罩",
            "疫情期间如何保护自己",
        ),
        (
            f"I will give you some dialogue content in the `<content>` block.\n<content>\nUser: {QUESTION}\n</content>",
            "疫情期间如何保护自己",
        ),
        (f"Summarize in a 10-word title. Here is the message: {QUESTION}", "疫情期间如何保护自己"),
        (
            f"Here is the query:\n\n--------------\n\n{QUESTION}\n\n--------------\n\nWrite 3 words as a title for the "
            "previous query.",
            "疫情期间如何保护自己",
        ),
        (
            "Given the following conversation and a follow up question, rephrase it.\nHuman: a\nFollow Up Input: "
            f"{QUESTION}\nStandalone question:",
            QUESTION,
        ),
        (f"Human: {QUESTION}\nPlease help me predict the three most likely questions.\n[]\nquestions:\n", "[]"),
    ],
)
def test_a_prompt_that_quotes_the_conversation(prompt: str, expected: str) -> None:
    assert answered([("user", prompt)]) == expected


def test_a_question_to_be_rephrased_stays_as_it_is() -> None:
    system = "Given the following conversation and a follow-up question, rephrase it.\n<chatHistory>\na\n</chatHistory>"
    messages = [("system", system), ("user", f"Follow Up Input: {QUESTION}, it's standalone query:")]
    assert answered(messages) == QUESTION


def test_a_summary_keeps_the_first_question_and_the_latest() -> None:
    turns = [("user", f"第{n}个问题是什么") for n in range(9)]
    messages = [*turns, ("system", "简要总结一下对话内容，用作后续的上下文提示")]
    assert answered(messages).splitlines() == [f"第{n}个问题是什么" for n in (0, 5, 6, 7, 8)]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How do I protect myself and my family during an outbreak?", "How do I protect myself and my…"),
        ("“新冠”是什么？", "新冠是什么"),
        ("第一行\n第二行", "第一行"),
        ("疫" * 40, "疫" * 30 + "…"),
        ("👩‍👩‍👧‍👦" * 31, "👩‍👩‍👧‍👦" * 30 + "…"),
        ('} {"title": "x"} {', "title: x"),
        ("a\u202egnp.exe\x00\ud800", "a gnp.exe"),
        ("<script>alert(1)</script>", "script alert(1) /script"),
        ("don't panic", "don't panic"),
        ("hello", "hello"),
        ("？！", "对话"),
        ("", "对话"),
    ],
)
def test_a_title_is_short_and_plain(question: str, title: str) -> None:
    heading = "### Task:\n生成标题。"
    text = answered(block('{ "title": "t" }', heading, turns=f"USER: {question}\nASSISTANT: ok"))
    assert json.loads(text) == {"title": title}
    text.encode()
    assert text.count("{") == text.count("}") == 1


DIALOGUE = "I will give you some dialogue content in the "
HOSTILE = {
    "open block": (
        None,
        block('{ "title": "t" }', turns="USER: " + "a" * 1_000_000)[0][1].removesuffix("</chat_history>"),
    ),
    "many blocks": (None, "### Task:\n" + "\n<chat_history>" * 70_000),
    "many closings": ("title", '# {"title": ""}\n<chat_history>' + "</chat_history>" * 70_000),
    "many speakers": ("title", block('{ "title": "" }', turns="USER:\n" * 160_000)[0][1]),
    "spaces": (None, "#" + " " * 1_000_000 + "\n<chat_history>\n</chat_history>"),
    "braces": (None, "# " + "{ " * 500_000 + "\n<chat_history>\n</chat_history>"),
    "accents": ("title", NAME_IT + "a\u0301\u0323" * 330_000 + "The name is:"),
    "dashes": ("title", f"{NAME_IT}\n```\n" + "\n---------\n" * 90_000 + "\n```The name is:"),
    "tabs": ("title", DIALOGUE + "\t" * 1_000_000 + "<content>"),
    "lines": ("title", f"{DIALOGUE}<content>" + "\n \t" * 300_000 + "USER"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_prompt_is_read_in_one_go(name: str) -> None:
    """A reading that is quadratic in a million characters would not end."""
    kind, text = HOSTILE[name]
    messages = [("user", text)]
    task = recognise(messages)
    assert (task and task.kind) == kind
    assert task is None or len(reply(task, messages)) < 100
    assert len(answered([("system", NAMING), *messages])) < 100


def test_a_deep_array_is_no_conversation() -> None:
    assert answered([("system", NAMING), ("user", "[" * 1_000_000)]) == "Chat"


def test_an_open_block_is_read_to_its_end() -> None:
    text = (
        f"I will give you some dialogue content in the `<content>` block.\n<content>\nUser: {QUESTION}\nAssistant: 戴"
    )
    assert answered([("user", text)]) == "疫情期间如何保护自己"
