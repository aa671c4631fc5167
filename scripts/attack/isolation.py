"""Tries to learn, over HTTP, what a caller is not to know: without a key, and with a key of another collection.

Starts the service on all addresses of this machine, twice: with two collections, and with one of them alone. Each route
that the service has is asked without a key and with bad ones, and with keys of one collection for the other; what the
two services answer must be the same. Both keep a question log, and the operator's questions are in it. Ends with exit
code 1 when a leak is found, or a route that no attack is written for. Uses the toy model.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from isolation_checks import Answer, Send, World, changed, fill, known_of, open_without_key, told_of_others, unattacked
from isolation_requests import OURS, Request
from report import Table, publish
from served import Server, command

from qa_service.config import Settings
from qa_service.http import create_app
from qa_service.keys.key import SCOPES, Scope, make_key
from qa_service.keys.key_file import add_key

_EVERYWHERE = "0.0.0.0"
_METHODS = {"GET", "PUT", "POST", "DELETE"}


def main() -> int:
    """Attack, report, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="write isolation.json there")
    args = parser.parse_args()
    os.environ.pop("QA_API_KEY", None)
    routes = routes_of_service()
    with tempfile.TemporaryDirectory() as home:
        refused = starts_without_key(Path(home) / "none")
        with serving(Path(home) / "whole") as whole, serving(Path(home) / "alone") as alone:
            fill(whole, theirs=True)
            fill(alone, theirs=False)
            known = known_of(whole)
            missing = unattacked(routes, known)
            without, leaks = open_without_key(whole.send, routes, known)
            limited, more = told_of_others(whole, alone, routes, known)
            harm = changed(whole)
    rows = [
        ("starts on all addresses without a key", 1, [] if refused else ["it does"]),
        ("routes without an attack", len(routes), missing),
        ("requests without a key", without, leaks),
        ("requests with a key of another collection", limited, more),
        ("changes in the other collection", 1, harm),
    ]
    for _, _, found in rows:
        for one in found[:20]:
            print(f"leak: {one}", file=sys.stderr)
    table = Table("Isolation", ["what", "tried", "failed"], [(what, tried, len(found)) for what, tried, found in rows])
    publish(
        "isolation", {"routes": routes, "leaks": [one for *_, found in rows for one in found]}, [table], [], args.json
    )
    return 1 if any(found for *_, found in rows) else 0


def routes_of_service() -> list[str]:
    """List method and path of each route, from the application itself and from its OpenAPI document."""
    with tempfile.TemporaryDirectory() as home:
        # No route is called.
        unused = SimpleNamespace(on_answer=lambda _: None)
        return routes_of(create_app(Settings(data_dir=Path(home)), unused))  # type: ignore[arg-type]


def routes_of(app: object) -> list[str]:
    """List method and path of each route of an application and of its document."""
    rules = app.url_map.iter_rules()  # type: ignore[attr-defined]
    routes = {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or ()) if method in _METHODS}
    plain = {re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", route) for route in routes}
    documented = app.api_doc["paths"].items()  # type: ignore[attr-defined]
    for path, operations in documented:
        routes |= {found for method in operations if (found := f"{method.upper()} {path}") not in plain}
    return sorted(routes)


def starts_without_key(data: Path) -> bool:
    """Tell whether the service refuses to start on all addresses without a key, and says what to do."""
    settings = {"QA_DATA_DIR": str(data), "QA_MODEL": "toy"}
    ran = subprocess.run(
        command("serve", "--host", _EVERYWHERE, "--port", "0"),
        env={**os.environ, **settings}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return ran.returncode == 2 and "qa-service keys add" in ran.stderr


@contextmanager
def serving(data: Path) -> Iterator[World]:
    """Run the service with an operator's key and keys for one collection, one of each scope."""
    operator, limited = make_keys(data)
    settings = {
        "QA_MODEL": "toy",
        "QA_HOST": _EVERYWHERE,
        "QA_BACKGROUND": "thread",
        "QA_QUESTION_LOG": "true",
        "QA_MIN_FREE_MB": "0",
    }
    with Server(data, settings) as server:
        yield World(over_network(server.port), operator, limited)


def make_keys(data: Path) -> tuple[str, Mapping[str, str]]:
    """Make an operator's key and, by name, keys for one collection."""

    def made(name: str, scopes: tuple[Scope, ...], collections: tuple[str, ...] | None) -> str:
        key, text = make_key(name, scopes, collections)
        add_key(data, key)
        return text

    limited = {scope: made(scope, (scope,), (OURS,)) for scope in SCOPES}
    limited["of nothing"] = made("of nothing", ("admin",), ("none",))
    return made("operator", ("admin",), None), limited


def over_network(port: int) -> Send:
    """Give a way to ask a server on this machine."""

    def send(request: Request) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(
                request.method, request.path, request.content, {"Content-Type": "application/json", **request.headers}
            )
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()

    return send


if __name__ == "__main__":
    sys.exit(main())
