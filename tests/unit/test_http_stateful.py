"""The HTTP API against a plain dictionary: every protocol shows what was written last, and nothing that was deleted."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from embeddings.toy import ToyEncoder
from qa_service import assembly
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.host import EXTENSION
from qa_service.job_runner import JobRunner
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.text.tokens import Tokenizer
from tests.unit.test_store_stateful import IDS, NAMES, WORDS, a_name, an_id, code, text

written = st.dictionaries(an_id, st.integers(0, 3), min_size=1)


class Requests(RuleBasedStateMachine):
    """Rules that send requests, and an invariant that compares listings."""

    configuration: Settings
    tokenizer: Tokenizer
    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, dict[str, int]] = {"default": {}}
        self.root = Path(tempfile.mkdtemp(dir=self.configuration.data_dir))
        chosen = self.configuration.model_copy(update={"data_dir": self.root})
        self.engine = Engine(chosen, ToyEncoder(), SqliteCatalog(self.root), tokenizer=self.tokenizer)
        self.engine.recover()
        # One application for all examples: making its routes takes longer than an example.
        self.app.extensions[EXTENSION]._engine = self.engine
        self.client: FlaskClient = self.app.test_client()

    def call(self, status: int, method: str, path: str, body: object = None) -> Any:
        answer = self.client.open(path, method=method, json=body)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json() if answer.data else None

    @rule(name=a_name, articles=written)
    def write(self, name: str, articles: dict[str, int]) -> None:
        answer = self.call(200, "POST", f"/v1/articles?collection={name}", {"articles": rows(articles)})
        held = self.model.setdefault(name, {})
        assert [(one["id"], one["outcome"]) for one in answer["articles"]] == [
            (key, "created" if key not in held else "unchanged" if held[key] == version else "updated")
            for key, version in articles.items()
        ]
        held.update(articles)

    @rule(name=a_name, articles=written)
    def write_by_a_job(self, name: str, articles: dict[str, int]) -> None:
        path = f"/v1/articles?collection={name}&async=true"
        job = self.call(202, "POST", path, {"articles": rows(articles)})["job"]
        JobRunner(self.engine.catalog, self.engine.taking_in.ingest_batches, lambda: False).drain()
        done = self.call(200, "GET", f"/v1/jobs/{job['id']}")["job"]
        assert (done["state"], done["done"]) == ("done", len(articles))
        self.model.setdefault(name, {}).update(articles)

    @rule(name=a_name, article_id=an_id)
    def delete(self, name: str, article_id: str) -> None:
        there = article_id in self.model.get(name, {})
        self.call(204 if there else 404, "DELETE", f"/v1/articles/{quote(article_id, safe='')}?collection={name}")
        self.model.get(name, {}).pop(article_id, None)

    @rule(name=a_name)
    def put_collection(self, name: str) -> None:
        self.call(200 if name in self.model else 201, "PUT", f"/v1/collections/{name}")
        self.model.setdefault(name, {})

    @rule(name=a_name)
    def delete_collection(self, name: str) -> None:
        self.call(204 if name in self.model else 404, "DELETE", f"/v1/collections/{name}")
        self.model.pop(name, None)
        self.model.setdefault("default", {})

    @rule(name=a_name, article_id=an_id)
    def compare(self, name: str, article_id: str) -> None:
        asked = {"question": f"{WORDS[article_id]}号仓库的负责人编号是多少?", "collection": name, "top_k": 50}
        path = f"/v1/articles/{quote(article_id, safe='')}?collection={name}"
        if name not in self.model:
            self.call(404, "POST", "/v1/ask", asked)
            self.call(404, "GET", path)
            self.call(404, "POST", f"/v1/vector_stores/{name}/search", {"query": asked["question"]})
            return
        held = self.model[name]
        passages = self.call(200, "POST", "/v1/ask", asked)["passages"]
        for one in passages:
            assert one["text"] == text(one["article_id"], held[one["article_id"]])[one["start"] : one["end"]]
        searched = self.call(
            200, "POST", f"/v1/vector_stores/{name}/search", {"query": asked["question"], "max_num_results": 50}
        )
        for one in searched["data"]:
            assert all(part["text"] in text(one["file_id"], held[one["file_id"]]) for part in one["content"])
        if article_id not in held:
            self.call(404, "GET", path)
            assert article_id not in {one["article_id"] for one in passages}
            return
        assert self.call(200, "GET", path)["text"] == text(article_id, held[article_id])
        assert any(code(article_id, held[article_id]) in one["text"] for one in passages)
        assert article_id in {one["file_id"] for one in searched["data"]}

    @invariant()
    def the_same_is_listed(self) -> None:
        found = self.call(200, "GET", "/v1/collections")["collections"]
        assert {one["name"]: one["articles"] for one in found} == {name: len(held) for name, held in self.model.items()}
        for name, held in self.model.items():
            listed: dict[str, str] = {}
            cursor = ""
            while cursor is not None:
                page = self.call(200, "GET", f"/v1/articles?collection={name}&limit=2{cursor and '&cursor='}{cursor}")
                listed |= {one["id"]: one["title"] for one in page["articles"]}
                cursor = page["next_cursor"] and quote(page["next_cursor"])
            assert listed == {key: f"第{version}版" for key, version in held.items()}

    def teardown(self) -> None:
        for name in NAMES:
            for article_id in IDS:
                self.compare(name, article_id)
        assert self.engine.check() == []
        self.engine.close()
        shutil.rmtree(self.root)


def rows(articles: dict[str, int]) -> list[dict[str, str]]:
    return [{"id": key, "title": f"第{version}版", "text": text(key, version)} for key, version in articles.items()]


def test_every_protocol_shows_what_a_dictionary_holds(tmp_path: Path, cache_dir: Path) -> None:
    configuration = Settings(data_dir=tmp_path, cache_dir=cache_dir, model="toy", min_confidence=0.0)
    tokenizer = assembly.load_tokenizer(configuration)
    first = Engine(configuration, ToyEncoder(), SqliteCatalog(tmp_path / "first"), tokenizer=tokenizer)
    app = create_app(configuration, first)
    machine = type("Machine", (Requests,), {"configuration": configuration, "tokenizer": tokenizer, "app": app})
    checks = list(HealthCheck)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=checks, database=None
        ),
    )
    first.close()


@pytest.fixture(autouse=True)
def _background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_service.index.folding.COMPACT_PASSAGES", 12)
