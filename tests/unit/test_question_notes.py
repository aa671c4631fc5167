"""Questions noted by an engine: when, without waiting, and until when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from embeddings.toy import ToyEncoder
from qa_service import log_writer
from qa_service.asked import AskedQuestion, Feedback
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput, NotFound, Overloaded
from qa_service.filters.parsing import parse_filter
from qa_service.store import judgements, question_groups
from qa_service.store.question_log import NAME, QuestionLog
from qa_service.types import Ask, Turn
from tests.conftest import add

T = TypeVar("T")
FLU = "流感疫苗从十月八日开始接种。全市共设四十一个门诊。"
BUS = "夜班车每二十分钟一班。末班车凌晨三点发车。"


@pytest.fixture
def logging(settings: Settings) -> Settings:
    return settings.model_copy(update={"question_log": True})


@pytest.fixture
def noting(logging: Settings) -> Iterator[Engine]:
    engine = Engine.open(logging, ToyEncoder())
    add(engine, {"flu": FLU, "bus": BUS})
    engine.start_workers()
    yield engine
    engine.close()


def read(engine: Engine, what: Callable[[QuestionLog], T]) -> T:
    """Read the log after all that was handed over before."""
    return engine.questions.writer.call(what)


def noted(engine: Engine, question_id: str | None) -> AskedQuestion:
    assert question_id is not None
    return read(engine, lambda log: judgements.find_question(log, question_id))


def test_nothing_is_noted_unless_it_is_wanted(engine: Engine) -> None:
    add(engine, {"flu": FLU})
    engine.start_workers()
    assert engine.ask(Ask("流感疫苗几日开始接种?")).question_id is None
    with pytest.raises(NotFound, match="keeps no question log"):
        engine.feedback(Feedback(True, question="流感疫苗几日开始接种?"))
    engine.delete_collection("default")
    assert engine.check() == []
    assert not (engine.settings.data_dir / NAME).exists()


def test_only_a_server_notes(logging: Settings) -> None:
    with closing(Engine.open(logging, ToyEncoder())) as engine:
        add(engine, {"flu": FLU})
        assert engine.ask(Ask("流感疫苗几日开始接种?")).question_id is None
    assert not (logging.data_dir / NAME).exists()


def test_a_question_is_noted_as_it_was_answered(noting: Engine) -> None:
    before = time.time()
    result = noting.ask(Ask("夜班车末班车几点发车?", top_k=2))
    one = noted(noting, result.question_id)
    assert (one.question, one.collection, one.answerable) == (result.question, "default", result.answerable)
    assert one.confidence == result.confidence
    assert before <= one.asked_at <= time.time()
    assert [shown.passage_id for shown in one.shown] == [passage.passage_id for passage in result.passages]
    assert result.answer is not None
    best = one.shown[0].best
    assert best is not None
    assert BUS[best.start : best.end] == result.answer.text
    assert not one.in_context
    in_context = [
        Ask("末班车呢?", history=(Turn("user", "夜班车?"),)),
        Ask("末班车?", filters=parse_filter({"type": "eq", "key": "article_id", "value": "bus"})),
    ]
    for ask in in_context:
        assert noted(noting, noting.ask(ask).question_id).in_context
    unanswered = noting.ask(Ask("谁发明了电话?", min_confidence=1.0))
    assert noted(noting, unanswered.question_id).answerable is False
    assert noting.questions.writer.written == 4


def test_the_log_has_no_text_of_articles(noting: Engine) -> None:
    noting.ask(Ask("流感疫苗几日?"))
    noting.ask(Ask("末班车?"))
    assert read(noting, question_groups.count) == (2, 2)
    content = (noting.settings.data_dir / NAME).read_bytes()
    assert "流感疫苗几日?".encode() in content
    assert "十月八日".encode() not in content


def test_what_is_noted_is_there_after_the_end(noting: Engine) -> None:
    asked = [noting.ask(Ask(f"第{n}班夜班车几点?")).question_id for n in range(20)]
    noting.close()
    with closing(QuestionLog(noting.settings.data_dir)) as log:
        assert [judgements.find_question(log, str(one)).id for one in asked] == asked


def test_asking_never_waits_for_the_log(noting: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = noting.questions.writer
    held, go_on = threading.Event(), threading.Event()

    def hold(_: QuestionLog) -> None:
        held.set()
        assert go_on.wait(60)

    holder = threading.Thread(target=writer.call, args=(hold,))
    holder.start()
    assert held.wait(60)
    writer._queue.maxsize = 5
    ids = [noting.ask(Ask(f"第{n}班夜班车几点?")).question_id for n in range(9)]
    assert [one is not None for one in ids] == [True] * 5 + [False] * 4
    assert (writer.dropped, writer.waiting) == (4, 5)
    monkeypatch.setattr(log_writer, "SHORT_PATIENCE_S", 0.01)
    with pytest.raises(Overloaded, match="is behind"):
        noting.feedback(Feedback(True, question_id=ids[0]))
    monkeypatch.undo()
    go_on.set()
    holder.join()
    assert noted(noting, ids[4]).question == "第4班夜班车几点?"
    assert writer.written == 5


def test_a_log_that_cannot_be_written_costs_no_answer(logging: Settings) -> None:
    logging.data_dir.mkdir()
    path = logging.data_dir / NAME
    path.write_bytes(b"no database" * 1000)
    with closing(Engine.open(logging, ToyEncoder())) as engine:
        add(engine, {"bus": BUS})
        engine.start_workers()
        result = engine.ask(Ask("末班车几点发车?"))
        assert result.passages
        with pytest.raises(Exception, match="question log cannot be read"):
            engine.feedback(Feedback(True, question_id=result.question_id))
        assert engine.questions.writer.dropped == 1
        [warning] = engine.readiness().warnings
        assert "the question log could not be" in warning
        assert any("question log cannot be read" in problem for problem in engine.check())
        engine.delete_collection("default")
        path.unlink()
        add(engine, {"bus": BUS})
        again = engine.ask(Ask("末班车几点发车?"))
        assert noted(engine, again.question_id).question == "末班车几点发车?"
        assert engine.readiness().warnings == ()


def bytes_of(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in folder.glob(f"{NAME}*"))


def test_a_deleted_collection_takes_its_questions_along(noting: Engine) -> None:
    add(noting, {"bus": BUS}, "secret")
    noting.ask(Ask("秘密夜班车几点?", collection="secret"))
    noting.ask(Ask("流感疫苗几日?"))
    read(noting, question_groups.count)
    assert "秘密".encode() in bytes_of(noting.settings.data_dir)
    noting.delete_collection("secret")
    assert "秘密".encode() not in bytes_of(noting.settings.data_dir)
    assert "流感疫苗几日".encode() in bytes_of(noting.settings.data_dir)
    noting.delete_collection("default")
    assert "流感疫苗几日".encode() not in bytes_of(noting.settings.data_dir)


def test_what_was_answered_while_its_collection_was_deleted_is_not_noted(noting: Engine) -> None:
    add(noting, {"bus": BUS}, "secret")
    ask = Ask("秘密夜班车几点?", collection="secret")
    result = noting.ask(ask)
    noting.delete_collection("secret")
    assert noting.questions.note(ask, result).question_id
    assert read(noting, question_groups.count) == (0, 0)


def question(text: str, at: float, collection: str = "default") -> AskedQuestion:
    return AskedQuestion(f"id {text}", collection, text, at, True, 0.5, False, ())


@pytest.mark.parametrize("wanted", [True, False])
def test_old_questions_are_swept_also_when_the_log_is_off_now(settings: Settings, wanted: bool) -> None:
    now = time.time()
    days = settings.model_copy(update={"question_log": wanted, "question_log_days": 3})
    with closing(Engine.open(settings, ToyEncoder())):
        pass  # so that the collection is older than the questions
    made = now + 2
    with closing(QuestionLog(settings.data_dir)) as log:
        log.add([question("很久以前", now - 3.1 * 86_400), question("昨天", made), question("别处", made, "gone")])
    with closing(Engine.open(days, ToyEncoder())) as engine:
        engine.start_workers()
        read(engine, question_groups.count)
        engine.questions.writer.stop()
    with closing(QuestionLog(settings.data_dir)) as log:
        found = question_groups.groups(log)
    assert [one.question for one in found] == ["昨天"]
    assert "很久以前".encode() not in bytes_of(settings.data_dir)


def test_a_collection_made_anew_does_not_inherit_questions(noting: Engine) -> None:
    read(noting, lambda log: log.add([question("前一个文集", time.time() - 3600), question("这一个", time.time() + 1)]))
    read(noting, noting.questions.sweep)
    assert [one.question for one in read(noting, question_groups.groups)] == ["这一个"]


def test_feedback_on_what_was_noted(noting: Engine) -> None:
    result = noting.ask(Ask("夜班车末班车几点发车?", top_k=2))
    first, second = result.passages
    kept = noting.feedback(Feedback(True, question_id=result.question_id, comment="谢谢"))
    assert (kept.question_id, kept.collection, kept.passage_id, kept.helpful) == (
        result.question_id, "default", None, True,
    )  # fmt: skip
    assert noting.feedback(Feedback(False, question_id=result.question_id, passage_id=second.passage_id)).passage_id
    found = read(noting, lambda log: judgements.judged(log, "default"))
    assert [(one.passage.passage_id, one.helpful, one.unhelpful) for one in found if one.passage] == [
        (first.passage_id, 1, 0),
        (second.passage_id, 0, 1),
    ]
    with pytest.raises(NotFound, match="among the results"):
        noting.feedback(Feedback(True, question_id=result.question_id, passage_id="x"))
    with pytest.raises(NotFound, match="no question"):
        noting.feedback(Feedback(True, question_id="none"))


def test_feedback_on_a_question_in_its_own_words(noting: Engine) -> None:
    kept = noting.feedback(Feedback(True, question="夜班车末班车几点发车?"))
    one = noted(noting, kept.question_id)
    assert (one.answerable, one.confidence) == (None, None)
    [group] = read(noting, question_groups.groups)
    assert (group.asked, group.helpful) == (0, 1)
    [judged] = read(noting, lambda log: judgements.judged(log, "default"))
    assert judged.passage is not None
    assert judged.passage.article_id == "bus"
    named = judged.passage.passage_id
    assert noting.feedback(Feedback(False, question="夜班车末班车几点发车？", passage_id=named)).passage_id == named
    for wrong in (Feedback(True), Feedback(True, question_id="a", question="b?")):
        with pytest.raises(BadInput, match=r"both|neither") as caught:
            noting.feedback(wrong)
        assert caught.value.field == "question_id"
    with pytest.raises(BadInput, match="empty"):
        noting.feedback(Feedback(True, question=" "))
    with pytest.raises(NotFound, match="collection"):
        noting.feedback(Feedback(True, question="夜班车?", collection="none"))
    with pytest.raises(NotFound, match="among the results"):
        noting.feedback(Feedback(True, question="夜班车?", passage_id="x"))


def test_no_answer_that_was_right_to_be_none_says_nothing_of_passages(noting: Engine) -> None:
    result = noting.ask(Ask("谁发明了电话?", min_confidence=1.0))
    assert result.passages and not result.answerable
    noting.feedback(Feedback(True, question_id=result.question_id))
    [judged] = read(noting, lambda log: judgements.judged(log, "default"))
    assert judged.passage is None
    noting.feedback(Feedback(False, question_id=result.question_id))
    [judged] = read(noting, lambda log: judgements.judged(log, "default"))
    assert judged.passage is not None
    assert judged.passage.passage_id == result.passages[0].passage_id


def test_a_collection_that_the_sender_may_not_see_is_not_there(noting: Engine) -> None:
    result = noting.ask(Ask("夜班车末班车几点发车?"))
    with pytest.raises(NotFound) as hidden:
        noting.feedback(Feedback(True, question_id=result.question_id), lambda name: name != "default")
    with pytest.raises(NotFound) as missing:
        noting.feedback(Feedback(True, question_id="x" * 24))
    assert hidden.value.detail.replace(str(result.question_id), "x" * 24) == missing.value.detail
    with pytest.raises(NotFound, match="no collection 'default'"):
        noting.feedback(Feedback(True, question="夜班车?"), lambda _: False)
