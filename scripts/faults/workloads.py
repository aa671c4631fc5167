"""Writes of every kind, over HTTP and by the command line, each noted in the model before and after."""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from made_articles import Made
from shelves_model import GONE, Key, NotAcknowledged, ShelvesModel, Version
from victims import NoAnswer, Victim, article_path, problem, start_command

MOST_LIVE = {"plain": 250, "site": 150, "large": 30, "job": 250, "file": 250}
"""Articles that a collection may grow to; beyond, more are deleted than added."""
CUT_OFF = (503,)
"""Statuses with which a server that stops, or is still loading, refuses."""


@dataclass
class Scene:
    """Where writes go: the server, the model, and what was unexpected.

    Attributes:
        jobs: the changes of accepted jobs by job id, until they are seen to be done.
        orphans: whether a job was sent of which it is not known whether it was accepted.
        unexpected: answers that no write should get; `tell` is told of each as it comes.
    """

    victim: Victim
    model: ShelvesModel
    directory: Path
    jobs: dict[str, Mapping[Key, Version]] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)
    refused: int = 0
    tell: Callable[[str], None] | None = None

    def call(self, method: str, path: str, body: object = None, wanted: int = 200) -> Any:
        """Send a write.

        Errors:
            NotAcknowledged: it has no answer, or one that is not the one wanted.
        """
        try:
            status, answer = self.victim.call(method, path, body)
        except NoAnswer as error:
            raise NotAcknowledged(str(error)) from error
        if status != wanted:
            if status in CUT_OFF:
                self.refused += 1
            else:
                self.expect(False, f"{method} {path.partition('?')[0]} got {status}: {problem(answer)}")
            raise NotAcknowledged(f"status {status}")
        return answer

    def expect(self, holds: bool, what: str) -> None:
        """Note what is not as it should be."""
        if holds:
            return
        self.unexpected.append(what)
        if self.tell is not None:
            self.tell(what)


def chosen(scene: Scene, kind: str, rng: random.Random, most: int) -> dict[Key, Version]:
    """Choose articles to be written: new ones, and new versions of those that are there."""
    live = scene.model.settled(kind, live=True)
    room = MOST_LIVE[kind] - len(live)
    fresh = rng.randint(0, min(most, room)) if room > 0 else 0
    old = rng.sample(live, min(len(live), rng.randint(0 if fresh else 1, most)))
    changes: dict[Key, Version] = {(kind, f"{kind}-{next(scene.numbers)}"): 0 for _ in range(fresh)}
    for article_id in old:
        version = scene.model.version((kind, article_id))
        assert version is not None
        changes[(kind, article_id)] = version + 1
    gone = scene.model.settled(kind, live=False)
    if gone and rng.random() < 0.3:
        # A deleted article that comes back is another one than it was.
        changes[(kind, rng.choice(gone))] = next(scene.numbers) + 1000
    return changes


def add(scene: Scene, kind: str, rng: random.Random, most: int = 20) -> None:
    """Add and replace articles in one request."""
    changes = chosen(scene, kind, rng, most)
    if not changes:
        return
    rows = [Made(article_id, version).row() for (_, article_id), version in changes.items() if version is not None]
    with scene.model.change(changes):
        answer = scene.call("POST", f"/v1/articles?collection={kind}", {"articles": rows})
    outcomes = {row["id"]: row["outcome"] for row in answer["articles"]}
    scene.expect(set(outcomes.values()) <= {"created", "updated"}, f"{kind}: outcomes {outcomes}")


def delete(scene: Scene, kind: str, rng: random.Random) -> None:
    """Delete an article."""
    live = scene.model.settled(kind, live=True)
    if not live:
        return
    article_id = rng.choice(live)
    with scene.model.change({(kind, article_id): GONE}):
        scene.call("DELETE", article_path(article_id, kind), wanted=204)


def mixed(scene: Scene, kind: str, rng: random.Random) -> None:
    """Do one of both."""
    full = len(scene.model.settled(kind, live=True)) >= MOST_LIVE[kind]
    if rng.random() < (0.7 if full else 0.3):
        delete(scene, kind, rng)
    else:
        add(scene, kind, rng)


def replace_large(scene: Scene, kind: str, rng: random.Random) -> None:
    """Replace large articles, each of several passages, so that compaction becomes due."""
    add(scene, kind, rng, 30)
    if rng.random() < 0.2:
        delete(scene, kind, rng)


def shelve(scene: Scene, kind: str, rng: random.Random) -> None:
    """Make a collection, fill it, and delete it."""
    name = f"{kind}-{rng.randint(0, 4)}"
    if scene.model.collections.get(name, {False}) == {True}:
        with scene.model.change_collection(name, False):
            scene.call("DELETE", f"/v1/collections/{name}", wanted=204)
    elif scene.model.collections.get(name, {False}) == {False}:
        changes: dict[Key, Version] = {(name, f"shelf-{next(scene.numbers)}"): 0 for _ in range(rng.randint(1, 30))}
        rows = [Made(article_id, 0).row() for _, article_id in changes]
        with scene.model.change(changes):
            scene.call("POST", f"/v1/articles?collection={name}", {"articles": rows})


def job(scene: Scene, kind: str, rng: random.Random) -> None:
    """Hand articles in to be taken later."""
    if len(scene.jobs) >= 3:
        time.sleep(0.05)
        return
    changes = chosen(scene, kind, rng, 60)
    if not changes:
        return
    scene.model.begin(changes)
    rows = [Made(article_id, version).row() for (_, article_id), version in changes.items() if version is not None]
    answer = scene.call("POST", f"/v1/articles?collection={kind}&async=true", {"articles": rows}, wanted=202)
    scene.jobs[answer["job"]["id"]] = changes


def settle_jobs(scene: Scene) -> bool:
    """Note which jobs are done; tell whether all are.

    Errors:
        NotAcknowledged: the server gave no answer.
    """
    for job_id, changes in list(scene.jobs.items()):
        found = scene.call("GET", f"/v1/jobs/{job_id}")["job"]
        if found["state"] not in ("done", "failed"):
            continue
        outcomes = {row["id"]: row["outcome"] for row in found["articles"]}
        well = found["state"] == "done" and set(outcomes.values()) <= {"created", "updated"}
        scene.expect(well and len(outcomes) == len(changes), f"a job ended so: {found['state']}, {found['error']}")
        scene.model.settle(changes)
        del scene.jobs[job_id]
    return not scene.jobs


Write = Callable[[Scene, str, random.Random], None]
WRITES: dict[str, tuple[Write, str]] = {
    "add, replace, delete": (mixed, "plain"),
    "add, replace, delete with furniture": (mixed, "site"),
    "delete": (delete, "plain"),
    "replace, compaction": (replace_large, "large"),
    "collections": (shelve, "shelf"),
    "jobs": (job, "job"),
}


@contextmanager
def writing(scene: Scene, name: str, rng: random.Random) -> Any:
    """Write in a thread until the context ends, or until the server is gone."""
    write, kind = WRITES[name]
    ending = threading.Event()

    def run() -> None:
        while not ending.is_set():
            try:
                write(scene, kind, rng)
            except NotAcknowledged:
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(180)


def ingest_command(scene: Scene, rng: random.Random) -> tuple[subprocess.Popen[str], dict[Key, Version]]:
    """Start `qa-service ingest` on a file of rows, at times with --prune; what it changes has begun."""
    kind = "file"
    changes = chosen(scene, kind, rng, 150)
    listed = set(changes)
    prune = rng.random() < 0.4
    if prune:
        # What is neither new nor changed is for the most part still in the file; all else goes, known or not.
        live = [(kind, article_id) for article_id in scene.model.settled(kind, live=True)]
        listed |= {key for key in live if rng.random() < 0.8}
        changes |= dict.fromkeys(scene.model.possible(kind) - listed, GONE)
    versions = {key: changes[key] if key in changes else scene.model.version(key) for key in listed}
    rows = [Made(key[1], version) for key, version in versions.items() if version is not None]
    path = scene.directory / "rows.jsonl"
    path.write_text("".join(json.dumps(row.row(), ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    scene.model.begin(changes)
    options = ["--prune"] if prune and rows else []
    environment = scene.victim.environment
    return start_command(environment, "ingest", str(path), "--collection", kind, *options), changes
