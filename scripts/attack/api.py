#!/usr/bin/env python
"""Runs schemathesis over the OpenAPI document, with all checks, against a server of its own with the toy encoder.

    scripts/attack/api.py --tools DIR [--minutes 10] [--examples N] [--seed N] [--keep DIR] [--out DIR]

DIR comes from attack-env. The server has the sample articles in a temporary data directory, and a key of all rights,
which schemathesis sends and sometimes leaves out. Reports what was sent and answered by status and by operation, what
the checks found, and the server's log; ends with exit code 1 on any finding, 5xx, hang or line of error in the log.
"""

from __future__ import annotations

import argparse
import http.client
import json
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "bench")]

from report import Table, publish  # noqa: E402
from served import Server  # noqa: E402

REQUEST_SECONDS = 30
"""What takes longer has hung."""


@dataclass
class Seen:
    """What the report of a run tells."""

    requests: int = 0
    slowest_ms: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    operations: dict[str, Counter[str]] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


def main() -> int:
    """Serve, attack and report."""
    options = _options()
    keep = options.keep or Path(tempfile.mkdtemp(prefix="qa-service-api-"))
    keep.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory() as home:
        environment = {"QA_MODEL": "toy", "QA_API_KEY": key, "QA_SAMPLES": "1", "QA_CACHE_DIR": home}
        with Server(Path(home) / "data", environment) as server:
            _warm(server.port, key)
            code = _attack(options, f"http://127.0.0.1:{server.port}", key, keep)
            still = server.client().call("GET", "/healthz").status
            log = server.log()
    (keep / "server.log").write_text(log, encoding="utf-8")
    seen = read_events(keep / "events.ndjson")
    errors = [line for line in log.splitlines() if " ERROR " in line or "Traceback" in line]
    facts = {
        "requests": seen.requests,
        "server_errors": sum(count for status, count in seen.statuses.items() if status.startswith("5")),
        "slowest_ms": seen.slowest_ms,
        "checks": seen.checks,
        "failures": seen.failures,
        "errors": seen.errors,
        "exit_code": code,
        "alive": still == 200,
        "log_errors": len(errors),
    }
    publish("api", facts, _tables(seen), [], options.out)
    print(f"{seen.requests} requests, slowest {seen.slowest_ms:.0f} ms; {facts['server_errors']} answered 5xx;")
    print(f"{len(errors)} errors in the server's log; schemathesis ended with {code}; all of it is in {keep}")
    return int(bool(code or facts["server_errors"] or errors or still != 200))


def _warm(port: int, key: str) -> None:
    """Have read what is read once and for all, which is no part of the time of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    body = json.dumps({"articles": [{"id": "warm", "html": "<p>The first page is read here.</p>"}]})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    connection.request("POST", "/v1/articles", body, headers)
    if connection.getresponse().status != 200:
        sys.exit("the server takes no article")
    connection.close()


def _attack(options: argparse.Namespace, url: str, key: str, keep: Path) -> int:
    command = [
        *(str(options.tools / "bin" / "schemathesis"), "--config-file", str(HERE / "schemathesis.toml"), "run"),
        *(f"{url}/openapi.json", "--url", url, "--checks", "all", "--no-color"),
        *("--max-response-time", str(REQUEST_SECONDS)),
        *("--header", f"Authorization: Bearer {key}", "--request-timeout", str(REQUEST_SECONDS)),
        *("--report", "ndjson", "--report-ndjson-path", str(keep / "events.ndjson"), "--continue-on-failure"),
        *(["--max-examples", str(options.examples)] if options.examples else []),
        *(["--max-time", str(int(options.minutes * 60))] if options.minutes else []),
        *(["--seed", str(options.seed)] if options.seed is not None else []),
    ]
    with (keep / "schemathesis.txt").open("wb") as output:
        return subprocess.run(command, check=False, stdout=output, stderr=subprocess.STDOUT, cwd=keep).returncode


def read_events(path: Path) -> Seen:
    """Read the events that schemathesis wrote, one JSON object a line, each under the name of its kind."""
    seen = Seen()
    with path.open(encoding="utf-8") as file:
        for line in file:
            for kind, event in json.loads(line).items():
                if isinstance(event.get("recorder"), dict):
                    _count(event["recorder"], seen)
                elif "Error" in kind:
                    seen.errors[f"{event.get('label')}: {str(event.get('value'))[:200]}"] += 1
    return seen


def _count(recorder: Mapping[str, Any], seen: Seen) -> None:
    """Count what one scenario sent, got and found wrong; `stateful` ones go by the request of each exchange."""
    label = str(recorder.get("label"))
    for exchange in recorder.get("interactions", {}).values():
        response = exchange.get("response")
        status = str(response["status_code"]) if response else "none"
        seen.requests += 1
        seen.statuses[status] += 1
        seen.operations.setdefault(label, Counter())[status] += 1
        seen.slowest_ms = max(seen.slowest_ms, 1000 * float(response.get("elapsed") or 0) if response else 0)
    for checks in recorder.get("checks", {}).values():
        for check in checks:
            seen.checks[check["name"]] += 1
            if check.get("status") == "failure":
                seen.failures[f"{check['name']} {label}"] += 1


def _tables(seen: Seen) -> list[Table]:
    tables = [
        Table("Answers by status", ["status", "requests"], [list(pair) for pair in sorted(seen.statuses.items())])
    ]
    if seen.failures:
        rows = [list(pair) for pair in seen.failures.most_common(40)]
        tables.append(Table("What the checks found", ["check and operation", "times"], rows))
    return tables


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True, help="the environment that attack-env made")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--examples", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
