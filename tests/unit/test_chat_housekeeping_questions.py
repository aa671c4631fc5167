"""Questions that look like a front end's background prompt, and stay questions."""

from __future__ import annotations

import pytest

from qa_service.http.chat.housekeeping import recognise

QUESTION = "疫情期间如何保护自己？"
NAMING = "总结给出的会话，将其总结为 10 字内标题，不要使用标点。"
SPOKEN = [("user", QUESTION), ("assistant", "请戴口罩 [1]。")]
PROMPT = (
    '### Task:\nDo it.\n### Output:\nJSON format: { "title": "t" }\n### Chat History:\n'
    f"<chat_history>\nUSER: {QUESTION}\n</chat_history>"
)


def test_the_prompt_that_is_quoted_below_is_one() -> None:
    assert recognise([("user", PROMPT)])


ENGLISH = """Generate a concise title for a news article?
How do I write a title that summarizes the chat history?
What tags categorize articles about health?
### Task:
### Task: explain the quarantine rules
Summarize the discussion briefly: what did the ministry decide?
Summarize the conversation between the two ministers.
Based on the chat history of the suspects, what happened?
Provide a concise overview of the vaccine plan in 200 words or less.
Analyze this conversation and provide the main points.
You are asked to generate a concise report on masks. What would it say?
What is a {"title": "x"} object?
Predict 3-5 useful messages for patients.
Which emoji reflects the speaker's facial expression?
Here is the query: who may enter Hong Kong?
Write a concise title for this conversation."""
SIMPLIFIED = """如何给文章起标题？
帮我总结一下疫情通报
简要总结一下对话中的要点
使用四到五个字概括《红楼梦》
总结给出的会话是什么意思？
你是一名擅长会话的助理吗？
请生成标题、标签和关键词的区别是什么？
请总结上述对话为10个字以内的标题是谁要求的？
### 任务：解释隔离政策
直接返回这句话的主语
聊天记录里的 <chat_history> 标签有什么用？
JSON 格式 {"title": "标题"} 怎么写？
后续问题有哪些？"""
TRADITIONAL = """如何替文章下標題？
幫我總結一下疫情通報
簡要總結一下會議內容
使用四到五個字說明隔離政策
總結給出的會話是什麼意思？
你是一名擅長會話的助理嗎？
請問標題與標籤有何不同？
### 任務：解釋入境規定
直接返回這句話的主題是什麼指令？
「### Task:」是什麼意思？
請用 JSON 格式 {"tags": []} 列出症狀
對話名稱可以改嗎？"""
JAPANESE = "この文の簡潔なテーマは何ですか\n対話の内容を要約してください\n感染を防ぐには？"


@pytest.mark.parametrize("question", [*"\n".join((ENGLISH, SIMPLIFIED, TRADITIONAL, JAPANESE)).split("\n")])
def test_a_question_stays_a_question(question: str) -> None:
    assert recognise([("user", question)]) is None
    assert recognise([*SPOKEN, ("user", question)]) is None
    assert recognise([("system", "You are a helpful assistant who writes a title."), ("user", question)]) is None


@pytest.mark.parametrize(
    "question",
    [
        "这段提示词是做什么的？\n" + PROMPT,
        PROMPT + "\n这段提示词是做什么的？",
        "### Task:\n回答问题。\n<context>\n<chat_history>\n</context>\n" + QUESTION,
        PROMPT.replace("{", "<"),
        f"Conversation:\nUser: {QUESTION}\nPlease provide a concise, 5-word-or-less title",
        f"What does '{NAMING}' mean?",
        "Please help me predict the three most likely questions. Which questions: the first?",
    ],
)
def test_a_quoted_prompt_stays_a_question(question: str) -> None:
    assert recognise([("user", question)]) is None
    assert recognise([*SPOKEN, ("user", question)]) is None


def test_a_prompt_pasted_into_a_conversation_stays_a_question() -> None:
    assert recognise([*SPOKEN, ("user", PROMPT)]) is None


def test_the_last_message_of_an_assistant_is_no_prompt() -> None:
    assert (
        recognise([*SPOKEN, ("assistant", "Please generate a four to five word title summarizing our conversation")])
        is None
    )
    assert recognise([]) is None
