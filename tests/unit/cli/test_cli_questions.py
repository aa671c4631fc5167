"""`qa-service questions`: what it suggests can be checked and evaluated as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner


@pytest.fixture
def ingested(run: Runner, tmp_path: Path) -> None:
    rows = [
        {"id": "bridge", "title": "望潮大桥维修", "text": "望潮大桥1998年建成通车。大桥全长2,100米。"},
        {
            "id": "school\u202e",
            "title": "柳溪县午餐",
            "text": "柳溪县教育局8月27日召开家长代表会。监督电话：0000-5550330。",
        },
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("ingest", path).code == 0


def test_suggested_questions_are_checked_and_asked_as_they_are(run: Runner, ingested: None, tmp_path: Path) -> None:
    ran = run("questions", "suggest", "--count", "4")
    assert ran.code == 0
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert len(rows) == 4
    assert all(row["suggested"] is True and row["kind"] and row["answer"] for row in rows)
    path = tmp_path / "q.jsonl"
    written = run("questions", "suggest", "--count", "4", "-o", path)
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == rows
    assert rows[0]["question"] in written.out
    assert "\u202e" not in written.out
    checked = run("questions", "check", path)
    assert (checked.code, checked.out) == (0, "4 questions, 0 anchors not found\n")
    asked = run("evaluate", path, "--format", "seeds", "--collection", "default", "--json")
    assert asked.code == 0, asked.err
    report = json.loads(asked.out)
    assert report["questions"] == 4
    assert "articles" not in report
    assert all(one["anchor_found"] for one in report["per_question"])


def test_fewer_than_wanted_is_said(run: Runner, ingested: None) -> None:
    ran = run("questions", "suggest", "--count", "500")
    assert ran.code == 0
    assert "of 500: the articles give no more" in ran.err


def test_check_names_what_is_missing(run: Runner, ingested: None, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    rows = [("bridge", "1998年"), ("bridge", "1999年"), ("gone", "1998年")]
    path.write_text(
        "".join(json.dumps({"question": "q?", "answers": [{"article": a, "anchor": t}]}) + "\n" for a, t in rows)
    )
    ran = run("questions", "check", path)
    assert ran.code == 1
    assert ran.out.splitlines() == [
        f"{path}:2: the anchor does not stand in the article: bridge: 1999年",
        f"{path}:3: there is no such article: gone: 1998年",
        "3 questions, 2 anchors not found",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["suggest", "--collection", "none"], "none"),
        (["suggest", "-o", "/nowhere/at/all"], "/nowhere/at/all: cannot be written"),
        (["suggest", "--count", "0"], "--count"),
        (["check", "/nowhere"], "/nowhere: cannot be read"),
    ],
)
def test_bad_input(run: Runner, ingested: None, arguments: list[str], message: str) -> None:
    ran = run.failed("questions", *arguments)
    assert ran.code == 2
    assert message in ran.err
