"""For each route of the service, requests by which a key of one collection would learn of another one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

OURS, THEIRS = "ours", "quokkas"
MARK = "quokka"
"""What every text, id, title and name of the other collection holds, and nothing else does."""
OUR_ARTICLES = [
    {
        "id": "bus",
        "title": "Night bus",
        "text": "The night bus runs until three. It stops at the harbour.",
        "url": "http://a/",
    },
    {"id": "museum", "title": "Museum", "text": "The museum opens at nine. Tickets cost eight francs."},
]
THEIR_ARTICLES = [
    {
        "id": f"{MARK}/{number}",
        "title": f"Of {MARK} {number}",
        "text": f"The {MARK} vault number {number} opens with the night key. The {MARK} museum is closed.",
        "url": f"http://{MARK}.example/{number}",
        "metadata": {MARK: number},
    }
    for number in range(7)
]
# The first of theirs is also among ours: what is shared must not be told either.
THEIR_ARTICLES.append({**OUR_ARTICLES[0], "id": f"{MARK}-bus", "title": f"The {MARK} bus"})
_QUESTIONS = ("When does the night bus run?", f"Which key opens the {MARK} vault?")
_ARTICLE = {"articles": [{"id": f"{MARK}/0", "text": "overwritten"}]}


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `body` is sent as JSON."""

    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else json.dumps(self.body).encode()

    @property
    def names_them(self) -> bool:
        """Whether the request itself has the mark, which an error may repeat."""
        return MARK in self.path or MARK.encode() in (self.content or b"")


@dataclass(frozen=True, slots=True)
class Known:
    """What an attacker may have heard of the other collection: the ids of a job, a passage and a noted question."""

    job_id: str
    passage_id: str
    question_id: str


def attacks(known: Known) -> Mapping[str, list[Request]]:
    """Give the requests by route, each named by method and path as the service's own table of rules has it."""
    article = quote(f"{MARK}/0", safe="/")
    inside = f"?collection={THEIRS}"
    table = {
        "GET /": ["/"],
        "GET /static/<path:filename>": ["/static/page.js"],
        "GET /healthz": ["/healthz"],
        "GET /readyz": ["/readyz"],
        "GET /docs": ["/docs"],
        "GET /docs/assets/<name>": ["/docs/assets/swagger-ui.css"],
        "GET /openapi.json": ["/openapi.json"],
        "GET /metrics": ["/metrics"],
        "GET /v1/models": ["/v1/models"],
        "GET /v1/models/<model_id>": [f"/v1/models/qa-{THEIRS}", f"/v1/models/qa-{THEIRS}-webui"],
        "GET /v1/collections": ["/v1/collections"],
        "PUT /v1/collections/<name>": [f"/v1/collections/{THEIRS}"],
        "DELETE /v1/collections/<name>": [f"/v1/collections/{THEIRS}"],
        "GET /v1/articles": [
            f"/v1/articles{inside}",
            f"/v1/articles{inside}&cursor={MARK}",
            f"/v1/articles?collection={OURS}",
            "/v1/articles",
        ],
        "GET /v1/articles/<anyid:article_id>": [
            f"/v1/articles/{article}{one}" for one in (inside, f"?collection={OURS}", "")
        ],
        "DELETE /v1/articles/<anyid:article_id>": [
            f"/v1/articles/{article}{one}" for one in (inside, f"?collection={OURS}")
        ],
        "GET /v1/jobs/<job_id>": [f"/v1/jobs/{known.job_id}", f"/v1/jobs/{'0' * 32}"],
    }
    found = {route: [Request(route.split()[0], path) for path in paths] for route, paths in table.items()}
    for route, bodies in _bodies(known).items():
        method, path = route.split()
        found[route] = [Request(method, path.replace("<store_id>", THEIRS), body) for body in bodies]
    ours = "POST /v1/vector_stores/<store_id>/search"
    found[ours].append(Request("POST", f"/v1/vector_stores/{OURS}/search", {"query": _QUESTIONS[1]}))
    found["POST /v1/articles"] = [
        Request("POST", f"/v1/articles{inside}", _ARTICLE),
        Request("POST", f"/v1/articles{inside}&async=true", _ARTICLE),
    ]
    return found


def _bodies(known: Known) -> Mapping[str, list[object]]:
    return {
        "POST /v1/ask": list(_asked()),
        "POST /v1/explain": list(_explained(known)),
        "POST /v1/feedback": [
            {"question": _QUESTIONS[1], "collection": THEIRS, "passage_id": known.passage_id, "helpful": True},
            {"question": _QUESTIONS[1], "collection": OURS, "passage_id": known.passage_id, "helpful": False},
            *(
                {"question_id": known.question_id, "helpful": True, **others}
                for others in ({}, {"collection": OURS}, {"passage_id": known.passage_id}, {"comment": MARK})
            ),
            {"question_id": "0" * len(known.question_id), "helpful": True},
            {"question": _QUESTIONS[0], "collection": OURS, "helpful": True},
        ],
        "POST /v1/chat/completions": [
            {"model": model, "messages": [{"role": "user", "content": question}], "qa": {"sources": sources}}
            for model in (f"qa-{THEIRS}", f"qa-{THEIRS}-webui", f"qa-{OURS}")
            for question in _QUESTIONS
            for sources in ("annotations", "events", "result")
        ],
        "POST /v1/embeddings": [{"model": THEIRS, "input": "a"}],
        "POST /v1/rerank": [{"model": THEIRS, "query": _QUESTIONS[1], "documents": ["a key", "a vault"]}],
        "POST /v1/vector_stores/<store_id>/search": [{"query": question} for question in _QUESTIONS],
        "POST /retrieval": [
            {
                "knowledge_id": collection,
                "query": question,
                "retrieval_setting": {"top_k": 20, "score_threshold": 0},
            }
            for collection in (THEIRS, OURS)
            for question in _QUESTIONS
        ],
    }


def _asked() -> Iterator[object]:
    for question in _QUESTIONS:
        for collection in (THEIRS, OURS, "default"):
            common = {"question": question, "collection": collection, "top_k": 50, "min_confidence": 0}
            yield {**common, "explain": True}
            yield {**common, "filters": {"type": "eq", "key": MARK, "value": 0}}
            yield {**common, "history": [{"role": "user", "content": _QUESTIONS[1]}]}


def _explained(known: Known) -> Iterator[object]:
    for collection in (THEIRS, OURS):
        for target in (
            {"passage_id": known.passage_id},
            {"article_id": f"{MARK}/0"},
            {"article_id": f"{MARK}-bus"},
            {"article_id": "bus"},
        ):
            yield {"question": _QUESTIONS[1], "collection": collection, **target}
