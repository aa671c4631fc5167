#!/usr/bin/env python3
"""Time the streams of /v1/chat/completions on a running service: the first token, and many streams at once.

The time to the first token is also given less the retrieval's own time, as the service reports it for each question.
With --clients, that many streams run at once; each must end whole and say what it says alone.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Streamed:
    """One stream: milliseconds to its first content and to its end, of retrieval, and its text; whole with [DONE]."""

    first: float
    end: float
    retrieval: float
    text: str
    whole: bool


def stream(url: str, model: str, question: str) -> Streamed:
    """Ask a question and read its stream to the end."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "127.0.0.1", place.port, timeout=120)
    body = {"model": model, "messages": [{"role": "user", "content": question}], "stream": True}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ.get('QA_API_KEY', 'none')}"}
    connection.connect()
    began = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", json.dumps({**body, "qa": {"sources": "result"}}), headers)
    response = connection.getresponse()
    if response.status != 200:
        raise SystemExit(f"{response.status}: {response.read()[:300]!r}")
    first, retrieval, text, whole = 0.0, 0.0, "", False
    for line in response:
        if line.startswith(b"data: [DONE]"):
            whole = True
        elif line.startswith(b"data: "):
            frame = json.loads(line[6:])
            retrieval = frame.get("event", {}).get("data", {}).get("timings_ms", {}).get("total", retrieval)
            for choice in frame.get("choices", []):
                piece = choice["delta"].get("content", "")
                if piece and not text:
                    first = 1000 * (time.perf_counter() - began)
                text += piece
    connection.close()
    return Streamed(first, 1000 * (time.perf_counter() - began), retrieval, text, whole)


def percentile(values: list[float], share: float) -> float:
    """Give the value below which a share, 0..1, of the values are."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def main() -> int:
    """Print the times; 1 if a stream was cut or said something else than alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", type=Path, help="one question a line, or JSON lines with `question`")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--model", default="qa-default")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--clients", type=int, default=32)
    options = parser.parse_args()
    lines = options.questions.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] if line.startswith("{") else line for line in lines if line.strip()]
    questions = questions[: options.limit]
    for question in questions[:5]:
        stream(options.url, options.model, question)
    alone = [stream(options.url, options.model, question) for question in questions]
    after = [one.first - one.retrieval for one in alone]
    print(f"{len(alone)} streams, one client")
    for name, values in (("first token", [one.first for one in alone]), ("after retrieval", after)):
        print(f"  {name:16} p50 {statistics.median(values):6.1f} ms   p99 {percentile(values, 0.99):6.1f} ms")
    began = time.perf_counter()
    with ThreadPoolExecutor(options.clients) as pool:
        many = list(pool.map(lambda question: stream(options.url, options.model, question), questions))
    seconds = time.perf_counter() - began
    lost = sum(not one.whole or one.text != before.text for one, before in zip(many, alone, strict=True))
    firsts = [one.first for one in many]
    print(f"{len(many)} streams, {options.clients} clients: {len(many) / seconds:.1f}/s, {lost} lost or different")
    print(f"  {'first token':16} p50 {statistics.median(firsts):6.1f} ms   p99 {percentile(firsts, 0.99):6.1f} ms")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
