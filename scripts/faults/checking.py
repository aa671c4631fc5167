"""Comparing a server with the model: what is listed, what texts and answers say, and what `check` finds."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from made_articles import Made
from shelves_model import GONE, Key, ShelvesModel, Version
from victims import NoAnswer, Victim, article_path, problem

Wrong = Literal["lost", "back", "wrong text", "not found by its word", "torn", "repair", "unexpected"]
LATE_S = 25.0
"""A write that a killed command committed but did not publish is published by the server within 10 s."""


@dataclass
class Findings:
    """What was wrong: its kind, and where; `tell` is told of each as it is found."""

    wrong: list[tuple[Wrong, str]] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    tell: Callable[[Wrong, str], None] | None = None

    def add(self, kind: Wrong, what: str) -> None:
        self.wrong.append((kind, what))
        if self.tell is not None:
            self.tell(kind, what)


@dataclass
class Comparison:
    """One comparison of a server with the model.

    Attributes:
        sample: articles whose texts are read and that are asked for, beside those in `changed`.
        patience_s: how long an article may take to be found that is listed.
        seen: what the service has, by article.
    """

    victim: Victim
    model: ShelvesModel
    findings: Findings
    rng: random.Random
    sample: int = 8
    patience_s: float = LATE_S
    seen: dict[Key, Version] = field(default_factory=dict)
    collections: set[str] = field(default_factory=set)

    def run(self, changed: set[Key]) -> None:
        """Compare everything that is listed, and the texts and answers of what changed and of a sample."""
        self._collections()
        for name in sorted(self.collections):
            self._list(name)
        self._missing()
        live = [key for key, version in self.seen.items() if version is not GONE]
        read = [key for key in live if key in changed][: 2 * self.sample]
        read += self.rng.sample(live, min(self.sample, len(live)))
        for key in read:
            self._read(key)
        for key in read:
            self._ask(key)
        gone = [key for key, versions in self.model.allowed.items() if versions == {GONE}]
        for key in self.rng.sample(gone, min(self.sample, len(gone))):
            self._ask_gone(key)

    def _get(self, path: str, wanted: tuple[int, ...] = (200,)) -> Any:
        status, body = self.victim.call("GET", path)
        if status not in wanted:
            self.findings.add("unexpected", f"GET {path} got {status}: {problem(body)}")
            return None
        return body if status == 200 else None

    def _collections(self) -> None:
        body = self._get("/v1/collections")
        self.collections = {row["name"] for row in body["collections"]} if body else set()
        for name, allowed in self.model.collections.items():
            if (name in self.collections) not in allowed:
                self.findings.add("back" if name in self.collections else "lost", f"collection {name}")

    def _list(self, name: str) -> None:
        cursor = ""
        while cursor is not None:
            body = self._get(f"/v1/articles?collection={name}&limit=200" + (cursor and f"&cursor={quote(cursor)}"))
            if body is None:
                return
            for row in body["articles"]:
                self._listed((name, row["id"]), row)
            cursor = body["next_cursor"]

    def _listed(self, key: Key, row: Mapping[str, Any]) -> None:
        self.findings.checked["listed"] += 1
        allowed = self.model.allowed.get(key, set())
        for version in allowed - {GONE}:
            made = Made(key[1], version or 0)
            if made.sha256 == row["sha256"] and made.title == row["title"]:
                self.seen[key] = version
                return
        if allowed <= {GONE}:
            self.findings.add("back", f"{key} is listed, version {row['title']!r}")
        else:
            self.findings.add("wrong text", f"{key} is listed as {row['title']!r}, allowed are {allowed}")

    def _missing(self) -> None:
        reported = {what.partition(" is listed")[0] for _, what in self.findings.wrong}
        for key, allowed in self.model.allowed.items():
            if key not in self.seen and GONE not in allowed and str(key) not in reported:
                self.findings.add("lost", f"{key}, allowed are {allowed}")
        for group in self.model.together:
            there = sum(key in self.seen for key in group)
            if there not in (0, len(group)):
                self.findings.add("torn", f"{there} of {len(group)} articles of a deleted collection are left")

    def _read(self, key: Key) -> None:
        self.findings.checked["texts"] += 1
        body = self._get(article_path(key[1], key[0]))
        if body is None:
            return
        text = body["text"]
        if text not in self._texts(key):
            self.findings.add("wrong text", f"{key} has another text")
        end = 0
        for passage in body["passages"]:
            if not end <= passage["start"] < passage["end"] <= len(text):
                self.findings.add("wrong text", f"{key} has a passage {passage['start']}..{passage['end']}")
            end = passage["end"]

    def _ask(self, key: Key) -> None:
        """Ask for an article by its word; what was just committed may take a while to be published."""
        self.findings.checked["answers"] += 1
        codes = [Made(key[1], version).code for version in self.model.allowed[key] if version is not None]
        end = time.monotonic() + self.patience_s
        while True:
            passages = self.asked(key[0], Made(key[1], 0).question)
            texts = [one["text"] for one in passages if one["article_id"] == key[1]]
            found = any(code in text for code in codes for text in texts)
            if found or time.monotonic() > end:
                break
            self.findings.checked["asked again"] += 1
            time.sleep(0.5)
        if not found:
            self.findings.add("not found by its word", f"{key}: {[one['article_id'] for one in passages]}")

    def _ask_gone(self, key: Key) -> None:
        self.findings.checked["answers"] += 1
        if key[0] not in self.collections:
            return
        if any(one["article_id"] == key[1] for one in self.asked(key[0], Made(key[1], 0).question)):
            self.findings.add("back", f"{key} is in an answer")

    def asked(self, collection: str, question: str) -> list[dict[str, Any]]:
        """Ask, and compare every passage of the answer with what the service has of its article."""
        body = {"question": question, "collection": collection, "min_confidence": 0}
        status, answer = self.victim.call("POST", "/v1/ask", body)
        if status != 200:
            self.findings.add("unexpected", f"a question got {status}: {problem(answer)}")
            return []
        for passage in answer["passages"]:
            self._compare(collection, passage)
        best = answer["answer"]
        if best is not None:
            self._compare(collection, best)
        found: list[dict[str, Any]] = answer["passages"]
        return found

    def _compare(self, collection: str, passage: Mapping[str, Any]) -> None:
        key = (collection, passage["article_id"])
        texts = self._texts(key)
        if not any(text[passage["start"] : passage["end"]] == passage["text"] for text in texts):
            self.findings.add("wrong text" if texts else "back", f"{key} in an answer: {passage['text'][:60]!r}")

    def _texts(self, key: Key) -> list[str]:
        """Give the texts that an article may have."""
        return [Made(key[1], version).text for version in self.model.allowed.get(key, ()) if version is not None]


def unfinished_jobs(data: Path) -> int:
    """Count the jobs that are neither done nor failed, those too whose acceptance nobody was told of."""
    connection = sqlite3.connect(f"file:{data / 'catalog.sqlite3'}?mode=ro", uri=True, timeout=30)
    try:
        found = connection.execute("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')").fetchone()
    finally:
        connection.close()
    return int(found[0])


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait for something; tell whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if holds():
                return True
        except (NoAnswer, sqlite3.Error):
            pass
        time.sleep(0.05)
    return False
