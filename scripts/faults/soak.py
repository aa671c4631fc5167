#!/usr/bin/env python
"""Ask for an hour while articles are added, replaced and deleted, and check each answer against a model.

    scripts/faults/soak.py [--minutes 60] [--clients 16] [--writers 2] [--articles 400] [--before 7000]
                           [--model toy] [--out DIR]

A server of its own is started on a free port of this machine over a temporary data directory. Every version of every
article has a word of its own. The model knows what was acknowledged when: an answer is wrong if it shows a text that
was not the article's at any moment between question and answer, or does not show the article that has the word asked
for though it was there all that time. First --before articles are taken in and deleted again, which fills what the
server remembers of the sentences encoded last: that has a bound, and grows up to it by any change. Memory is compared
from the end of the warm-up (a sixth of the time) to the end; the p99 of each minute with that of the first. The exit
code is 1 when a bound is broken: a wrong answer, 5% more memory, three times the p99, or an answer lost.
"""

from __future__ import annotations

import argparse
import asyncio
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
from report import Table, publish
from served import Server
from soak_model import Model
from soak_report import Minute, Summary, plot, table

TOP_K = 10
MOST_GROWTH, MOST_TIMES = 0.05, 3.0
SHOWN = 10
_WRITER_REST_S = 0.05
_AT_ONCE = 100
DELETED = 0.4
"""Share of the chosen articles that are there which are deleted; the others are replaced, and those not there added."""
SHARE_THERE = 1 / (1 + DELETED)
"""Share of the articles that is there in the long run, and from the start, so that what is stored does not grow."""


@dataclass
class Soak:
    """The run: its model, what it counts, and what went wrong."""

    port: int
    model: Model
    span_s: float
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    minutes: list[Minute] = field(default_factory=lambda: [Minute()])
    began: float = field(default_factory=time.monotonic)

    def minute(self) -> Minute:
        """Give the minute that it is."""
        number = int((time.monotonic() - self.began) / self.span_s)
        while len(self.minutes) <= number:
            self.minutes.append(Minute())
        return self.minutes[number]


async def ask(soak: Soak, seed: int, until: float) -> None:
    """Ask for one article after another, most of them there, some gone or of an old version."""
    chance, caller = random.Random(seed), Caller(soak.port)
    while time.monotonic() < until:
        number = chance.randrange(soak.model.articles)
        version = soak.model.some_version(number, chance)
        body = {"question": question(number, version), "top_k": TOP_K, "min_confidence": 0}
        try:
            answer = await caller.call(request_bytes("POST", "/v1/ask", body))
        except Lost as lost:
            soak.counts["lost"] += 1
            soak.wrong.append(str(lost))
            continue
        soak.minute().ms.append(answer.ms)
        check(soak, number, version, answer)
    caller.close()


def check(soak: Soak, number: int, version: int, answer: Answer) -> None:
    """Compare an answer with the model."""
    if answer.status != 200:
        soak.counts["refused" if answer.status == 503 else "failed"] += 1
        return
    soak.counts["answers"] += 1
    body = answer.json()
    found: set[int] = set()
    for passage in body["passages"]:
        shown = int(passage["article_id"])
        found.add(shown)
        found.update(int(copy["article_id"]) for copy in passage["also_in"])
        allowed = soak.model.versions(shown, answer.asked, answer.came)
        if not any(_shows(shown, one, passage) for one in allowed if one is not None):
            soak.counts["stale or wrong"] += 1
            soak.wrong.append(
                f"article {shown}: {passage['text'][:80]!r} is of none of its versions {sorted(map(str, allowed))}"
            )
    if soak.model.versions(number, answer.asked, answer.came) == {version} and number not in found:
        soak.counts["missing"] += 1
        soak.wrong.append(f"article {number}, version {version}, was not found by its word")


def _shows(number: int, version: int, passage: dict[str, object]) -> bool:
    return passage["text"] == text(number, version)[passage["start"] : passage["end"]]  # type: ignore[misc]


async def write(soak: Soak, numbers: range, seed: int, until: float) -> None:
    """Add, replace and delete the articles of these numbers, which no other writer touches."""
    chance, caller = random.Random(seed), Caller(soak.port)
    while time.monotonic() < until:
        chosen = chance.sample(numbers, chance.choice((1, 1, 2, 5)))
        deleted = [number for number in chosen if soak.model.is_there(number) and chance.random() < DELETED]
        for number in deleted:
            await _delete(soak, caller, number)
        await _put(soak, caller, [number for number in chosen if number not in deleted])
        await asyncio.sleep(_WRITER_REST_S)
    caller.close()


async def _fill_memory(port: int, articles: int) -> None:
    """Take articles into a collection of their own, and delete that."""
    caller = Caller(port)
    for first in range(0, articles, _AT_ONCE):
        # None of their texts is ever one of those that are asked for.
        given = [{"id": str(one), "text": text(one, 99_999)} for one in range(first, min(first + _AT_ONCE, articles))]
        request = request_bytes("POST", "/v1/articles?collection=before", {"articles": given})
        if (answer := await caller.call(request)).status != 200:
            sys.exit(f"articles got {answer.status}: {answer.body[:300]!r}")
    if articles and (answer := await caller.call(request_bytes("DELETE", "/v1/collections/before"))).status != 204:
        sys.exit(f"deleting a collection got {answer.status}: {answer.body[:300]!r}")
    caller.close()


async def _put(soak: Soak, caller: Caller, numbers: list[int]) -> None:
    if not numbers:
        return
    changes = [soak.model.begin(number) for number in numbers]
    articles = [{"id": str(change.number), "text": text(change.number, change.version)} for change in changes]
    answer = await _sure(soak, caller, request_bytes("POST", "/v1/articles", {"articles": articles}), 200)
    outcomes = {row["outcome"] for row in answer.json()["articles"]}
    if not outcomes <= {"created", "updated"}:
        soak.counts["failed"] += 1
        soak.wrong.append(f"written with outcomes {outcomes}")
    for change in changes:
        change.end = answer.came
    soak.counts["written"] += len(changes)
    soak.minute().written += len(changes)


async def _delete(soak: Soak, caller: Caller, number: int) -> None:
    change = soak.model.begin(number, deletes=True)
    change.end = (await _sure(soak, caller, request_bytes("DELETE", f"/v1/articles/{number}"), 204)).came
    soak.counts["deleted"] += 1
    soak.minute().written += 1


async def _sure(soak: Soak, caller: Caller, request: bytes, status: int) -> Answer:
    """Write something until it is acknowledged."""
    while True:
        try:
            answer = await caller.call(request)
        except Lost as lost:
            soak.counts["lost"] += 1
            soak.wrong.append(str(lost))
            continue
        if answer.status in (503, 429):
            soak.counts["writes refused"] += 1
            await asyncio.sleep(int(answer.headers.get("retry-after", 1)))
            continue
        if answer.status != status:
            sys.exit(f"a write got {answer.status}: {answer.body[:300]!r}")
        return answer


async def watch(soak: Soak, server: Server, until: float) -> None:
    """Look at the server's memory several times a minute."""
    while time.monotonic() < until:
        await asyncio.sleep(soak.span_s / 12)
        memory = await asyncio.to_thread(server.memory)
        soak.minute().memory.append(memory.resident)
        soak.minute().anonymous.append(memory.anonymous)


async def run(options: argparse.Namespace, server: Server) -> Soak:
    """Fill the server and let all of them loose."""
    await _fill_memory(server.port, options.before)
    soak = Soak(server.port, Model(options.articles), min(60.0, options.minutes * 6))
    caller = Caller(server.port)
    there = random.Random(0).sample(range(options.articles), round(options.articles * SHARE_THERE))
    for first in range(0, len(there), 50):
        await _put(soak, caller, there[first : first + 50])
    caller.close()
    soak.began, soak.minutes = time.monotonic(), [Minute()]
    until = soak.began + options.minutes * 60
    share = options.articles // options.writers
    writers = [write(soak, range(one * share, (one + 1) * share), one, until) for one in range(options.writers)]
    askers = [ask(soak, 1000 + one, until) for one in range(options.clients)]
    await asyncio.gather(*writers, *askers, watch(soak, server, until))
    soak.minutes = soak.minutes[: max(1, round(options.minutes * 60 / soak.span_s))]
    return soak


def main() -> int:
    """Run it and report."""
    options = _options()
    with tempfile.TemporaryDirectory() as home, Server(Path(home, "data"), {"QA_MODEL": options.model}) as server:
        soak = asyncio.run(run(options, server))
    ended = server.exit_code
    summary = Summary.of(soak.minutes)
    bad = sum(soak.counts[name] for name in ("stale or wrong", "missing", "lost", "failed"))
    totals = [
        *sorted(soak.counts.items()),
        ("wrong answers", soak.counts["stale or wrong"] + soak.counts["missing"]),
        ("memory growth after warm-up, %", summary.growth * 100),
        ("worst p99 / first", summary.times),
        ("exit code of the server", ended),
    ]
    tables = [
        table(f"soak: {options.clients} clients, parts of {soak.span_s:g} s", soak.minutes),
        Table("soak: all", ("", "value"), totals),
    ]
    facts = {
        "minutes": options.minutes,
        "clients": options.clients,
        "counts": dict(soak.counts),
        "wrong": soak.wrong[:SHOWN],
    }
    publish(
        "soak",
        {**facts, "growth": summary.growth, "p99_times": summary.times},
        tables,
        [plot(soak.minutes)],
        options.out,
    )
    for line in soak.wrong[:SHOWN]:
        print("wrong:", line)
    return 1 if bad or summary.growth > MOST_GROWTH or summary.times > MOST_TIMES or ended else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--articles", type=int, default=400, help="how many there may be at once")
    parser.add_argument("--before", type=int, default=7000, help="articles taken in and deleted before it begins")
    parser.add_argument("--model", default="toy")
    parser.add_argument("--out", type=Path, help="folder for soak.json and soak.svg")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
