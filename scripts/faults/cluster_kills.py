#!/usr/bin/env python
"""Kill Milvus Lite, PostgreSQL and services in turn while clients write and ask; check that nothing is lost.

    scripts/faults/cluster_kills.py [--minutes 8] [--seed 0] [--services 2] [--articles 40] [--timeout 10]

All of it is started on free ports of this machine, and ended afterwards. What is killed is started again after one to
five seconds, the services beside it never are. Wrong is: an acknowledged write that is not there, nor a later one of
the same article; an answer with a text that was not there between question and answer; a refusal that is no 503 with a
reason, or no answer though that service was up; a service that gives no answer within a minute of the other's return.
Prints a report as JSON; the exit code is 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path

from cluster_judging import answer_faults, held_fault, refusal_fault
from cluster_ledger import Ledger
from cluster_parts import Cluster, started
from load_articles import question, text
from load_client import Answer, Caller, Lost, request_bytes
from served import percentile

BACK_WITHIN_S = 60.0
_REST_S = 0.05
_SHOWN = 20
_TOP_K = 50
"""More than there are articles, so that what is there is shown, whatever its rank."""
_GRACE_S = 1.0
"""A connection that was lost so shortly after the kill was lost by it."""


@dataclass
class Run:
    """What is under way, what was counted, and what is wrong."""

    cluster: Cluster
    minutes: float
    articles: int
    until: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    refusals: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    away: str = "nothing"
    down: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def going(self) -> bool:
        """Tell whether the time is not over."""
        return time.monotonic() < self.until

    def blame(self, what: str) -> None:
        """Note what is wrong."""
        self.wrong.append(what)
        print(f"wrong: {what}", file=sys.stderr, flush=True)


async def call(run: Run, caller: Caller, request: bytes, good: tuple[int, ...]) -> Answer | None:
    """Send a request; None where it was refused or the connection lost, as it may be."""
    asked = time.monotonic()
    try:
        answer = await caller.call(request)
    except Lost as lost:
        run.counts["lost with a service that was killed"] += 1
        now = time.monotonic()
        if not any(begin <= now and asked <= end + _GRACE_S for begin, end in run.down[caller.port]):
            run.blame(f"no answer of a service that was up: {lost}")
        return None
    if answer.status in good:
        return answer
    run.counts["refusals"] += 1
    run.refusals[run.away].append(answer.ms)
    if fault := refusal_fault(answer):
        run.blame(fault)
    return None


async def ask(run: Run, seed: int) -> None:
    """Ask one service after another for one article after another."""
    chance, callers = random.Random(seed), [Caller(service.port) for service in run.cluster.services]
    while run.going():
        number = chance.randrange(run.articles)
        if await asked_for(run, chance.choice(callers), number) is None:
            await asyncio.sleep(_REST_S)
        await asyncio.sleep(_REST_S)


async def asked_for(run: Run, caller: Caller, number: int) -> Answer | None:
    """Ask for the last version of an article, and judge the answer."""
    version = run.ledger.last_version(number) or 1
    body = {"question": question(number, version), "top_k": _TOP_K}
    answer = await call(run, caller, request_bytes("POST", "/v1/ask", body), (200,))
    if answer is not None:
        run.counts["questions answered"] += 1
        for fault in answer_faults(run.ledger, answer, number, version):
            run.blame(fault)
    return answer


async def write(run: Run, numbers: range, seed: int) -> None:
    """Add, replace and delete articles of these numbers through one service after another."""
    chance, callers = random.Random(seed), [Caller(service.port) for service in run.cluster.services]
    while run.going():
        number = chance.choice(numbers)
        change = run.ledger.submit(number, deletes=run.ledger.last_version(number) > 0 and chance.random() < 0.2)
        if change.version is None:
            request = request_bytes("DELETE", f"/v1/articles/{number}")
        else:
            articles = [{"id": str(number), "text": text(number, change.version)}]
            request = request_bytes("POST", "/v1/articles", {"articles": articles})
        answer = await call(run, chance.choice(callers), request, (200, 204, 404))
        if answer is None:
            await asyncio.sleep(4 * _REST_S)
        elif answer.status != 404:  # what was deleted before may be gone for all, or just about to be
            run.ledger.acknowledge(change, answer.came)
            run.counts["deletions acknowledged" if change.version is None else "writes acknowledged"] += 1
        await asyncio.sleep(_REST_S)


async def kill(run: Run, chance: random.Random) -> None:
    """Kill one thing after another, and start it again."""
    names = list(run.cluster.parts)
    while run.going():
        for name in chance.sample(names, len(names)):
            await asyncio.sleep(chance.uniform(1, 5))
            if not run.going():
                return
            await _kill_one(run, name, chance.uniform(1, 5))
        run.counts["rounds"] += 1


async def _kill_one(run: Run, name: str, seconds: float) -> None:
    part, ports = run.cluster.parts[name], [service.port for service in run.cluster.services]
    if name.startswith("service"):
        ports = [ports[int(name.split()[1])]]
        run.down[ports[0]].append((time.monotonic(), float("inf")))
    run.away = name
    await asyncio.to_thread(part.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(part.start)
    returned = time.monotonic()
    run.counts[f"kills of {name}"] += 1
    await asyncio.gather(*(_first_good(run, name, port, returned) for port in ports))
    run.away = "nothing"


async def _first_good(run: Run, name: str, port: int, returned: float) -> None:
    """Ask a service until it answers; note how long that takes."""
    caller, body = Caller(port), {"question": question(0, 1), "top_k": 1}
    while time.monotonic() < returned + BACK_WITHIN_S:
        try:
            answer = await caller.call(request_bytes("POST", "/v1/ask", body))
        except Lost:
            answer = None
        if answer is not None and answer.status == 200:
            run.recoveries[name].append(answer.came - returned)
            break
        await asyncio.sleep(_REST_S)
    else:
        run.blame(f"after {name} was back, a service gave no answer for {BACK_WITHIN_S:.0f} s")
    caller.close()
    if name.startswith("service"):
        run.down[port][-1] = (run.down[port][-1][0], time.monotonic())


async def judge(run: Run) -> None:
    """Once all is quiet, compare what each service holds and shows of every article with what it acknowledged."""
    for service in run.cluster.services:
        caller = Caller(service.port)
        for number in run.ledger.numbers():
            answer = await caller.call(request_bytes("GET", f"/v1/articles/{number}"))
            held = answer.json()["text"] if answer.status == 200 else None
            if answer.status not in (200, 404):
                run.blame(f"article {number} could not be read: {answer.status}")
            elif fault := held_fault(run.ledger, number, held):
                run.blame(fault)
            run.counts["articles compared"] += 1
            await asked_for(run, caller, number)
        caller.close()


async def go(run: Run, seed: int) -> None:
    """Let all of them loose, and judge."""
    caller = Caller(run.cluster.services[0].port)
    ready = time.monotonic() + BACK_WITHIN_S
    for service in run.cluster.services:
        while not await _is_ready(service.port) and time.monotonic() < ready:
            await asyncio.sleep(_REST_S)
    # There is a collection to ask from the start.
    first = run.ledger.submit(0)
    answer = await caller.call(request_bytes("POST", "/v1/articles", {"articles": [{"id": "0", "text": text(0, 1)}]}))
    if answer.status != 200:
        sys.exit(f"the first article got {answer.status}: {answer.body[:300]!r}")
    run.ledger.acknowledge(first, answer.came)
    run.until = time.monotonic() + run.minutes * 60
    half = run.articles // 2
    clients: list[Awaitable[None]] = [
        write(run, range(half), seed + 1),
        write(run, range(half, run.articles), seed + 2),
    ]
    clients += [ask(run, seed + one) for one in (3, 4, 5)]
    await asyncio.gather(*clients, kill(run, random.Random(seed)))
    await judge(run)


async def _is_ready(port: int) -> bool:
    caller = Caller(port)
    try:
        return (await caller.call(request_bytes("GET", "/readyz"))).status == 200
    except Lost:
        return False
    finally:
        caller.close()


def _spread(seconds: list[float]) -> dict[str, float]:
    return {"times": len(seconds), "p50": round(percentile(seconds, 0.5), 3), "max": round(max(seconds), 3)}


def main() -> int:
    """Run it and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--services", type=int, default=2)
    parser.add_argument("--articles", type=int, default=40)
    parser.add_argument("--timeout", type=float, default=10, help="seconds that a search in Milvus may take")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with started(home, given.services, given.timeout) as cluster:
            run = Run(cluster, given.minutes, given.articles)
            asyncio.run(go(run, given.seed))
            if problems := cluster.problems(home):
                run.blame(f"check: {problems}")
    report = {
        "minutes": given.minutes,
        "seed": given.seed,
        "counts": dict(sorted(run.counts.items())),
        "refusals_ms": {name: _spread(found) for name, found in sorted(run.refusals.items())},
        "recoveries_s": {name: _spread(found) for name, found in sorted(run.recoveries.items())},
        "violations": len(run.wrong),
        "wrong": run.wrong[:_SHOWN],
    }
    print(json.dumps(report, ensure_ascii=False, indent=2))
    return 1 if run.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
