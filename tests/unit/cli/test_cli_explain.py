"""`qa-service explain`, and `ask --explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner

QUESTION = "第3号仓库存放着货物?"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = [
        {"id": f"a{n}", "text": f"第{n}号仓库在{'东西南北'[n % 4]}街，存放着{n * 7}箱货物。", "metadata": {"n": n}}
        for n in range(8)
    ]
    lines.append({"id": "menu\u202e", "text": "首页 | 新闻 | 联系我们 | 网站地图"})
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def test_a_readable_report(run: Runner, rows: Path) -> None:
    run("ingest", rows)
    ran = run("explain", QUESTION, "--article", "a5", "--top-k", "2")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("Outranked: It came ")
    assert "it lacks words that the first one has (3)" in lines[0]
    assert lines[1].startswith("Article: a5, passage ")
    assert any(line.startswith("Words it lacks, with their weight: ") and "3 (" in line for line in lines)
    assert "Best sentence: 第5号仓库在西街，存放着35箱货物。 (characters 0-18)" in lines
    assert any(line.startswith("First: a3, with a score of ") for line in lines)
    table = lines[lines.index("") + 1 :]
    assert table[0].split() == ["stage", "rank", "score", "cutoff", "first's", "rank", "first's", "score"]
    assert [line.split()[0] for line in table[1:5]] == ["window", "best", "words", "fused"]
    ends = {len(line) for line in table[1:5]}
    assert len(ends) == 1  # aligned
    assert any(line.startswith("feature") for line in table)
    assert any(line.startswith("of the score") for line in table)


def test_the_first_is_compared_with_nothing(run: Runner, rows: Path) -> None:
    run("ingest", rows)
    body = json.loads(run("ask", QUESTION, "--json").out)
    first = body["passages"][0]["passage_id"]
    out = run("explain", QUESTION, "--passage", first).out
    assert out.startswith("Returned: It came first, with a score of ")
    assert "First: this passage" in out
    assert "first's" not in out


def test_untrusted_names_are_made_printable(run: Runner, rows: Path) -> None:
    run("ingest", rows)
    ran = run("explain", QUESTION, "--article", "menu\u202e")
    assert ran.out == (
        "Not searched: Nothing of it is searched: all of its text was set aside as page furniture.\n"
        "Article: menu\\u202e\n"
    )


def test_json_and_the_options_of_ask(run: Runner, rows: Path) -> None:
    run("ingest", rows)
    tree = '{"type": "gte", "key": "n", "value": 5}'
    ran = run("explain", QUESTION, "--article", "a3", "--filters", tree, "--freshness", "30", "--json")
    body = json.loads(ran.out)
    assert body["result"]["stage"] == "filtered"
    assert body["failed_conditions"] == [{"key": "n", "type": "gte", "values": ["3"]}]
    out = run("explain", "那它呢?", "--after", "第3号仓库在哪里?", "--article", "a3").out
    assert "Understood as: " in out


def test_wrong_use(run: Runner, rows: Path) -> None:
    run("ingest", rows)
    for given in ([], ["--article", "a1", "--passage", "b"]):
        ran = run.failed("explain", QUESTION, *given)
        assert (ran.code, "Give either --article or --passage." in ran.err) == (2, True)
    ran = run.failed("explain", QUESTION, "--article", "nowhere")
    assert (ran.code, "no article 'nowhere'" in ran.err) == (2, True)
    ran = run.failed("explain", QUESTION, "--passage", "nowhere")
    assert (ran.code, "no passage 'nowhere'" in ran.err) == (2, True)
    ran = run.failed("explain", " ", "--article", "a1")
    assert ran.code == 2


def test_ask_tells_why_in_a_line(run: Runner, rows: Path) -> None:
    run("ingest", rows)
    out = run("ask", QUESTION, "--explain", "--top-k", "3").out
    why = [line for line in out.splitlines() if line.startswith("   why: window ")]
    assert len(why) == 3
    assert "(rank 1)" in why[0]
    assert why[0].endswith("% of the question's words by weight")
    assert "why:" not in run("ask", QUESTION).out
    body = json.loads(run("ask", QUESTION, "--explain", "--json").out)
    assert len(body["explain"]["passages"]) == len(body["passages"])
