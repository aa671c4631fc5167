"""The question log's file: what is in it, how it reads, and that nothing is left of what was erased."""

from __future__ import annotations

import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_service.asked import AskedQuestion, Feedback, ShownPassage
from qa_service.errors import Damaged, Incompatible, NotFound, Unavailable
from qa_service.store import judgements, question_groups
from qa_service.store.question_log import NAME, QuestionLog, wording_of
from qa_service.types import Span

PASSAGE = ShownPassage("p1", "文章一", Span(0, 90), Span(10, 30))
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QuestionLog]:
    opened = QuestionLog(tmp_path)
    yield opened
    opened.close()


def asked(text: str, at: float = 1e9, number: int = 0, **given: object) -> AskedQuestion:
    values = {
        "id": f"q{number}-{text[:40]}", "collection": "default", "question": text, "asked_at": at, "answerable": True,
        "confidence": 0.5, "in_context": False, "shown": (PASSAGE,),
    }  # fmt: skip
    return AskedQuestion(**(values | given))  # type: ignore[arg-type]


def judge(
    log: QuestionLog, question: AskedQuestion, helpful: bool, comment: str | None = None, **given: object
) -> None:
    feedback = Feedback(helpful, question.id, comment=comment, **given)  # type: ignore[arg-type]
    judgements.keep(log, feedback, question, PASSAGE, noted=True)


def test_one_wording_however_it_is_written() -> None:
    same = ["登革热有多少例？", "登革熱有多少例", " 登革热有多少例?! ", "登革热有多少例。"]
    assert len({wording_of(one) for one in same}) == 1
    assert wording_of("What is QA") == wording_of("ｗｈａｔ  is qa?")
    apart = ["什么是C", "什么是C++", "什么是C#", "什么是 C#D", "登革热有多少例"]
    assert len({wording_of(one) for one in apart}) == len(apart)


def test_unanswered_ones_come_first_and_count_by_wording(log: QuestionLog) -> None:
    log.add(
        [
            asked("常问而有答", 1.0, n) for n in range(9)
        ]
        + [asked("無人答", 2.0, n, answerable=False, confidence=0.1) for n in range(2)]
        + [asked("无人答？", 3.0, 7, answerable=False, confidence=0.2)]
        + [asked("以前无人答", 4.0, answerable=False), asked("以前无人答", 5.0, 1, answerable=True, confidence=0.9)]
        + [asked("没有帮助", 6.0), asked("只在别处问", 7.0, collection="other", answerable=False)]
    )  # fmt: skip
    judge(log, asked("没有帮助"), False, "说的是去年")
    judge(log, asked("常问而有答", number=3), True)
    found = question_groups.groups(log)
    assert [(one.question, one.asked, one.unanswered) for one in found] == [
        ("无人答？", 3, 3),
        ("只在别处问", 1, 1),
        ("没有帮助", 1, 0),
        ("常问而有答", 9, 0),
        ("以前无人答", 2, 1),
    ]
    first, _, unhelpful, often, before = found
    assert (first.answerable, first.confidence, first.first_at, first.last_at) == (False, 0.2, 2.0, 3.0)
    assert (unhelpful.helpful, unhelpful.unhelpful, unhelpful.comments) == (0, 1, ("说的是去年",))
    assert (often.helpful, often.unhelpful, often.comments) == (1, 0, ())
    assert (before.answerable, before.confidence) == (True, 0.9)
    assert [one.question for one in question_groups.groups(log, "other")] == ["只在别处问"]
    assert [one.question for one in question_groups.groups(log, unanswered=True, limit=1)] == ["无人答？"]


def test_what_was_judged_but_never_asked_counts_as_not_asked(log: QuestionLog) -> None:
    question = asked("从未问过", answerable=None, confidence=None)
    judgements.keep(log, Feedback(False, question="从未问过"), question, None, noted=False)
    [found] = question_groups.groups(log)
    assert (found.asked, found.unanswered, found.answerable, found.unhelpful) == (0, 0, None, 1)
    assert question_groups.groups(log, unanswered=True) == []


def test_a_judgement_replaces_the_one_before_of_the_same(log: QuestionLog) -> None:
    question = asked("几点开？")
    log.add([question, asked("几点开", number=1, in_context=True)])
    judge(log, question, False, "不对")
    judge(log, question, True)
    judge(log, question, False, passage_id="p1")
    judge(log, asked("几点开", number=1), True)
    alone, together = judgements.judged(log, "default")
    assert (alone.question, alone.in_context, alone.passage) == ("几点开？", False, PASSAGE)
    assert (alone.helpful, alone.unhelpful) == (1, 1)
    assert (together.in_context, together.helpful, together.unhelpful) == (True, 1, 0)
    assert judgements.judged(log, "other") == []
    assert judgements.find_question(log, question.id) == question
    with pytest.raises(NotFound, match="no question"):
        judgements.find_question(log, "none")
    with pytest.raises(NotFound, match="no question"):
        judge(log, asked("没有记下"), True)


def bytes_of(folder: Path) -> bytes:
    """Everything that the log's files hold, journals included."""
    files = list(folder.glob(f"{NAME}*"))
    assert files
    return b"\0".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_left_of_what_was_erased(log: QuestionLog, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    kept, gone = [], []
    for batch in range(12):
        made = []
        for number in range(rng.randint(1, 40)):
            name = f"{'留' if rng.random() < 0.5 else '去'}{seed}x{batch}x{number}x"
            question = asked(
                name + "长" * rng.choice([0, 3, 40, 3900]), 1e9 + batch, shown=(PASSAGE,) * rng.choice([0, 1, 50])
            )
            made.append(question)
            (kept if name.startswith("留") else gone).append(question)
        log.add(made)
        for one in made[::3]:
            judge(log, one, False, f"注{one.question[:12]}" + "评" * rng.choice([1, 1900]))
        # Erasing between writes leaves pages half full, whose rows later writes move about.
        for one in gone:
            if rng.random() < 0.1:
                log.erase(question_id=one.id)
    content = bytes_of(tmp_path)
    assert all(one.question[:12].encode() in content for one in kept)
    for one in gone:
        log.erase(question_id=one.id)
    content = bytes_of(tmp_path)
    for one in gone:
        assert one.question.split("x长")[0].encode() not in content
    assert "去".encode() not in content
    assert all(one.question.encode()[:30] in content for one in kept)
    assert log.problems() == []
    log.erase()
    content = bytes_of(tmp_path)
    assert not any(mark.encode() in content for mark in ("留", "长", "评", "注", "文章一"))
    assert len(content) < 40_000


def test_erasing_by_each_condition(log: QuestionLog) -> None:
    def left() -> list[str]:
        return sorted(one.question for one in question_groups.groups(log))

    log.add(
        [asked("旧的", 10.0), asked("新的", 20.0), asked("别处", 10.0, collection="other"), asked("新的？", 21.0, 1)]
    )
    assert log.erase(collection="default", before=15.0) == 1
    assert left() == ["别处", "新的？"]
    assert log.erase(question="新的。") == 2
    assert log.erase(question="新的") == 0
    assert log.erase(collection="other", before=10.0) == 0
    assert log.collections() == ["other"]
    assert log.erase(question_id="q0-别处") == 1
    assert left() == []


def test_an_interrupted_erasure_is_finished(log: QuestionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.add([asked(f"问题{n}") for n in range(50)])
    with monkeypatch.context() as patch:
        patch.setattr(QuestionLog, "finish_erasure", lambda _: None)
        log.erase(question="问题7")
    with sqlite3.connect(tmp_path / NAME) as other:
        assert other.execute("SELECT count(*) FROM unfinished").fetchone() == (1,)
    other.close()
    log.finish_erasure()
    with sqlite3.connect(tmp_path / NAME) as other:
        assert other.execute("SELECT count(*) FROM unfinished").fetchone() == (0,)
    other.close()
    assert log.problems() == []


def test_only_its_own_account_reads_it(log: QuestionLog, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(Damaged, match="delete the file"):
        QuestionLog(tmp_path)
    path.unlink()
    QuestionLog(tmp_path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(Incompatible, match="has format 99"):
        QuestionLog(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(Unavailable, match="cannot be used"):
        QuestionLog(tmp_path)


WRITER = """
import sys
from pathlib import Path
from qa_service.asked import AskedQuestion, Feedback
from qa_service.store import judgements
from qa_service.store.question_log import QuestionLog

log = QuestionLog(Path(sys.argv[1]))
number = 0
while True:
    question = AskedQuestion(f"q{number}", "default", f"问题{number}。", 1e9, True, 0.5, False, ())
    log.add([question])
    judgements.keep(log, Feedback(True, question.id), question, None, noted=True)
    print(number, flush=True)
    number += 1
    if number % 7 == 0:
        log.erase(question_id=f"q{number - 3}")
        print(f"-{number - 3}", flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, seed: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(9 + 5 * seed)]
    time.sleep(random.Random(seed).random() / 50)
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    said = [int(line) for line in lines if line.strip()]
    erased = {-number for number in said if number < 0}
    log = QuestionLog(tmp_path)
    log.finish_erasure()
    assert log.problems() == []
    found = {one.question: one for one in question_groups.groups(log)}
    content = bytes_of(tmp_path)
    log.close()
    for number in {number for number in said if number >= 0} - erased:
        # The last line before the kill may be followed by an erasure that nobody heard of.
        if number < max(said) - 3:
            assert found[f"问题{number}。"].helpful == 1, number
    for number in erased:
        assert f"问题{number}。".encode() not in content
