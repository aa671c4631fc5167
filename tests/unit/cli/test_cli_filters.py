"""`qa-service ask --filters`, `--freshness` and `--min-confidence`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = [
        {
            "id": f"a{n}",
            "text": f"第{n}号仓库存放着{n * 7}箱货物。",
            "published_at": f"202{n}-01-01",
            "metadata": {"n": n},
        }
        for n in range(4)
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def test_filters_as_text_and_from_a_file(run: Runner, rows: Path, tmp_path: Path) -> None:
    assert run("ingest", rows).code == 0
    tree = '{"type": "gte", "key": "n", "value": 2}'
    file = tmp_path / "filter.json"
    file.write_text("\ufeff" + tree, encoding="utf-8")
    for given in (tree, f"@{file}"):
        ran = run("ask", "仓库有几箱货物?", "--filters", given, "--freshness", "30", "--json")
        assert ran.code == 0
        assert {passage["article_id"] for passage in json.loads(ran.out)["passages"]} == {"a2", "a3"}
    ran = run("ask", "仓库有几箱货物?", "--filters", '{"type": "eq", "key": "n", "value": 9}')
    assert ran.code == 0
    assert "no article passes --filters" in ran.out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("n>2", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("null", "--filters: must be an object"),
        ('{"type": "gt", "key": "n", "value": NaN}', "--filters.value: is not a finite number"),
        ('{"type": "and", "filters": [{"type": "in", "key": "n", "value": 2}]}', "--filters.filters[0].value: must be"),
        ("@nowhere.json", "cannot read nowhere.json"),
    ],
)
def test_bad_filters(run: Runner, given: str, words: str) -> None:
    ran = run.failed("ask", "q", "--filters", given)
    assert ran.code == 2
    assert words in ran.err


def test_a_file_that_is_not_utf8(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "filter.json").write_bytes(b'{"type": "\xff"}')
    assert "cannot read" in run.failed("ask", "q", "--filters", f"@{tmp_path}/filter.json").err


@pytest.mark.parametrize("given", ["0", "-1", "nan", "inf", "soon", "40000"])
def test_bad_freshness(run: Runner, given: str) -> None:
    ran = run.failed("ask", "q", "--freshness", given)
    assert ran.code == 2
    assert "--freshness" in ran.err


def test_min_confidence_decides_what_counts_as_answered(run: Runner, rows: Path) -> None:
    assert run("ingest", rows).code == 0
    for given, answerable in (("0", True), ("1", False)):
        body = json.loads(run("ask", "仓库有几箱货物?", "--min-confidence", given, "--json").out)
        assert body["passages"]
        assert (body["answerable"], body["answer"] is not None) == (answerable, answerable)


@pytest.mark.parametrize("command", [("ask",), ("explain", "--article", "a1")])
@pytest.mark.parametrize("given", ["-0.1", "1.1", "nan", "inf", "high"])
def test_bad_min_confidence(run: Runner, command: tuple[str, ...], given: str) -> None:
    ran = run.failed(*command, "q", "--min-confidence", given)
    assert ran.code == 2
    assert "--min-confidence" in ran.err
