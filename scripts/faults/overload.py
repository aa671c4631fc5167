#!/usr/bin/env python
"""Ask four times as much as the service can answer, for minutes, and see what it makes of it.

    scripts/faults/overload.py [--minutes 10] [--times 4] [--articles 2000] [--slow 50] [--model toy] [--out DIR]

A server of its own is started on a free port of this machine over a temporary data directory. Its capacity is what 16
clients get answered that ask again as soon as they have an answer. Then requests are sent at --times that rate, whether
the ones before are answered or not: most to /v1/ask, some as chat, some as Dify's. Beside them, --slow connections send
half a head, or a body byte by byte, or read nothing of their answers. Every refusal must be a 503 or 429 with
Retry-After, in the shape of its protocol. The exit code is 1 when one is not, when an answer is lost, when an accepted
one took longer than --most-seconds, or when the server does not end with 0.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from load_articles import question, text
from load_client import Answer, Caller, Lost, request_bytes
from report import Plot, Table, publish
from served import Server, percentile

CAPACITY_CLIENTS, CAPACITY_S = 16, 10.0
PARTS = 10
MOST_CONNECTIONS = 600
"""Requests under way at once from here: more than the service takes, fewer than its connections."""
SHOWN = 10
_TICK_S = 0.005
_WAITED = (b"it was not begun within", b"it was not its turn in time")
"""What those are told that were accepted and then waited too long; the others are refused at once."""


@dataclass
class Part:
    """What happened in a tenth of the time."""

    sent: int = 0
    accepted_ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    waited_ms: list[float] = field(default_factory=list)
    health_ms: list[float] = field(default_factory=list)
    memory: float = 0.0


@dataclass
class Overload:
    """The run."""

    port: int
    articles: int
    span_s: float
    began: float = 0.0
    parts: list[Part] = field(default_factory=lambda: [Part() for _ in range(PARTS)])
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def part(self) -> Part:
        """Give the part that it is."""
        return self.parts[min(PARTS - 1, int((time.monotonic() - self.began) / self.span_s))]


def make_request(articles: int, chance: random.Random) -> tuple[str, bytes]:
    """Make a request; give its protocol too."""
    asked = question(chance.randrange(articles), 1)
    which = chance.random()
    if which < 0.8:
        return "native", request_bytes("POST", "/v1/ask", {"question": asked})
    if which < 0.9:
        body = {
            "model": "qa-default",
            "messages": [{"role": "user", "content": asked}],
            "stream": chance.random() < 0.5,
        }
        return "openai", request_bytes("POST", "/v1/chat/completions", body)
    return "dify", request_bytes("POST", "/retrieval", {"knowledge_id": "default", "query": asked})


def malformed(protocol: str, answer: Answer) -> str | None:
    """Say what is wrong with a refusal; None for nothing."""
    if answer.status not in (429, 503):
        return f"status {answer.status}: {answer.body[:200]!r}"
    if not answer.headers.get("retry-after", "").isdigit() or int(answer.headers["retry-after"]) < 1:
        return f"Retry-After {answer.headers.get('retry-after')!r}"
    if not answer.headers.get("x-request-id"):
        return "no X-Request-ID"
    try:
        body = answer.json()
        kind = answer.headers["content-type"]
        good = {
            "native": lambda: kind == "application/problem+json" and body["status"] == answer.status and body["errors"],
            "openai": lambda: kind == "application/json" and body["error"]["message"] and body["error"]["type"],
            "dify": lambda: kind == "application/json" and body["error_code"] and body["error_msg"],
        }[protocol]()
    except (ValueError, KeyError, TypeError) as error:
        return f"{type(error).__name__} in {answer.body[:200]!r}"
    return None if good else f"not the shape of {protocol}: {answer.body[:200]!r}"


async def capacity(port: int, articles: int) -> float:
    """Measure how many requests a second are answered when clients wait for their answers."""
    answered = 0
    until = time.monotonic() + CAPACITY_S

    async def client(seed: int) -> None:
        nonlocal answered
        chance, caller = random.Random(seed), Caller(port)
        while time.monotonic() < until:
            answer = await caller.call(make_request(articles, chance)[1])
            if answer.status != 200:
                sys.exit(f"a request got {answer.status} before any overload: {answer.body[:300]!r}")
            answered += 1
        caller.close()

    await asyncio.gather(*(client(seed) for seed in range(CAPACITY_CLIENTS)))
    return answered / CAPACITY_S


async def send(run: Overload, caller: Caller, protocol: str, request: bytes) -> None:
    """Send one request and note what became of it."""
    part = run.part()
    try:
        answer = await caller.call(request)
    except Lost as lost:
        run.counts["lost"] += 1
        run.wrong.append(str(lost))
        return
    if answer.status == 200:
        run.counts["accepted"] += 1
        part.accepted_ms.append(answer.ms)
        return
    problem = malformed(protocol, answer)
    run.counts["refused" if problem is None else "malformed"] += 1
    waited = any(said in answer.body for said in _WAITED)
    (part.waited_ms if waited else part.refused_ms).append(answer.ms)
    run.counts["refused after waiting"] += waited
    if problem is not None:
        run.wrong.append(f"{protocol}: {problem}")


async def flood(run: Overload, rate: float, until: float) -> None:
    """Send requests at a rate, on connections that are free, or new ones while there may be more."""
    chance = random.Random(1)
    free: list[Caller] = []
    busy: set[asyncio.Task[None]] = set()
    sent = 0

    def back(task: asyncio.Task[None], caller: Caller) -> None:
        busy.discard(task)
        free.append(caller)

    began = time.monotonic()
    while (now := time.monotonic()) < until:
        while sent < (now - began) * rate:
            sent += 1
            if len(busy) >= MOST_CONNECTIONS:
                run.counts["not sent"] += 1
                continue
            run.part().sent += 1
            caller = free.pop() if free else Caller(run.port)
            task = asyncio.create_task(send(run, caller, *make_request(run.articles, chance)))
            busy.add(task)
            task.add_done_callback(lambda done, caller=caller: back(done, caller))  # type: ignore[misc]
        await asyncio.sleep(_TICK_S)
    await asyncio.gather(*busy)
    for caller in free:
        caller.close()


async def be_slow(run: Overload, number: int, until: float) -> None:
    """Hold a connection in one of three ways, again and again."""
    ask = request_bytes("POST", "/v1/ask", {"question": question(number, 1)})
    whole = ask * 200 if number % 3 == 2 else ask
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", run.port)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            head = ask.index(b"Host") if number % 3 == 0 else ask.index(b"\r\n\r\n") + 4
            writer.write(whole if number % 3 == 2 else ask[:head])
            for place in range(head, len(ask) - 1):
                if time.monotonic() > until or writer.transport.is_closing():
                    break
                await asyncio.sleep(1)
                if number % 3 == 1:
                    writer.write(ask[place : place + 1])
            writer.transport.abort()
        run.counts["slow connections"] += 1


async def look(run: Overload, server: Server, until: float) -> None:
    """Ask how the server is once a second, and look at its memory."""
    caller = Caller(run.port)
    while time.monotonic() < until:
        part = run.part()
        try:
            answer = await caller.call(request_bytes("GET", "/healthz"))
        except Lost as lost:
            run.counts["lost"] += 1
            run.wrong.append(f"/healthz: {lost}")
        else:
            part.health_ms.append(answer.ms)
            if answer.status != 200:
                run.counts["malformed"] += 1
                run.wrong.append(f"/healthz: {answer.status}")
        part.memory = max(part.memory, (await asyncio.to_thread(server.memory)).resident)
        await asyncio.sleep(1)
    caller.close()


async def fill(port: int, articles: int) -> None:
    """Take articles in."""
    caller = Caller(port)
    for first in range(0, articles, 100):
        given = [{"id": str(one), "text": text(one, 1)} for one in range(first, min(first + 100, articles))]
        answer = await caller.call(request_bytes("POST", "/v1/articles", {"articles": given}))
        if answer.status != 200:
            sys.exit(f"articles got {answer.status}: {answer.body[:300]!r}")
    caller.close()


async def run(options: argparse.Namespace, server: Server) -> tuple[Overload, float, float]:
    """Fill, measure, flood, and measure again; give the capacities before and after too."""
    await fill(server.port, options.articles)
    await capacity(server.port, options.articles)  # warms it up
    before = await capacity(server.port, options.articles)
    seconds = options.minutes * 60
    found = Overload(server.port, options.articles, seconds / PARTS)
    found.began = time.monotonic()
    until = found.began + seconds
    slow = [be_slow(found, number, until) for number in range(options.slow)]
    await asyncio.gather(flood(found, before * options.times, until), look(found, server, until), *slow)
    await asyncio.sleep(2)
    return found, before, await capacity(server.port, options.articles)


def main() -> int:
    """Run it and report."""
    options = _options()
    with tempfile.TemporaryDirectory() as home, Server(Path(home, "data"), {"QA_MODEL": options.model}) as server:
        found, before, after = asyncio.run(run(options, server))
    accepted = [ms for part in found.parts for ms in part.accepted_ms]
    refused = [ms for part in found.parts for ms in part.refused_ms]
    waited = [ms for part in found.parts for ms in part.waited_ms]
    rows = [
        (
            number,
            part.sent / found.span_s,
            len(part.accepted_ms) / found.span_s,
            *_two(part.accepted_ms),
            len(part.refused_ms) / found.span_s,
            *_two(part.refused_ms),
            max(part.health_ms, default=None),
            part.memory or None,
        )
        for number, part in enumerate(found.parts, 1)
    ]
    totals = [
        ("capacity before, requests/s", before),
        ("capacity after, requests/s", after),
        ("sent, times capacity", sum(part.sent for part in found.parts) / (options.minutes * 60) / before),
        *sorted(found.counts.items()),
        ("accepted, p99 ms", percentile(accepted, 0.99) if accepted else None),
        ("accepted, longest ms", max(accepted, default=None)),
        ("refused at once, p50 ms", percentile(refused, 0.5) if refused else None),
        ("refused at once, p99 ms", percentile(refused, 0.99) if refused else None),
        ("refused after waiting, longest ms", max(waited, default=None)),
        ("exit code of the server", server.exit_code),
    ]
    columns = ("part", "sent/s", "accepted/s", "p50 ms", "p99 ms", "at once/s", "p50 ms", "p99 ms", "health ms", "MiB")
    title = f"overload: {options.times:g} times capacity, {options.slow} slow connections, parts of {found.span_s:g} s"
    tables = [Table(title, columns, rows), Table("overload: all", ("", "value"), totals)]
    latency = {
        name: [(row[0], row[at]) for row in rows if row[at] is not None] for name, at in (("p50", 3), ("p99", 4))
    }
    plots = [Plot("Latency of accepted requests under overload", "part", "ms", latency)]
    facts = {
        "minutes": options.minutes,
        "counts": dict(found.counts),
        "wrong": found.wrong[:SHOWN],
        "totals": dict(totals),
    }
    publish("overload", facts, tables, plots, options.out)
    for line in found.wrong[:SHOWN]:
        print("wrong:", line)
    late = not accepted or max(accepted) > options.most_seconds * 1e3
    return 1 if found.counts["lost"] or found.counts["malformed"] or late or server.exit_code else 0


def _two(ms: list[float]) -> tuple[float | None, float | None]:
    return (percentile(ms, 0.5), percentile(ms, 0.99)) if ms else (None, None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--times", type=float, default=4)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--slow", type=int, default=50)
    parser.add_argument("--model", default="toy")
    parser.add_argument("--most-seconds", type=float, default=15, help="longest that an accepted request may take")
    parser.add_argument("--out", type=Path, help="folder for overload.json and overload.svg")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
