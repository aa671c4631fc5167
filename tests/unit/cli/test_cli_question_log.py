"""`qa-service questions` list, export, erase, and `calibrate --feedback`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qa_service.asked import AskedQuestion, Feedback
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.evaluation.unanswered import load_unanswered
from qa_service.retrieval.calibration import Judge
from qa_service.store.question_log import NAME, QuestionLog
from qa_service.types import Ask, Turn
from tests.conftest import add

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner

TOWNS = (
    *("青河", "柳溪", "望潮", "松坪", "临澜", "衡川", "碧湾", "云渡", "石桥", "北竹", "南苑", "东岭"),
    *("西塘", "梅山", "桃源", "杏林", "兰亭", "竹海", "枫桥", "桂园", "荷塘", "松江", "柏林", "榆关"),
)


@pytest.fixture
def noted(run: Runner) -> QuestionLog:
    run.data.mkdir()
    now = time.time()
    with closing(QuestionLog(run.data)) as log:
        log.add(
            [
                AskedQuestion("1", "default", "几点开门？", now - 90_000, True, 0.8, False, ()),
                AskedQuestion("2", "default", "几点开門", now - 10, True, 0.7, False, ()),
                AskedQuestion("3", "default", "谁\x1b[2J是\u202e馆长？", now, False, 0.1, False, ()),
                AskedQuestion("4", "other", "在哪里？", now, False, 0.2, False, ()),
            ]
        )
    return log


def test_a_list_shows_what_is_not_answered_first(run: Runner, noted: QuestionLog) -> None:
    ran = run("questions", "list")
    assert (ran.code, ran.err) == (0, "")
    header, *rows = ran.out.splitlines()
    assert header.split() == [
        "question", "collection", "asked", "unanswered", "answered", "confidence", "helps", "does", "not", "last",
    ]  # fmt: skip
    assert [row.split()[1:6] for row in rows] == [
        ["default", "1", "1", "no", "0.10"],
        ["other", "1", "1", "no", "0.20"],
        ["default", "2", "0", "yes", "0.70"],
    ]
    assert "\x1b" not in ran.out and "\u202e" not in ran.out
    as_json = json.loads(run("questions", "list", "--json", "--collection", "default").out)
    assert [one["question"] for one in as_json] == ["谁\x1b[2J是\u202e馆长？", "几点开門"]
    assert (as_json[1]["asked"], as_json[1]["helpful"], as_json[1]["comments"]) == (2, 0, [])
    assert len(run("questions", "list", "--limit", "1").out.splitlines()) == 2
    assert "几点" not in run("questions", "list", "--unanswered").out
    assert run("questions", "list", "--collection", "none").out == "no such question is noted\n"


def test_an_export_suits_calibrate(run: Runner, noted: QuestionLog, tmp_path: Path) -> None:
    ran = run("questions", "export")
    assert "\u202e" not in ran.out
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert len(rows) == 3
    assert rows[-1]["question"] == "几点开門"
    path = tmp_path / "out.jsonl"
    written = run("questions", "export", "--unanswered", "-o", path)
    assert (written.code, written.out) == (0, "")
    assert "2 questions written" in written.err
    assert {one.text for one in load_unanswered(path)} == {"谁\x1b[2J是\u202e馆长？", "在哪里？"}
    assert "cannot be written" in run.failed("questions", "export", "-o", tmp_path).err


def test_erasing(run: Runner, noted: QuestionLog) -> None:
    refused = run.failed("questions", "erase")
    assert (refused.code, "what to erase is not said" in refused.err) == (2, True)
    assert "goes with no other" in run.failed("questions", "erase", "--all", "--id", "1").err
    assert run("questions", "erase", "--older-than", "1").out == "1 question erased\n"
    assert run("questions", "erase", "--question", "几点开门").out == "1 question erased\n"
    assert run("questions", "erase", "--question", "几点开门").out == "0 questions erased\n"
    content = (run.data / NAME).read_bytes()
    assert "几点".encode() not in content
    assert "在哪里".encode() in content
    assert run("questions", "erase", "--collection", "other", "--id", "3").out == "0 questions erased\n"
    assert run("questions", "erase", "--all").out == "2 questions erased\n"
    assert "在哪里".encode() not in (run.data / NAME).read_bytes()


def test_without_a_log_nothing_is_made(run: Runner) -> None:
    for arguments in (["list"], ["export"], ["erase", "--all"]):
        ran = run("questions", *arguments)
        assert ran.code == 0
        assert "no question is noted" in ran.out or ran.out == ""
    assert not (run.data / NAME).exists()


@pytest.fixture
def judged(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Two dozen articles, confidences far too low for them, and a judgement of each question about them."""
    log_odds = Judge.log_odds
    monkeypatch.setattr(Judge, "log_odds", lambda *given: log_odds(*given) - 12)
    monkeypatch.setenv("QA_QUESTION_LOG", "true")
    rows = [
        {"id": f"a{n}", "text": f"{town}仓库存放着{n * 7 + 3}箱货物。{town}仓库的电话是{n}。"}
        for n, town in enumerate(TOWNS)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("ingest", path).code == 0
    with served(run) as engine:
        for n, town in enumerate(TOWNS):
            result = engine.ask(Ask(f"{town}仓库存放着多少箱货物?"))
            right = next(one for one in result.passages if one.article_id == f"a{n}")
            engine.feedback(Feedback(True, question_id=result.question_id, passage_id=right.passage_id))
    return run


@contextmanager
def served(run: Runner) -> Iterator[Engine]:
    """An engine that notes questions, as a server's does."""
    with closing(Engine.open(Settings(data_dir=run.data, question_log=True))) as engine:
        engine.start_workers()
        yield engine


def report(run: Runner, *arguments: object) -> dict[str, Any]:
    ran = run("calibrate", "--feedback", "--dry-run", "--json", *arguments)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_judged_questions_refit_the_confidences(judged: Runner) -> None:
    plan = report(judged)
    assert plan["feedback"] == {"helpful": 24, "unhelpful": 0, "left_out": {}, "outranked": 0}
    assert (plan["questions"], plan["unanswerable"], plan["better"]) == (24, 24, True)
    ran = judged("calibrate", "--feedback")
    assert ran.code == 0, ran.err
    assert "question log: 24 questions asked" in ran.out
    assert "of the question log: 24 questions with a passage that was judged to help, 0 whose first" in ran.out
    assert (judged.data / "calibration.json").exists()


def test_a_file_and_the_log_are_learnt_from_together(judged: Runner, tmp_path: Path) -> None:
    rows = [
        {"question": f"{town}仓库的电话是多少?", "answers": [{"article": f"a{n}", "anchor": f"电话是{n}"}]}
        for n, town in enumerate(TOWNS)
    ]
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plan = report(judged, path)
    assert plan["questions"] == 48
    assert report(judged)["questions"] == 24


def test_what_did_not_help_counts_while_it_comes_first(judged: Runner) -> None:
    odd = ["青河的市长是谁?", "柳溪有几座桥?"]
    with served(judged) as engine:
        for one in odd:
            engine.feedback(Feedback(False, question=one))
    plan = report(judged)
    assert (plan["feedback"]["unhelpful"], plan["feedback"]["outranked"]) == (2, 0)
    assert (plan["questions"], plan["unanswerable"]) == (24, 26)
    with served(judged) as engine:
        for number, one in enumerate(odd):
            add(engine, {f"b{number}": one.replace("谁", "王五").replace("几", "三").replace("?", "。")})
    changed = report(judged)
    assert (changed["feedback"]["unhelpful"], changed["feedback"]["outranked"]) == (0, 2)
    assert changed["unanswerable"] == 24
    assert (
        "2 questions of it left out: what was judged does not come first any more"
        in judged("calibrate", "--feedback", "--dry-run").out
    )


def test_what_is_of_no_use_is_left_out_and_counted(judged: Runner) -> None:
    with served(judged) as engine:
        both = engine.ask(Ask("石桥仓库的电话是多少?"))
        engine.feedback(Feedback(True, question_id=both.question_id))
        engine.feedback(Feedback(False, question="石桥仓库的电话是多少?"))
        follow = engine.ask(Ask("那柳溪仓库呢?", history=(Turn("user", "青河仓库存放着多少箱货物?"),)))
        engine.feedback(Feedback(True, question_id=follow.question_id))
        unanswered = engine.ask(Ask("谁发明了电话?", min_confidence=1.0))
        engine.feedback(Feedback(True, question_id=unanswered.question_id))
        add(engine, {"a3": "松坪仓库已经拆除。"})
        engine.delete_article("default", "a4")
    plan = report(judged)
    assert plan["feedback"] == {
        "helpful": 22,
        "unhelpful": 0,
        "outranked": 0,
        "left_out": {
            "asked in a conversation or with a filter": 1,
            "judged both ways as often": 1,
            "judged without a passage": 1,
            "the article is gone or has changed": 2,
        },
    }
    assert (
        "2 judged passages of it left out: the article is gone or has changed"
        in judged("calibrate", "--feedback", "--dry-run").out
    )


def test_too_few_judgements(run: Runner, docs: Path) -> None:
    assert run("ingest", docs).code == 0
    ran = run.failed("calibrate", "--feedback")
    assert ran.code == 2
    assert "--feedback: 0 questions have a passage that helps, and 20 are the fewest to use" in ran.err
    assert not (run.data / NAME).exists()
    assert "goes with no FILE" in run.failed("calibrate", "--reset", "--feedback").err
