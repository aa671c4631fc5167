"""Whether a service tells a key of one collection nothing of another, and nobody without a key anything.

Two services are asked the same: one holds two collections, the other only the first of them. For a key of that first
one they must be the same service: each of its answers is compared, whole.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from isolation_requests import MARK, OUR_ARTICLES, OURS, THEIR_ARTICLES, THEIRS, Known, Request, attacks

from qa_service.http.rules import PUBLIC

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
_NOWHERE = ("/v1", "/v1/", "/v1/none", "/none", "/retrieval/x", "/v1/articles/", "/static", "/admin")
# The question log is read with the command line, on the machine that has it.
_LISTS_OF_QUESTIONS = (
    "/v1/questions",
    "/v1/questions/unanswered",
    "/v1/questions/export",
    "/v1/feedback",
    "/questions",
)
# What differs between any two answers, or names a state by a random name.
_VOLATILE = frozenset({"timings_ms", "created", "created_at", "ingested_at", "finished_at", "generation", "took_ms"})
# A question's name is made anew each time it is asked, and says nothing of how many there are.
_QUESTION_ID = re.compile(r"[0-9a-f]{24}")
_COMPARED = ("Content-Type", "Retry-After", "WWW-Authenticate", "Allow", "Location", "Cache-Control")
_COUNTING = re.compile(r'"generation": ?"[0-9]+-[0-9]+')
_ID = "isolation"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Body and headers, as all that a caller sees."""
        return "\n".join(
            [*(f"{name}: {value}" for name, value in self.headers.items()), self.body.decode("utf-8", "replace")]
        )


Send = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class World:
    """A service: how to ask it, the key of its operator, and by name the keys that are for one collection."""

    send: Send
    operator: str
    limited: Mapping[str, str]


def fill(world: World, *, theirs: bool) -> None:
    """Put the articles in; the other collection's only if asked to."""
    _must(_ask(world, Request("POST", f"/v1/articles?collection={OURS}", {"articles": OUR_ARTICLES}), world.operator))
    if theirs:
        _must(
            _ask(
                world,
                Request("POST", f"/v1/articles?collection={THEIRS}", {"articles": THEIR_ARTICLES}),
                world.operator,
            )
        )


def known_of(world: World) -> Known:
    """Find out, as the operator, what an attacker might have heard of the other collection."""
    path = f"/v1/articles?collection={THEIRS}&async=true"
    job = _must(_ask(world, Request("POST", path, {"articles": THEIR_ARTICLES[:1]}), world.operator))["job"]["id"]
    question = {"question": f"Which key opens the {MARK} vault?", "collection": THEIRS, "min_confidence": 0}
    result = _must(_ask(world, Request("POST", "/v1/ask", question), world.operator))
    known = Known(job, result["passages"][0]["passage_id"], str(result["question_id"]))
    # The log writes behind the answers; a judgement of the operator's shows that the question is in it.
    judgement = Request("POST", "/v1/feedback", {"question_id": known.question_id, "helpful": True, "comment": MARK})
    _must(_ask(world, judgement, world.operator))
    return known


def unattacked(routes: Collection[str], known: Known) -> list[str]:
    """Name the routes that no request here is written for: each new one needs some, and a rule."""
    return sorted(set(routes) - set(attacks(known)))


def open_without_key(send: Send, routes: Iterable[str], known: Known) -> tuple[int, list[str]]:
    """Ask every route, and paths that are none, without a key and with bad ones; return how often, and the leaks."""
    requests = [request for route in routes for request in attacks(known).get(route, [])]
    requests += [Request(method, path) for path in (*_NOWHERE, *_lists_of_questions(known)) for method in _METHODS]
    requests += [Request(method, one.path, one.body) for one in list(requests) for method in _METHODS]
    bad = f"qa_00000000_{'A' * 43}"
    basic = base64.b64encode(f"any:{bad}".encode()).decode()
    leaks, count = [], 0
    for request in dict.fromkeys((one.method, one.path, one.content) for one in requests):
        method, path, content = request
        for header in (None, f"Bearer {bad}", "Bearer ", f"Basic {basic}", bad):
            headers = {} if header is None else {"Authorization": header}
            asked = Request(method, path, None if content is None else json.loads(content), headers)
            count += 1
            answer = send(asked)
            if not _is_refusal(answer) and not _is_public(asked, answer):
                leaks.append(f"{method} {path} with {header and header[:10]!r}: {answer.status} {answer.text[-200:]!r}")
    return count, leaks


def told_of_others(whole: World, alone: World, routes: Iterable[str], known: Known) -> tuple[int, list[str]]:
    """Ask both services the same with each limited key; return how often, and the answers that tell them apart."""
    leaks, count = [], 0
    for name in whole.limited:
        requests = [request for route in routes for request in attacks(known).get(route, [])]
        requests += [Request(method, path) for path in _lists_of_questions(known) for method in _METHODS]
        for request in requests:
            count += 1
            found, expected = (_ask(world, request, world.limited[name]) for world in (whole, alone))
            label = f"{request.method} {request.path} {request.content and request.content[:120]!r} as {name}"
            leaks.extend(f"{label}: {leak}" for leak in _leaks(request, found, expected))
    return count, leaks


def _leaks(request: Request, found: Answer, expected: Answer) -> Iterator[str]:
    """Say by what an answer differs from that of a service without the other collection, or tells of it."""
    if _comparable(found) != _comparable(expected):
        yield f"{found.text[-300:]!r}, alone {expected.text[-300:]!r}"
    if MARK in found.text.casefold() and not request.names_them:
        yield "names the other collection"
    if _COUNTING.search(found.text):
        yield "the generation's name counts writes"
    if found.status >= 500:
        yield str(found.status)


def _lists_of_questions(known: Known) -> list[str]:
    """Give the paths at which one might look for what others have asked."""
    return [*_LISTS_OF_QUESTIONS, f"/v1/questions/{known.question_id}", f"/v1/feedback/{known.question_id}"]


def changed(world: World) -> list[str]:
    """Tell what the limited keys changed in the other collection: nothing, if all is well."""
    listed = _must(_ask(world, Request("GET", f"/v1/articles?collection={THEIRS}&limit=200"), world.operator))
    titles = {one["id"]: one["title"] for one in listed["articles"]}
    wanted = {one["id"]: one["title"] for one in THEIR_ARTICLES}
    return [] if titles == wanted else [f"the other collection now holds {titles}"]


def _ask(world: World, request: Request, key: str) -> Answer:
    headers = {"Authorization": f"Bearer {key}", "X-Request-ID": _ID}
    return world.send(Request(request.method, request.path, request.body, headers))


def _must(answer: Answer) -> dict[str, object]:
    if answer.status not in (200, 201, 202):
        raise RuntimeError(f"the service answered {answer.status}: {answer.text[-500:]}")
    body = json.loads(answer.body)
    assert isinstance(body, dict)
    return body


def _is_refusal(answer: Answer) -> bool:
    """Tell whether this says no more than that a key is needed; Dify's protocol has 403 for that."""
    if answer.status == 403:
        return not answer.body or json.loads(answer.body).get("error_code") in (1001, 1002)
    return answer.status == 401 and MARK not in answer.text


def _is_public(request: Request, answer: Answer) -> bool:
    method = "GET" if request.method == "HEAD" else request.method
    routes = {"/static/page.js": "/static/<path:filename>"}
    if f"{method} {routes.get(request.path, request.path)}" not in PUBLIC or MARK in answer.text:
        return False
    if request.path == "/readyz" and answer.body:
        told = json.loads(answer.body)
        return all(told[name] for name in ("ready", "status")) and not any(
            told[name] for name in told.keys() - {"ready", "status"}
        )
    return answer.status == 200


def _comparable(answer: Answer) -> object:
    headers = {name: answer.headers.get(name.lower(), "") for name in _COMPARED}
    # Of OPTIONS the framework gives them in the order of a set.
    headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    try:
        body: object = _steady(json.loads(answer.body))
    except ValueError:
        body = answer.body
    return answer.status, headers, body


def _steady(value: object) -> object:
    """Leave out what differs between any two answers."""
    if isinstance(value, list):
        return [_steady(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _steady(inner) for name, inner in value.items() if name not in _VOLATILE}
    if _QUESTION_ID.fullmatch(str(kept.get("question_id"))):
        kept["question_id"] = "a question's"
    if str(kept.get("object", "")).startswith("chat.completion"):
        kept.pop("id")
    return kept
