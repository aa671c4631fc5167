"""How long answers take while articles come in."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from served import Server, command, percentile

from qa_service.types import Submission

CLIENTS = (1, 4)
WARM_UP, LONGEST_S, LEAST_ANSWERS = 50, 20.0, 200
ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers of some clients while something went on; `times_idle` compares their p99."""

    during: str
    clients: int
    answers: int
    p50_ms: float
    p99_ms: float
    times_idle: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something goes on: its server, the data, the articles to take into a collection of their own."""

    server: Server
    data: Path
    articles: Sequence[Submission]
    name: str


def ask_during(articles: Sequence[Submission], questions: Sequence[str], data: Path | None) -> list[Asked]:
    """Serve the articles and measure answers: idle, during a job, and beside the command line's ingest."""
    found: list[Asked] = []
    with tempfile.TemporaryDirectory() as home:
        where = data or Path(home, "data")
        rows = Path(home, "articles.jsonl")
        lines = [json.dumps({"id": one.id, "text": one.content.decode("utf-8")}) for one in articles]
        rows.write_text("\n".join(lines), encoding="utf-8")
        given = ("--data", str(where), "--collection")
        subprocess.run(command("ingest", str(rows), *given, ASKED), check=True, stdout=subprocess.DEVNULL)
        with Server(where) as server:
            _load(server, questions[:WARM_UP], 1, lambda: False)
            names = (f"new-{number}" for number in count())
            for kind, work in (("idle", _idle), ("job", _job), ("command line", _command_line)):
                for clients in CLIENTS:
                    with work(Scene(server, where, articles, next(names))) as working:
                        times = _load(server, questions, clients, working)
                    idle = next((one.p99_ms for one in found if one.clients == clients), None)
                    p99 = percentile(times, 0.99)
                    found.append(Asked(kind, clients, len(times), percentile(times, 0.5), p99, p99 / (idle or p99)))
    return found


Working = Callable[[], bool]


@contextmanager
def _idle(_: Scene) -> Iterator[Working]:
    yield lambda: False


@contextmanager
def _job(scene: Scene) -> Iterator[Working]:
    """Queue the articles; done when all is, so that the next measurement is not disturbed."""
    items = [
        {"id": one.id, "content_base64": base64.b64encode(content).decode(), "content_type": "text/plain"}
        for one, content in _others(scene)
    ]
    client = scene.server.client()
    jobs = []
    for start in range(0, len(items), 500):
        body = {"articles": items[start : start + 500]}
        answer = client.call("POST", f"/v1/articles?collection={scene.name}&async=true", body)
        jobs.append(answer.body["job"]["id"])

    def working() -> bool:
        found = [scene.server.client().call("GET", f"/v1/jobs/{job}").body["job"]["state"] for job in jobs]
        return "running" in found

    while any(client.call("GET", f"/v1/jobs/{job}").body["job"]["state"] == "queued" for job in jobs[:1]):
        time.sleep(0.1)
    yield working
    client.call("DELETE", f"/v1/collections/{scene.name}")
    time.sleep(5)


@contextmanager
def _command_line(scene: Scene) -> Iterator[Working]:
    """Run the command in a process beside the server."""
    with tempfile.TemporaryDirectory() as home:
        rows = Path(home, "articles.jsonl")
        lines = [json.dumps({"id": one.id, "text": content.decode("utf-8")}) for one, content in _others(scene)]
        rows.write_text("\n".join(lines), encoding="utf-8")
        arguments = command("ingest", str(rows), "--data", str(scene.data), "--collection", scene.name)
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(5)  # it loads the model
            yield lambda: process.poll() is None
            process.terminate()


def _others(scene: Scene) -> Iterator[tuple[Submission, bytes]]:
    """Change every sentence a little, so that none has a vector yet."""
    for article in scene.articles:
        yield article, article.content.replace("。".encode(), f"({scene.name})。".encode())


def _load(server: Server, questions: Sequence[str], clients: int, working: Working) -> list[float]:
    """Ask for as long as work goes on, with a limit, or so many questions; give milliseconds."""
    times: list[float] = []
    end = time.perf_counter() + LONGEST_S

    def ask(first: int) -> None:
        client = server.client()
        for number in count(first, clients):
            times.append(client.ask(questions[number % len(questions)], ASKED).ms)
            enough = len(times) >= LEAST_ANSWERS
            if time.perf_counter() > end or (enough and not going.is_set()):
                return

    going = threading.Event()
    going.set()
    threads = [threading.Thread(target=ask, args=(first,)) for first in range(clients)]
    for thread in threads:
        thread.start()
    while going.is_set() and time.perf_counter() < end:
        if not working():
            going.clear()
        time.sleep(0.5)
    for thread in threads:
        thread.join()
    return times
