"""Chat over the wire: both forms of an answer, the three ways of naming sources, and every refusal in its shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from qa_service.http.chat.phrases import ENGLISH, SIMPLIFIED
from qa_service.types import Submission, Turn
from tests.http.chat_frames import chunks_of, frames_of, text_of
from tests.http.fake_engine import FakeEngine, shared_application
from tests.http.openai_error import assert_openai_error

TEXT = "第二社区医院的院长是林月华*。"


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    _, fake = shared_application()
    fake.reset()
    article = Submission(TEXT.encode(), "a/1", title="医院[1] <b>", url="https://a.example/x?y=1")
    list(fake.ingest([article, Submission("林月华住东区。".encode(), "a2")]))
    yield fake
    fake.reset()


def post(body: object) -> TestResponse:
    app, _ = shared_application()
    return app.test_client().post("/v1/chat/completions", json=body)


def ask(question: str = "院长是谁？", **more: Any) -> TestResponse:
    return post({"model": "qa-default", "messages": [{"role": "user", "content": question}], **more})


def test_an_answer_has_marks_a_source_list_and_annotations(engine: FakeEngine) -> None:
    body = ask(temperature=0.3, user="u", unknown={"x": 1}).json
    assert body["object"] == "chat.completion"
    assert body["model"] == "qa-default"
    message = body["choices"][0]["message"]
    text = message["content"]
    assert text.startswith("第二社区医院的院长是林月华\\*。 [1]")
    assert f"{SIMPLIFIED.sources}\n\n1. [医院&#91;1&#93; \\<b>](https://a.example/x?y=1)" in text
    cited = [one["url_citation"] for one in message["annotations"]]
    assert [one["title"] for one in cited] == ["医院[1] <b>"]
    assert text[cited[0]["start_index"] : cited[0]["end_index"]] == "[1]"
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"] > 0
    assert body["qa"]["passages"][0]["article_id"] == "a/1"
    assert body["qa"]["confidence"] == 0.75
    assert engine.asked[0].history == ()


def test_a_stream_says_the_same(engine: FakeEngine) -> None:
    assert engine
    whole = ask().json
    response = ask(stream=True)
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    frames = frames_of(response.data)
    chunks = chunks_of(frames)
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert text_of(frames) == whole["choices"][0]["message"]["content"]
    last = chunks[-1]
    assert last["choices"][0]["delta"]["content"] == ""
    assert last["choices"][0]["delta"]["annotations"] == whole["choices"][0]["message"]["annotations"]
    assert last["qa"] == whole["qa"]
    # Users of openai-python go through `chunk.choices` of every frame.
    assert all("event" not in frame for frame in frames)


def test_usage_comes_in_a_last_chunk_when_asked_for(engine: FakeEngine) -> None:
    assert engine
    frames = frames_of(ask(stream=True, stream_options={"include_usage": True}).data)
    assert frames[-1]["choices"] == []
    assert frames[-1]["usage"] == ask().json["usage"]
    assert all("usage" not in frame for frame in frames[:-1])


@pytest.mark.parametrize(
    "options",
    [
        {"model": "qa-default-webui"},
        {"qa": {"sources": "events"}},
        {"tools": [{"function": {"name": name}} for name in ("get_current_timestamp", "calculate_timestamp", "x")]},
    ],
)
def test_events_come_first_with_a_source_of_its_own_for_each_mark(engine: FakeEngine, options: dict[str, Any]) -> None:
    assert engine
    frames = frames_of(ask(stream=True, **options).data)
    event = frames[0]["event"]
    assert event["type"] == "source"
    data = event["data"]
    assert data["source"]["name"] == "医院[1] <b>"
    assert data["source"]["url"] == "https://a.example/x?y=1"
    assert data["document"] == [TEXT.replace("*", "\\*")]
    assert data["distances"] == [0.75]
    assert not data["metadata"][0]["source"].startswith("http")
    text = text_of(frames)
    assert text.endswith("[1]")
    assert SIMPLIFIED.sources not in text
    assert "annotations" not in chunks_of(frames)[-1]["choices"][0]["delta"]


def test_no_event_has_an_address_as_a_name_or_markup_in_its_text(engine: FakeEngine) -> None:
    text = "院长是林月华。\n\n![x](https://foreign.example/i.png)\n  - 列"
    list(
        engine.ingest([Submission(text.encode(), "https://foreign.example/a", title="HTTPS://foreign.example/院")], "x")
    )
    data = frames_of(ask(stream=True, model="qa-x-webui").data)[0]["event"]["data"]
    assert data["source"]["name"] == data["metadata"][0]["name"] == "foreign.example/院"
    assert data["document"] == ["院长是林月华。\n\n![x\\](https://foreign.example/i.png)\n\\- 列"]


def test_a_result_comes_whole_before_plain_text(engine: FakeEngine) -> None:
    frames = frames_of(ask(stream=True, qa={"sources": "result", "top_k": 1}).data)
    assert frames[0]["event"]["type"] == "result"
    native = shared_application()[0].test_client().post("/v1/ask", json={"question": "院长是谁？", "top_k": 1}).json
    assert {**native, "explain": {"coverage": 1.0}} == frames[0]["event"]["data"]
    assert text_of(frames) == f"{TEXT} [1]"
    assert engine.asked[0].text_form == "original"


def test_an_article_without_url_is_linked_to_its_sentence_on_the_page(engine: FakeEngine) -> None:
    engine.reset()
    list(engine.ingest([Submission(TEXT.encode(), "城/1 (a)")]))
    body = ask().json
    url = body["choices"][0]["message"]["annotations"][0]["url_citation"]["url"]
    assert url == f"http://localhost/#in=default&article=%E5%9F%8E%2F1+%28a%29&start=0&end={len(TEXT)}"
    assert f"]({url})" in body["choices"][0]["message"]["content"]


def test_earlier_messages_are_the_history(engine: FakeEngine) -> None:
    first = ask().json["choices"][0]["message"]["content"]
    messages = [
        {"role": "system", "content": "Answer as a pirate."},
        {"role": "user", "content": "院长是谁？"},
        {"role": "assistant", "content": first},
        {"role": "user", "content": [{"type": "text", "text": "那她住哪里？"}]},
    ]
    assert post({"model": "qa-default", "messages": messages}).status_code == 200
    assert engine.asked[-1].question == "那她住哪里？"
    assert engine.asked[-1].history == (Turn("user", "院长是谁？"), Turn("assistant", TEXT))


def test_no_answer_says_so_and_shows_what_comes_nearest(engine: FakeEngine) -> None:
    assert engine
    body = ask("林月华？", qa={"min_confidence": 0.9}).json
    text = body["choices"][0]["message"]["content"]
    assert text.startswith(f"{SIMPLIFIED.none}\n\n{SIMPLIFIED.nearest}\n\n> ")
    assert body["qa"]["answerable"] is False
    named = [one["url_citation"]["title"] for one in body["choices"][0]["message"]["annotations"]]
    assert named == ["医院[1] <b>", "a2"]


def test_an_empty_collection_and_a_question_that_nothing_fits(engine: FakeEngine) -> None:
    assert ask("zzz?").json["choices"][0]["message"]["content"] == ENGLISH.nothing
    engine.reset()
    body = ask("院长是谁？").json
    assert body["choices"][0]["message"]["content"] == SIMPLIFIED.empty
    assert body["choices"][0]["message"]["annotations"] == []


def test_background_prompts_are_answered_without_a_search(engine: FakeEngine) -> None:
    prompt = (
        '### Task:\nGenerate a concise title.\n### Output:\nJSON format: { "title": "..." }\n'
        "### Chat History:\n<chat_history>\nUSER: 院长是谁？\n</chat_history>"
    )
    for stream in (False, True):
        response = ask(prompt, stream=stream)
        text = text_of(frames_of(response.data)) if stream else response.json["choices"][0]["message"]["content"]
        assert text.startswith('{"title": "院长是谁')
    assert engine.asked == []


def test_small_talk_is_no_question(engine: FakeEngine) -> None:
    assert ask("你好").json["choices"][0]["message"]["content"] == SIMPLIFIED.greeting
    assert ask("Thank you!").json["choices"][0]["message"]["content"] == ENGLISH.greeting
    assert engine.asked == []


def test_filters_and_top_k_go_to_the_search(engine: FakeEngine) -> None:
    found = {"type": "eq", "key": "topic", "value": "health"}
    assert ask(qa={"filters": found, "top_k": 7}).status_code == 200
    assert engine.asked[0].top_k == 7
    assert engine.asked[0].filters is not None


def test_below_one_half_an_answer_is_said_to_be_uncertain(engine: FakeEngine) -> None:
    for score, unsure in ((0.49, True), (0.5, False)):
        engine.score = score
        text = ask(qa={"min_confidence": 0.2}).json["choices"][0]["message"]["content"]
        assert text.startswith(f"{SIMPLIFIED.unsure}\n\n第二社区") is unsure
        # A page that shows the confidence itself is given the answer alone.
        page = ask(qa={"min_confidence": 0.2, "sources": "result"}).json["choices"][0]["message"]["content"]
        assert page == f"{TEXT} [1]"


def test_what_is_far_off_is_not_shown_as_near(engine: FakeEngine) -> None:
    for score, quoted in ((0.02, True), (0.019, False)):
        engine.score = score
        text = ask().json["choices"][0]["message"]["content"]
        assert text.startswith(SIMPLIFIED.none)
        assert ("> " in text) is quoted


def test_one_function_of_open_webui_does_not_make_it_that(engine: FakeEngine) -> None:
    assert engine
    frames = frames_of(
        ask(stream=True, tools=[{"function": {"name": "get_current_timestamp"}}, 7, {"function": 1}]).data
    )
    assert all("event" not in frame for frame in frames)


def test_a_model_that_is_not_there_does_not_even_greet(engine: FakeEngine) -> None:
    assert engine
    assert_openai_error(ask("hi", model="qa-nope"), 404, code="model_not_found", param="model")


def test_a_background_prompt_may_end_with_a_system_message(engine: FakeEngine) -> None:
    messages = [
        {"role": "user", "content": "院长是谁？"},
        {"role": "assistant", "content": "林月华。"},
        {"role": "system", "content": "简要总结一下对话内容，用作后续的上下文提示 prompt，控制在 200 字以内"},
    ]
    assert post({"model": "qa-default", "messages": messages}).status_code == 200
    assert engine.asked == []


def test_the_page_asks_what_people_ask(engine: FakeEngine) -> None:
    prompt = "Create a concise, 3-5 word title with an emoji as a title for the chat history"
    assert ask(prompt, qa={"sources": "result"}).status_code == 200
    assert engine.asked[0].question == prompt
    frames = frames_of(ask("谢谢", stream=True, qa={"sources": "result"}).data)
    assert text_of(frames) == SIMPLIFIED.greeting
    assert all("event" not in frame and "qa" not in frame for frame in frames)


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"model": "gpt-4"}, 404, "model_not_found", "model"),
        ({"model": "qa-nowhere"}, 404, "model_not_found", "model"),
        ({"model": "qa-nowhere-webui"}, 404, "model_not_found", "model"),
        ({"model": "qa-"}, 404, "model_not_found", "model"),
        ({"model": "qa-../x"}, 404, "model_not_found", "model"),
        ({"model": 7}, 400, "invalid_value", "model"),
        ({"model": None}, 400, "invalid_value", "model"),
        ({"messages": []}, 400, "invalid_value", "messages"),
        ({"messages": "hi"}, 400, "invalid_value", "messages"),
        ({"messages": ["hi"]}, 400, "invalid_value", "messages[0]"),
        ({"messages": [{"role": "user", "content": " "}]}, 400, "invalid_value", "messages"),
        ({"messages": [{"role": "user", "content": "x\x00"}]}, 400, "invalid_value", "messages"),
        ({"messages": [{"role": "user", "content": "长" * 5000}]}, 400, "invalid_value", "messages"),
        ({"n": 2}, 400, "invalid_value", "n"),
        ({"tool_choice": "required"}, 400, "invalid_value", "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, 400, "invalid_value", "tool_choice"),
        ({"qa": {"sources": "footnotes"}}, 400, "invalid_value", "qa.sources"),
        ({"qa": {"top_k": 0}}, 400, "invalid_value", "qa.top_k"),
        ({"qa": {"surprise": 1}}, 400, "invalid_value", "qa.surprise"),
        ({"qa": {"filters": {"type": "like"}}}, 400, "invalid_value", "qa.filters.type"),
        ({"stream": "yes"}, 400, "invalid_value", "stream"),
    ],
)
def test_refusals_have_the_shape_of_the_protocol(
    engine: FakeEngine, body: dict[str, Any], status: int, code: str, param: str
) -> None:
    assert engine
    usual = {"model": "qa-default", "messages": [{"role": "user", "content": "院长是谁？"}]}
    for stream in (False, True):
        response = post({**usual, "stream": stream, **body})
        assert_openai_error(response, status, code=code, param=param)


def test_a_failure_before_the_stream_has_its_status(engine: FakeEngine) -> None:
    engine.failure = RuntimeError("secret")
    response = ask(stream=True)
    assert_openai_error(response, 500, code="internal_error")
    assert "secret" not in response.text


def test_models_are_the_collections(engine: FakeEngine) -> None:
    engine.create_collection("news")
    engine.create_collection("a-webui")
    client = shared_application()[0].test_client()
    listed = client.get("/v1/models").json
    assert listed["object"] == "list"
    assert [one["id"] for one in listed["data"]] == ["qa-a-webui", "qa-default", "qa-news"]
    assert all(one["object"] == "model" and one["created"] > 1_600_000_000 for one in listed["data"])
    assert client.get("/v1/models/qa-news-webui").json["id"] == "qa-news-webui"
    assert_openai_error(client.get("/v1/models/gpt-4"), 404, code="model_not_found", param="model")


def test_a_collection_whose_name_ends_in_the_suffix_is_itself(engine: FakeEngine) -> None:
    engine.create_collection("a-webui")
    for model, collection in {"qa-a-webui": "a-webui", "qa-a-webui-webui": "a-webui"}.items():
        assert ask(model=model).status_code == 200
        assert engine.asked[-1].collection == collection
