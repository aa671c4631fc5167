"""Texts that have nothing to do with a question do not answer it, however few there are; short answers still do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.types import Ask, Submission

pytestmark = pytest.mark.model

UNLIKE = (
    *("。", "- ", "\u0000", "|", "asdf qwer", "qwerty uiop", "OK", "b", "N/A", "12:30", "foo bar", "zzz zzz zzz"),
    *("hello", "test", "абв где", "ㅋㅋ", "はい", "点击查看", "lorem ipsum dolor sit amet", "http://a.b/c"),
    "公交改线",
)
QUESTIONS = (
    *("流感疫苗什么时候接种", "今天天气怎么样", "谁是第二医院的院长？", "When does the flu vaccination begin?"),
    *("Когда ходит ночной автобус?", "¿A qué hora abre el museo?", "متى يبدأ التطعيم؟", "심야 버스는 언제 운행하나요?"),
)
ANSWERED = (
    ("流感疫苗什么时候接种", "流感疫苗10月8日开始接种。"),
    ("流感疫苗什么时候接种", "Flu shots start on 8 October."),
    ("When can I get a flu shot?", "流感疫苗10月8日开始接种。"),
    ("When does the night bus run?", "夜间公交每二十分钟一班，23点到5点。"),
    ("Когда ходит ночной автобус?", "夜间公交每二十分钟一班，23点到5点。"),
    ("夜班车几点到几点？", "Ночные автобусы ходят каждые 20 минут с 23 до 5 часов."),
    ("On which day is the library closed?", "图书馆周一闭馆。"),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Engine]:
    opened = Engine.open(Settings(data_dir=tmp_path_factory.mktemp("unlike"), cache_dir=cache_dir))
    yield opened
    opened.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_documents_that_say_nothing_of_it(engine: Engine, question: str) -> None:
    for text in UNLIKE:
        assert engine.rerank(question, [text])[0][1] < engine.settings.min_confidence, text


@pytest.mark.parametrize(("question", "text"), ANSWERED)
def test_a_single_document_that_answers(engine: Engine, question: str, text: str) -> None:
    assert engine.rerank(question, [text])[0][1] >= engine.settings.min_confidence
    for beside in ("\u0000", "asdf qwer", "OK"):
        ranked = engine.rerank(question, [beside, text])
        assert ranked[0][0] == 1
        assert ranked[0][1] >= engine.settings.min_confidence > ranked[1][1]


@pytest.mark.parametrize("text", ["asdf qwer", "OK", "N/A", "qwerty uiop"])
def test_a_collection_of_nothing_answers_nothing(engine: Engine, text: str) -> None:
    collection = f"c{UNLIKE.index(text)}"
    assert [one.outcome for one in engine.ingest([Submission(text.encode(), id="only")], collection)] == ["created"]
    for question in QUESTIONS:
        assert not engine.ask(Ask(question, collection=collection)).answerable


def test_an_article_that_is_alone_answers(engine: Engine) -> None:
    list(engine.ingest([Submission("流感疫苗10月8日开始接种。".encode(), id="only")], "alone"))
    for question in ("流感疫苗什么时候接种", "When can I get a flu shot?", "Когда начинаются прививки от гриппа?"):
        assert engine.ask(Ask(question, collection="alone")).answerable
    assert not engine.ask(Ask("今天天气怎么样", collection="alone")).answerable
