"""Copies of what very many articles say: bounded work and answers, and none left out among the candidates."""

from __future__ import annotations

import pytest

from qa_service.engine import Engine
from qa_service.index.wording import Wording
from qa_service.retrieval import grouping
from qa_service.retrieval.budget import MOST_IN_VAIN, Budget
from qa_service.retrieval.texts import Texts
from qa_service.retrieval.wordings import Stretch
from qa_service.store import bands
from qa_service.types import Ask
from tests.conftest import add
from tests.unit.test_copies_grouped import CLINIC, QUESTION, STORY, names, with_pinyin


def test_no_more_copies_are_named_than_are_of_use(engine: Engine) -> None:
    add(engine, {f"c{n:03}": STORY for n in range(150)} | {"clinic": CLINIC})
    result = engine.ask(Ask(QUESTION, top_k=50))
    assert [len(passage.also_in) for passage in result.passages] == [grouping.MOST_NAMED, 0]
    assert [copy.article_id for copy in result.passages[0].also_in][:2] == ["c001", "c002"]


def test_one_result_stands_for_all_candidates_whatever_the_limits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MOST", 5)
    add(engine, {f"c{n:02}": STORY for n in range(40)} | {"clinic": CLINIC})
    assert [len(one) for one in names(engine)] == [40, 1]
    monkeypatch.setattr(bands, "_ROWS", 10)
    assert [len(one) for one in names(engine)] == [40, 1]


def test_all_candidates_of_short_sentences_are_compared(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST", 5)
    add(engine, {f"c{n:02}": "六点开门。十点关门。票价五元。" for n in range(20)})
    assert [len(one) for one in names(engine, "票价多少?")] == [20]


def test_what_was_compared_before_does_not_change_an_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {f"c{n:02}": STORY.replace("五元", f"{n + 20}元") for n in range(30)}
    add(engine, texts | {f"d{n:02}": with_pinyin(text) for n, text in enumerate(texts.values())})
    read: list[object] = []
    wording = Stretch.wording

    def counted(stretch: Stretch, texts: Texts) -> Wording:
        read.append(stretch)
        return wording(stretch, texts)

    monkeypatch.setattr(Stretch, "wording", counted)
    first_answer, ranking = names(engine), engine.rank(QUESTION)
    assert len(first_answer) == 30
    assert all(len(one) == 2 for one in first_answer)
    assert read
    read.clear()
    assert names(engine) == first_answer
    assert engine.rank(QUESTION) == ranking
    assert not read


def test_comparisons_by_words_are_limited_for_a_question(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []
    take = Budget.take

    def counted(budget: Budget, is_copy: bool) -> None:
        made.append(is_copy)
        take(budget, is_copy)

    monkeypatch.setattr(Budget, "take", counted)
    add(engine, {f"c{n:03}": STORY.replace("五元", f"{n + 20}元") for n in range(80)})
    assert len(names(engine)) == 50
    assert 0 < len(made) <= MOST_IN_VAIN
    assert not any(made)
