"""`qa-service evaluate` end to end, on small sets with the toy encoder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner

PARAGRAPHS = {
    "流感疫苗接种从十月八日开始。全市共设四十一个接种门诊。": ["接种门诊有多少个?", "疫苗接种从哪天开始?"],
    "公交二路自九月起延长到火车站。首班车六点发车。": ["公交二路延长到哪里?"],
    "The library opens at nine.": ["When does the library open?"],
}


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    paragraphs = [
        {"context": text, "qas": [{"question": question, "id": "x"} for question in questions]}
        for text, questions in PARAGRAPHS.items()
    ]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]}))
    return path


def test_squad_as_json_and_per_question(run: Runner, squad: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    ran = run("evaluate", squad, "--format", "squad", "--json", "--per-question", lines)
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert (report["questions"], report["articles"], report["passages"], report["rejected"]) == (4, 3, 3, [])
    assert list(report["measures"])[:5] == ["nDCG@10", "MRR@10", "Recall@1", "Recall@10", "Recall@100"]
    assert report["measures"]["Recall@100"] == 1.0
    assert report["ingest_passages_per_second"] > 0
    assert report["ask_ms"]["total"]["p95"] >= report["ask_ms"]["total"]["p50"] > 0
    records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [record["right"] for record in records] == [["p00000"], ["p00000"], ["p00001"], ["p00002"]]
    assert all(record["first"][record["rank"] - 1] == record["right"][0] for record in records)
    ranks = [record["rank"] for record in records]
    assert report["measures"]["MRR@10"] == pytest.approx(sum(1 / rank for rank in ranks) / 4)
    assert not run.data.exists()


def test_squad_asked_with_another_file_and_limit(run: Runner, squad: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(squad.read_text().replace("When does the library open?", "library opens"))
    ran = run("evaluate", squad, "--format", "squad", "--questions", other, "--limit-questions", "2")
    assert ran.code == 0
    assert ran.out.startswith("set.json asked with other.json: 2 questions on 3 articles\n3 passages ingested in ")
    for measure in ("nDCG@10", "MRR@10", "Recall@1 ", "Recall@10 ", "Recall@100"):
        assert f"\n{measure}" in ran.out
    assert "\ntotal" in ran.out


def seeds(folder: Path, *questions: dict[str, object]) -> Path:
    (folder / "seeds").mkdir(exist_ok=True)
    for name, text in zip(("flu.txt", "bus.txt"), PARAGRAPHS, strict=False):
        (folder / "seeds" / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(question) + "\n" for question in questions))
    return path


def test_seeds(run: Runner, tmp_path: Path) -> None:
    path = seeds(
        tmp_path,
        {"question": "全市共设多少个接种门诊?", "answers": [{"article": "flu.txt", "anchor": "四十一个接种门诊"}]},
        {"question": "公交二路延长到哪里?", "answers": [{"article": "flu.txt", "anchor": "流感"}]},
        {"question": "公交?", "answers": [{"article": "bus.txt", "anchor": "不在其中"}]},
    )
    lines = tmp_path / "lines.jsonl"
    ran = run("evaluate", path, "--format", "seeds", "--per-question", lines)
    assert ran.code == 0, ran.err
    assert re.search(r"^Right first +1 of 3 ", ran.out, re.MULTILINE)
    assert re.search(r"^Right in 5 +2 of 3 ", ran.out, re.MULTILINE)
    verdicts = [line.split()[0] for line in ran.out.splitlines()[-3:]]
    assert verdicts == ["right", "rank", "wrong"]
    assert "the anchor stands in none of its articles" in ran.out.splitlines()[-1]
    records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [record["rank"] for record in records] == [1, 2, None]


def test_seeds_with_named_articles(run: Runner, tmp_path: Path) -> None:
    path = seeds(tmp_path, {"question": "公交?", "answers": [{"article": "b", "anchor": "公交"}]})
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "b", "text": "公交二路。"}))
    ran = run("evaluate", path, "--format", "seeds", "--articles", rows)
    assert re.search(r"^Right first +1 of 1 ", ran.out, re.MULTILINE)
    missing = run.failed("evaluate", path, "--format", "seeds")
    assert missing.code == 2
    assert f"{path}:1" in missing.err


def test_beir(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(
        "".join(json.dumps({"_id": f"d{i}", "title": "", "text": text}) + "\n" for i, text in enumerate(PARAGRAPHS))
        + json.dumps({"_id": "empty", "title": "", "text": "\u200b"})
    )
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "公交二路延长到哪里?"}))
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td1\t1\n")
    ran = run("evaluate", tmp_path, "--format", "beir", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["measures"]["nDCG@10"] == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "seeds", "--questions", "x"], "--questions: goes only with"),
        (["--format", "squad", "--articles", "x"], "--articles: goes only with"),
        (["--format", "squad", "--collection", "x"], "--collection: goes only with"),
        (["--format", "seeds", "--collection", "x", "--take-out", "0.5"], "--take-out: does not go with --collection"),
        (["--format", "seeds", "--collection", "x", "--articles", "y"], "--articles: does not go with --collection"),
        (["--format", "squad", "--take-out", "1"], "--take-out"),
        (["--format", "squad", "--take-out", "0.01"], "some must stay and some must go"),
        (["--format", "squad", "--gate", "/nowhere"], "/nowhere: cannot be read"),
        (["--format", "squad", "--unanswerable", "/nowhere"], "/nowhere: cannot be read"),
        (["--format", "squad", "--html", "/nowhere/at/all"], "/nowhere/at/all: cannot be written"),
        (["--format", "squad", "--save", "/nowhere/at/all"], "/nowhere/at/all: cannot be written"),
        (["--format", "beir"], "is no folder"),
        (["--format", "squad", "--per-question", "/nowhere/at/all"], "/nowhere/at/all: cannot be written"),
    ],
)
def test_bad_options_are_found_before_the_work(run: Runner, squad: Path, options: list[str], message: str) -> None:
    ran = run.failed("evaluate", squad, *options)
    assert ran.code == 2
    assert message in ran.err
    assert run.encoder.passages_encoded == 0


def test_question_that_the_service_refuses(run: Runner, squad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_MAX_QUESTION_CHARS", "12")
    ran = run.failed("evaluate", squad, "--format", "squad")
    assert ran.code == 2
    assert "paragraphs[2].qas[0]" in ran.err
    assert run.encoder.passages_encoded == 0


def test_gate_passes_on_the_same_run_and_fails_on_a_worse_one(run: Runner, tmp_path: Path) -> None:
    rows = [(f"{town}图书馆有{n + 2}层楼。", f"{town}图书馆有几层楼?") for n, town in enumerate("甲乙丙丁戊己庚辛壬癸")]
    squad = {"data": [{"paragraphs": [{"context": c, "qas": [{"question": q, "id": "x"}]} for c, q in rows]}]}
    path, saved, page = tmp_path / "set.json", tmp_path / "saved.json", tmp_path / "page.html"
    path.write_text(json.dumps(squad))
    first = run("evaluate", path, "--format", "squad", "--save", saved, "--html", page)
    assert first.code == 0, first.err
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    again = run("evaluate", path, "--format", "squad", "--gate", saved, "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["gate"]["passed"] is True
    # The same set and questions, but every article now says what another's question asks for.
    texts = [c for c, _ in rows]
    for paragraph, text in zip(squad["data"][0]["paragraphs"], [*texts[1:], texts[0]], strict=True):
        paragraph["context"] = text  # type: ignore[assignment]
    path.write_text(json.dumps(squad))
    worse = run("evaluate", path, "--format", "squad", "--gate", saved, "--html", page)
    assert worse.code == 1
    lines = worse.err.splitlines()
    assert all(line.startswith("error: gate: ") for line in lines)
    assert any(re.match(r"error: gate: Recall@1 fell from 1\.0000 to 0\.\d+ \(difference -", line) for line in lines)
    assert "WORSE" in worse.out
    assert "Worse than the baseline" in page.read_text(encoding="utf-8")


def test_gate_of_another_set_is_refused_before_the_work(run: Runner, squad: Path, tmp_path: Path) -> None:
    saved, other = tmp_path / "saved.json", tmp_path / "other.json"
    assert run("evaluate", squad, "--format", "squad", "--save", saved).code == 0
    other.write_text(squad.read_text())
    encoded = run.encoder.passages_encoded
    ran = run.failed("evaluate", other, "--format", "squad", "--gate", saved)
    assert ran.code == 2
    assert "is of another set" in ran.err
    taken = run.failed("evaluate", squad, "--format", "squad", "--gate", saved, "--take-out", "0.5")
    assert "was made without --take-out" in taken.err
    assert run.encoder.passages_encoded == encoded


def test_take_out_and_unanswerable_on_the_command_line(run: Runner, squad: Path, tmp_path: Path) -> None:
    more = tmp_path / "u.jsonl"
    more.write_text(json.dumps({"question": "黑洞?", "kind": "far\x1b[2J"}) + "\n")
    ran = run("evaluate", squad, "--format", "squad", "--take-out", "0.4", "--unanswerable", more)
    assert ran.code == 0, ran.err
    assert re.search(r"^AUROC taken_out +[01]\.\d{4} ", ran.out, re.MULTILINE)
    assert "\nECE, equal mass" in ran.out
    assert "\x1b" not in ran.out
