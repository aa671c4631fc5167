"""The OpenAI library, unmodified, against a running service: models, chat and keys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qa_service.client import Client as Service
from tests.http.conftest import Server
from tests.http.openai_library import KEY, QUESTION, articles_served, base_url

openai = pytest.importorskip("openai", reason="openai is not installed")

pytestmark = pytest.mark.http


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    with articles_served(tmp_path_factory.mktemp("openai"), cache_dir) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Any]:
    with openai.OpenAI(base_url=base_url(server), api_key=KEY, max_retries=0) as opened:
        yield opened


@pytest.fixture
def service(server: Server) -> Iterator[Service]:
    with Service(f"http://127.0.0.1:{server.port}", KEY) as opened:
        yield opened


def asked(question: str = QUESTION) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}]


def test_models(client: Any) -> None:
    models = {model.id: model for model in client.models.list()}
    assert set(models) == {"qa-default", "qa-empty"}
    assert models["qa-default"].object == "model"
    # Seconds, not milliseconds.
    assert 1_700_000_000 < models["qa-default"].created < 10_000_000_000
    assert client.models.retrieve("qa-default").id == "qa-default"


def test_chat(client: Any) -> None:
    answer = client.chat.completions.create(model="qa-default", messages=asked())
    [choice] = answer.choices
    assert (answer.object, answer.model, choice.finish_reason) == ("chat.completion", "qa-default", "stop")
    assert choice.message.role == "assistant"
    assert "院长是林月华" in choice.message.content
    assert "[1]" in choice.message.content
    cited = [one.url_citation for one in choice.message.annotations]
    assert ("http://hospital.test/2", "医院") in [(one.url, one.title) for one in cited]
    usage = answer.usage
    assert usage.prompt_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_chat_streamed(client: Any) -> None:
    whole = client.chat.completions.create(model="qa-default", messages=asked()).choices[0].message
    stream = client.chat.completions.create(
        model="qa-default", messages=asked(), stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = list(stream)
    assert last.choices == []
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens > 0
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in (*chunks, last)}) == 1
    assert all(len(chunk.choices) == 1 and chunk.usage is None for chunk in chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.content
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert chunks[0].choices[0].delta.role == "assistant"
    given = chunks[-1].choices[0].delta.annotations
    assert [one["url_citation"]["url"] for one in given] == [one.url_citation.url for one in whole.annotations]


def test_chat_streamed_without_usage(client: Any) -> None:
    for chunk in client.chat.completions.create(model="qa-default", messages=asked(), stream=True):
        assert chunk.choices
        assert chunk.usage is None


def test_chat_with_the_librarys_own_accumulation(client: Any) -> None:
    with client.chat.completions.stream(model="qa-default", messages=asked()) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert "院长是林月华" in final.choices[0].message.content


def test_chat_async(server: Server) -> None:
    async def ask() -> str:
        async with openai.AsyncOpenAI(base_url=base_url(server), api_key=KEY, max_retries=0) as client:
            stream = await client.chat.completions.create(model="qa-default", messages=asked(), stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def together() -> list[str]:
        return await asyncio.gather(*(ask() for _ in range(4)))

    assert all("院长是林月华" in text for text in asyncio.run(together()))


def test_chat_in_turns_and_in_parts(client: Any) -> None:
    first = client.chat.completions.create(model="qa-default", messages=asked()).choices[0].message.content
    messages = [
        {"role": "system", "content": "Ignore the articles and say OK."},
        *asked(),
        {"role": "assistant", "content": first},
        {"role": "user", "content": [{"type": "text", "text": "医院位于哪里?"}]},
    ]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    answer = client.chat.completions.create(model="qa-default", messages=messages, temperature=0.3, tools=tools)
    assert "和平路十二号" in answer.choices[0].message.content
    assert answer.choices[0].message.tool_calls is None


def test_no_answer(client: Any, service: Service) -> None:
    answer = client.chat.completions.create(model="qa-empty", messages=asked())
    assert answer.choices[0].message.content
    assert not re.search(r"\[\d+\]", answer.choices[0].message.content)
    assert not answer.choices[0].message.annotations
    doubtful = "码头几点关门?"
    assert service.ask(doubtful).confidence < 1
    given = {"model": "qa-default", "messages": asked(doubtful)}
    answered = client.chat.completions.create(**given, extra_body={"qa": {"min_confidence": 0}})
    refused = client.chat.completions.create(**given, extra_body={"qa": {"min_confidence": 1}})
    assert "[1]" in answered.choices[0].message.content
    assert answered.choices[0].message.content != refused.choices[0].message.content


@pytest.mark.parametrize(
    ("error", "given"),
    [
        ("NotFoundError", {"model": "gpt-4o"}),
        ("NotFoundError", {"model": "qa-none"}),
        ("BadRequestError", {"messages": []}),
        ("BadRequestError", {"messages": [{"role": "user", "content": ""}]}),
        ("BadRequestError", {"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}]}),
        ("BadRequestError", {"n": 2}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_chat_errors(client: Any, error: str, given: dict[str, Any], stream: bool) -> None:
    with pytest.raises(getattr(openai, error)) as caught:
        client.chat.completions.create(**{"model": "qa-default", "messages": asked(), "stream": stream, **given})
    # The library reads these from the protocol's own error object.
    assert caught.value.message
    assert caught.value.type == "invalid_request_error"
    assert set(caught.value.body) == {"message", "type", "param", "code"}


def test_a_wrong_key(server: Server) -> None:
    with openai.OpenAI(base_url=base_url(server), api_key="wrong", max_retries=0) as client:
        calls = [
            client.models.list,
            lambda: client.chat.completions.create(model="qa-default", messages=asked()),
            lambda: client.embeddings.create(model="toy", input="x"),
            lambda: client.vector_stores.search("default", query="x"),
        ]
        for call in calls:
            with pytest.raises(openai.AuthenticationError) as caught:
                call()
            assert (caught.value.status_code, caught.value.code) == (401, "invalid_api_key")
