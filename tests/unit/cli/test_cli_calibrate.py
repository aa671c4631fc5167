"""`qa-service calibrate`: what it asks, what it writes and when it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embeddings.toy import ToyEncoder
from qa_service.evaluation.probing import Probe, Prober, Probes
from qa_service.retrieval.calibration import Judge

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner

TOWNS = (
    *("青河", "柳溪", "望潮", "松坪", "临澜", "衡川", "碧湾", "云渡", "石桥", "北竹", "南苑", "东岭"),
    *("西塘", "梅山", "桃源", "杏林", "兰亭", "竹海", "枫桥", "桂园", "荷塘", "松江", "柏林", "榆关"),
)


def question(number: int, **given: object) -> dict[str, Any]:
    """Ask what the toy encoder finds, and every third time what it does not."""
    text = f"{TOWNS[number]}仓库存放着多少箱货物?" if number % 3 else "那里的主管叫什么名字,他在那里多久了?"
    return {"question": text, "answers": [{"article": f"a{number}", "anchor": f"{number * 7 + 3}箱货物"}], **given}


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def filled(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Two dozen articles, and confidences that are far too low for them."""
    log_odds = Judge.log_odds
    monkeypatch.setattr(Judge, "log_odds", lambda *given: log_odds(*given) - 12)
    rows = [
        {"id": f"a{n}", "text": f"{town}仓库存放着{n * 7 + 3}箱货物。{town}仓库的电话是{n}。"}
        for n, town in enumerate(TOWNS)
    ]
    rows.append({**rows[5], "id": "copy of a5"})
    assert run("ingest", write_lines(tmp_path / "rows.jsonl", rows)).code == 0
    return run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "questions.jsonl", [question(number) for number in range(len(TOWNS))])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Probe]:
    """Every probe that the command takes."""
    taken: list[Probe] = []
    probe = Prober.probe

    def recording(self: Prober, *given: Any) -> Probes:
        found = probe(self, *given)
        taken.extend(found.probes)
        return found

    monkeypatch.setattr(Prober, "probe", recording)
    return taken


def ask(run: Runner) -> dict[str, Any]:
    ran = run("ask", "望潮仓库存放着多少箱货物?", "--json")
    assert (ran.code, ran.err) == (0, "")
    result: dict[str, Any] = json.loads(ran.out)
    return result


def test_a_refit_changes_the_confidences_and_nothing_else(filled: Runner, path: Path) -> None:
    file = filled.data / "calibration.json"
    before = ask(filled)
    dry = filled("calibrate", path, "--dry-run", "--json")
    assert dry.code == 0, dry.err
    plan = json.loads(dry.out)
    assert (plan["written"], plan["dry_run"], plan["better"]) == (False, True, True)
    assert not file.exists()
    ran = filled("calibrate", path)
    assert ran.code == 0, ran.err
    right = plan["right_first"]
    assert 16 <= right < 24
    assert f"24 questions asked, the first passage right for {right}; 24 asked that nothing answers" in ran.out
    assert f"written to {file}" in ran.out
    assert f"QA_MIN_CONFIDENCE={plan['min_confidence']['proposed']['value']:.2f} keeps" in ran.out
    assert "suggested" not in ran.out
    assert "in use" not in ran.out
    saved = json.loads(file.read_text())
    assert (saved["slope"], saved["offset"]) == (plan["slope"], plan["offset"])
    assert saved["fitted"]["questions"] == saved["fitted"]["unanswered"] == 24
    after = ask(filled)
    assert after["confidence"] != before["confidence"]
    assert [one["passage_id"] for one in after["passages"]] == [one["passage_id"] for one in before["passages"]]
    assert plan["cross_validated"]["Log loss"]["value"] < plan["shipped"]["Log loss"]["value"]
    again = filled("calibrate", path, "--json")
    assert json.loads(again.out)["slope"] == plan["slope"]
    assert json.loads(again.out)["in_use"]["Log loss"]["questions"] == 48


def test_reset_returns_to_what_is_shipped(filled: Runner, path: Path) -> None:
    before = ask(filled)
    assert filled("calibrate", path).code == 0
    ran = filled("calibrate", "--reset")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("removed ")
    assert ask(filled)["confidence"] == before["confidence"]
    assert filled("calibrate", "--reset").out == "there is no adjustment; confidences are as shipped\n"
    assert json.loads(filled("calibrate", "--reset", "--json").out)["removed"] is False


def test_the_answering_article_and_its_copies_are_left_out(filled: Runner, path: Path, asked: list[Probe]) -> None:
    assert filled("calibrate", path, "--dry-run").code == 0
    by_question = {one.id: [two for two in asked if two.id == one.id] for one in asked}
    assert len(by_question) == 24
    for plain, without in by_question.values():
        assert (plain.kind, without.kind, without.right) == ("answerable", "taken_out", False)
        assert plain.articles == without.articles
        assert without.log_odds < plain.log_odds or not plain.right
    assert {"a5", "copy of a5"} in [set(one.articles) for one in asked]
    assert {"a7"} in [set(one.articles) for one in asked]


def test_unanswerable_questions_count_as_such(filled: Runner, path: Path, tmp_path: Path, asked: list[Probe]) -> None:
    other = write_lines(tmp_path / "u.jsonl", [{"question": "谁发明了电话?"}, {"question": "Who?", "kind": "other"}])
    ran = filled("calibrate", path, "--unanswerable", other, "--json")
    assert json.loads(ran.out)["unanswerable"] == 26
    assert [(one.kind, one.right, one.articles) for one in asked[-2:]] == [
        ("unanswerable", False, frozenset()),
        ("other", False, frozenset()),
    ]


def test_lines_that_are_no_good_are_counted(filled: Runner, tmp_path: Path) -> None:
    rows = [question(number, suggested=number < 3) for number in range(len(TOWNS))]
    rows += [{**question(4), "question": "望潮仓库存放着____箱货物。"}]
    rows += [{**question(7), "answers": [{"article": "a7", "anchor": "四千箱"}]}]
    ran = filled("calibrate", write_lines(tmp_path / "q.jsonl", rows), "--dry-run")
    assert ran.code == 0, ran.err
    assert "3 lines are still marked as suggested: nobody has reviewed them" in ran.out
    assert "1 lines with ____ left out" in ran.out
    assert "1 left out: the anchor does not stand in the article" in ran.out
    assert "24 questions asked" in ran.out


def test_what_does_not_help_is_not_written(filled: Runner, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filled("calibrate", path).code == 0
    file = filled.data / "calibration.json"
    before = file.read_bytes()
    kinds = ("answerable", "taken_out")
    even = [Probe(f"q{n // 2}", kinds[n % 2], frozenset({f"a{n}"}), 0.0, n % 2 == 0) for n in range(80)]
    monkeypatch.setattr(Prober, "probe", lambda *_: Probes(tuple(even), (), 0))
    ran = filled("calibrate", path)
    assert ran.code == 0
    assert "not written: a refit gives no better confidences on other questions" in ran.out
    assert file.read_bytes() == before


def test_a_damaged_file_is_mended(filled: Runner, path: Path) -> None:
    file = filled.data / "calibration.json"
    file.write_text("{}")
    refused = filled.failed("ask", "q?")
    assert refused.code == 1
    assert "calibration.json: is damaged" in refused.err
    assert "qa-service calibrate --reset" in refused.err
    assert "calibration.json: is damaged" in filled("model", "info").out
    checked = filled("check")
    assert (checked.code, "calibration.json: is damaged" in checked.out) == (1, True)
    assert filled("articles", "list").code == 0
    ran = filled("calibrate", path)
    assert (ran.code, "warning: " in ran.err) == (0, True)
    assert filled("ask", "q?").code == 0
    file.write_text("{}")
    assert filled("calibrate", "--reset").code == 0
    assert filled("ask", "q?").code == 0


def test_model_info_shows_the_calibration(filled: Runner, path: Path) -> None:
    before = filled("model", "info").out
    assert "calibration: fitted on multilingual-e5-small" in before
    assert "adjustment: none" in before
    assert filled("calibrate", path).code == 0
    after = filled("model", "info").out
    assert "adjustment: slope " in after
    assert "24 questions and 24 without an answer, asked of default with toy" in after
    assert "QA_MIN_CONFIDENCE=" in after


def test_asking_warns_of_a_model_that_nothing_was_fitted_on(
    run: Runner, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa_service.assembly.load_encoder", lambda *_: ToyEncoder(name="other"))
    assert run("ingest", docs).err == ""
    ran = run("ask", "流感疫苗?", "--json")
    assert ran.err == (
        "warning: confidences are not calibrated for the model other:"
        " run `qa-service calibrate` with questions of your own\n"
    )
    assert json.loads(ran.out)["passages"]


def test_bad_input(filled: Runner, path: Path, tmp_path: Path) -> None:
    few = write_lines(tmp_path / "few.jsonl", [question(number) for number in range(19)])
    gone = write_lines(
        tmp_path / "gone.jsonl", [question(n) | {"answers": [{"article": "x", "anchor": "y"}]} for n in range(24)]
    )
    same = write_lines(tmp_path / "same.jsonl", [question(7)] * 24)
    lost = write_lines(
        tmp_path / "lost.jsonl", [question(n) | {"question": f"{TOWNS[n - 1]}仓库存放着多少箱货物?"} for n in range(24)]
    )
    cases: list[tuple[tuple[object, ...], str]] = [
        ((), "FILE: is required"),
        (("/nowhere",), "/nowhere: cannot be read"),
        ((few,), "holds 19 questions, and 20 are the fewest to learn from"),
        ((gone,), f"{gone}:1: collection 'default' has no article 'x'"),
        ((same,), "articles that are not copies"),
        ((lost,), "right for none of the questions"),
        ((path, "--collection", "none"), "none"),
        ((path, "--unanswerable", "/nowhere"), "/nowhere: cannot be read"),
        ((path, "--reset"), "--reset: goes with no FILE"),
        (("--reset", "--dry-run"), "--reset: goes with no FILE"),
    ]
    for arguments, message in cases:
        ran = filled.failed("calibrate", *arguments)
        assert ran.code == 2, ran
        assert message in ran.err
    assert not (filled.data / "calibration.json").exists()
