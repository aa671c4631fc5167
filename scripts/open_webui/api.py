"""A conversation through Open WebUI's own API."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from articles import FOLLOW_UP, FOLLOW_UP_ANSWER, PLAIN_ANSWER, PLAIN_QUESTION
from checks import Checks
from relay import Relay

MODEL = "qa-default"


def check_api(checks: Checks, web: str, relay: Relay) -> None:
    """Ask, ask on, and look at what comes back."""
    token = _call(f"{web}/api/v1/auths/signin", {"email": "", "password": ""})["token"]
    models = [model["id"] for model in _call(f"{web}/api/models", token=token)["data"]]
    checks.check("API: the model is offered", MODEL in models, models)
    messages = [{"role": "user", "content": PLAIN_QUESTION}]
    text, sources = _asked(web, token, messages)
    checks.check("API: the answer", PLAIN_ANSWER in text and "[1]" in text, text)
    named = [f"{source['source']['name']} <{source['source'].get('url')}>" for source in sources]
    checks.check("API: sources with title and link", bool(named) and all("<http" in name for name in named), named)
    messages += [{"role": "assistant", "content": text}, {"role": "user", "content": FOLLOW_UP}]
    text, _ = _asked(web, token, messages)
    checks.check("API: the follow-up", FOLLOW_UP_ANSWER in text, text)
    relay.calls.clear()


def _asked(web: str, token: str, messages: list[dict[str, str]]) -> tuple[str, list[dict[str, Any]]]:
    body = {"model": MODEL, "stream": True, "messages": messages}
    text, sources = "", []
    for line in _request(f"{web}/api/chat/completions", body, token).splitlines():
        if not line.startswith("data: {"):
            continue
        frame = json.loads(line.removeprefix("data: "))
        if frame.get("event", {}).get("type") == "source":
            sources.append(frame["event"]["data"])
        for choice in frame.get("choices", ()):
            text += choice["delta"].get("content") or ""
    return text, sources


def _call(url: str, body: object = None, token: str = "") -> Any:
    return json.loads(_request(url, body, token))


def _request(url: str, body: object, token: str) -> str:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return str(response.read().decode())
