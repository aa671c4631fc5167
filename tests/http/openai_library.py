"""A running service with a few articles, for the OpenAI library to call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qa_service.client import Client as Service
from tests.http.conftest import Server
from tests.http.service import serving

KEY = "the-key"
QUESTION = "第二社区医院的院长是谁?"
CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号。"
BUS = "公交二路自九月起延长到火车站。首班车六点发车。"


@contextmanager
def articles_served(folder: Path, cache_dir: Path) -> Iterator[Server]:
    """Run the service with a key, two articles, and an empty collection."""
    with serving(folder, cache_dir, QA_API_KEY=KEY, QA_MIN_CONFIDENCE="0") as running:
        with Service(f"http://127.0.0.1:{running.port}", KEY) as client:
            client.add(
                [
                    {"id": "clinic", "title": "医院", "text": CLINIC, "url": "http://hospital.test/2",
                     "metadata": {"topic": "health", "beds": 12}},
                    {"id": "bus", "text": BUS, "metadata": {"topic": "transport"}},
                ]
            )  # fmt: skip
            client.create_collection("empty")
        yield running


def base_url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/v1"
