"""Every protocol gives the same passages with the same scores for the same question, over a running service."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qa_service.client import Client
from tests.http.conftest import Server
from tests.http.service import ROOT, serving

pytestmark = pytest.mark.http

TOP_K = 7
CLINIC = "第二社区医院的院长是林月华。疫苗门诊每周三上午八点开门。"
ARTICLES: list[dict[str, Any]] = [
    {"id": "clinic", "text": CLINIC, "title": "第二社区医院", "metadata": {"topic": "health", "floor": 3}},
    {"id": "clinic-copy", "text": CLINIC, "url": "https://example.org/copy", "metadata": {"topic": "health"}},
    {"id": "bus", "text": "夜间公交每二十分钟一班。\n\n医院站末班车三点。", "metadata": {"topic": "transport"}},
    {"id": "night-bus", "text": "The night bus N8 runs every 20 minutes. The last one leaves the hospital at 3 a.m."},
    {
        "id": "dirty",
        "text": "第二社区医院的停车场在北侧,收費(shōufèi)標準為每小時五元。&nbsp;<br>夜間免費。",
        "title": "停 车",
    },
    *(
        {
            "id": f"store/{n}",
            "text": f"第{n}号仓库的负责人编号是{n * 13}。",
            "metadata": {"topic": "stores", "floor": n},
        }
        for n in range(12)
    ),
]
QUESTIONS = [
    "第二社区医院的院长是谁？",
    "夜間公交末班車幾點？",
    "When does the last night bus leave?",
    "第7号仓库的负责人编号是多少？",
    "停车场每小时多少钱？",
    "火星上有水吗？",
]
FILTERS: dict[str, tuple[Any, Any]] = {
    "none": (None, None),
    "one": (
        {"type": "eq", "key": "topic", "value": "stores"},
        {"conditions": [{"name": "topic", "comparison_operator": "is", "value": "stores"}]},
    ),
    "or": (
        {
            "type": "or",
            "filters": [{"type": "empty", "key": "topic"}, {"type": "lte", "key": "floor", "value": 3}],
        },
        {
            "logical_operator": "or",
            "conditions": [
                {"name": "topic", "comparison_operator": "empty"},
                {"name": "floor", "comparison_operator": "≤", "value": "3"},
            ],
        },
    ),
    "nothing": (
        {"type": "eq", "key": "topic", "value": "no such"},
        {"conditions": [{"name": "topic", "comparison_operator": "=", "value": "no such"}]},
    ),
}
Passages = list[tuple[str, int, int, float]]
"""Article id, place in it and score of each passage, best first."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("one"), cache_dir) as running:
        for sent in (ARTICLES[:9], ARTICLES[9:]):
            status, body = running.request("POST", "/v1/articles?collection=news", {"articles": sent})
            assert status == 200, body
        yield running


def post(server: Server, path: str, body: object) -> Any:
    status, answer = server.request("POST", path, body)
    assert status == 200, answer
    return answer


def ask(server: Server, question: str, filters: str) -> Passages:
    body = {"question": question, "collection": "news", "top_k": TOP_K, "filters": FILTERS[filters][0]}
    return passages(post(server, "/v1/ask", body)["passages"])


def passages(found: list[dict[str, Any]]) -> Passages:
    return [(one["article_id"], one["start"], one["end"], one["score"]) for one in found]


def dify(server: Server, question: str, filters: str) -> Passages:
    setting = {"top_k": TOP_K, "score_threshold": 0.0}
    body = {"knowledge_id": "news", "query": question, "retrieval_setting": setting}
    found = post(server, "/retrieval", {**body, "metadata_condition": FILTERS[filters][1]})["records"]
    return [(one["metadata"]["document_id"], *place(one["metadata"]), one["score"]) for one in found]


def place(found: dict[str, Any]) -> tuple[int, int]:
    return found["start"], found["end"]


def vector_store(server: Server, question: str, filters: str) -> Passages:
    body = {"query": question, "max_num_results": TOP_K, "filters": FILTERS[filters][0]}
    found = post(server, "/v1/vector_stores/news/search", body)["data"]
    return [(one["file_id"], *place(one["attributes"]), one["score"]) for one in found]


def chat_body(question: str, filters: str) -> dict[str, Any]:
    options = {"top_k": TOP_K, "filters": FILTERS[filters][0]}
    return {"model": "qa-news", "messages": [{"role": "user", "content": question}], "qa": options}


def chat(server: Server, question: str, filters: str) -> Passages:
    return passages(post(server, "/v1/chat/completions", chat_body(question, filters))["qa"]["passages"])


def chat_stream(server: Server, question: str, filters: str) -> Passages:
    body = {**chat_body(question, filters), "stream": True}
    answer = httpx2.post(f"http://127.0.0.1:{server.port}/v1/chat/completions", json=body, timeout=60)
    frames = [line.removeprefix("data: ") for line in answer.text.splitlines() if line]
    assert frames[-1] == "[DONE]"
    (found,) = [one["qa"] for one in map(json.loads, frames[:-1]) if "qa" in one]
    return passages(found["passages"])


def python_client(server: Server, question: str, filters: str) -> Passages:
    with Client(f"http://127.0.0.1:{server.port}") as client:
        found = client.ask(question, collection="news", top_k=TOP_K, filters=FILTERS[filters][0])
    return [(one.article_id, one.start, one.end, one.score) for one in found.passages]


PROTOCOLS: list[Callable[[Server, str, str], Passages]] = [dify, vector_store, chat, chat_stream, python_client]


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda one: one.__name__)
def test_the_same_passages_and_scores(
    server: Server, protocol: Callable[[Server, str, str], Passages], filters: str
) -> None:
    for question in QUESTIONS:
        expected = ask(server, question, filters)
        assert bool(expected) == (filters != "nothing")
        assert protocol(server, question, filters) == expected, question


def test_the_same_passages_and_scores_over_mcp(server: Server) -> None:
    mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
    url = f"http://127.0.0.1:{server.port}"
    command = ["-m", "qa_service", "mcp", "--stdio", "--url", url]
    started = mcp.StdioServerParameters(command=sys.executable, args=command, env={"PYTHONPATH": str(ROOT)})

    async def search_all() -> dict[tuple[str, str], Passages]:
        found = {}
        async with mcp.Client(started) as client:
            for question in QUESTIONS:
                for filters, (given, _) in FILTERS.items():
                    arguments = {"question": question, "collection": "news", "top_k": TOP_K, "filters": given}
                    answer = await client.call_tool("search", arguments)
                    found[question, filters] = passages(answer.structured_content["passages"])
        return found

    found = asyncio.run(search_all())
    assert found == {(question, filters): ask(server, question, filters) for question, filters in found}
    assert len(found) == len(QUESTIONS) * len(FILTERS)
