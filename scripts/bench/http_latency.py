"""Measure ingest speed and the latency of /v1/ask over HTTP, one client, on a SQuAD-layout set.

Usage: scripts/bench/http_latency.py FILE [--questions N] [--json OUT]

Starts a server of its own on a free port with a temporary data directory, ingests every paragraph with the command
line, asks the questions one after the other over one connection, and prints percentiles and the median of each stage.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WARM_UP = 20


def paragraphs(path: Path) -> tuple[list[str], list[str]]:
    """Read the distinct paragraphs and the questions of a SQuAD-layout file."""
    texts: dict[str, None] = {}
    questions: list[str] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            texts[paragraph["context"]] = None
            questions.extend(qa["question"] for qa in paragraph["qas"])
    return list(texts), questions


def command(*arguments: str) -> list[str]:
    """Give the command line of qa-service in this interpreter."""
    return [sys.executable, "-m", "qa_service", *arguments]


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_ready(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server says that it is ready; end the run when it ends."""
    for _ in range(600):
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit("the server did not become ready")


def ask_all(port: int, questions: list[str]) -> tuple[list[float], list[dict[str, float]]]:
    """Ask one after the other over one connection; give milliseconds and stages, the warm-up left out."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    latencies, stages = [], []
    for place, question in enumerate(questions):
        body = json.dumps({"question": question}).encode()
        began = time.perf_counter()
        connection.request("POST", "/v1/ask", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read()
        taken = (time.perf_counter() - began) * 1e3
        if response.status != 200:
            sys.exit(f"{response.status}: {data[:300]!r}")
        if place >= WARM_UP:
            latencies.append(taken)
            stages.append(json.loads(data)["timings_ms"])
    return latencies, stages


def main() -> None:
    """Ingest, serve, ask and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    texts, questions = paragraphs(args.file)
    asked = random.Random(0).sample(questions, min(len(questions), args.questions + WARM_UP))
    with tempfile.TemporaryDirectory() as home:
        rows = Path(home, "articles.jsonl")
        lines = [json.dumps({"id": f"p{n:05d}", "text": text}) for n, text in enumerate(texts)]
        rows.write_text("\n".join(lines), encoding="utf-8")
        environment = dict(os.environ, QA_DATA_DIR=str(Path(home, "data")))
        began = time.perf_counter()
        subprocess.run(command("ingest", str(rows)), env=environment, check=True)
        ingest_s = time.perf_counter() - began
        port = free_port()
        began = time.perf_counter()
        server = subprocess.Popen(command("serve", "--port", str(port)), env=environment)
        try:
            wait_ready(port, server)
            ready_s = time.perf_counter() - began
            latencies, stages = ask_all(port, asked)
        finally:
            server.terminate()
            server.wait(30)
    cuts = statistics.quantiles(latencies, n=100)
    report = {
        "articles": len(texts),
        "ingest_s": round(ingest_s, 1),
        "ready_s": round(ready_s, 1),
        "questions": len(latencies),
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "stage_p50_ms": {name: round(statistics.median(s[name] for s in stages), 2) for name in stages[0]},
    }
    print(json.dumps(report, indent=1))
    if args.json:
        args.json.write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
