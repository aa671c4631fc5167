"""The sentence, or two, that answer: chosen among a passage's, with a toy's cosines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa_service.retrieval.answer import AnswerFinder, is_heading
from qa_service.retrieval.answering.choice import choose, probabilities, text_length
from qa_service.retrieval.answering.features import FEATURES
from qa_service.retrieval.answering.weights import FILE, shipped_weights
from qa_service.text.tokens import Tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer(tmp_path_factory.mktemp("cache"))


def best(tokenizer: Tokenizer, question: str, sentences: list[str], opening: str | None = None) -> str:
    """Find the best sentence when the cosines know nothing and every word is as rare as any other."""
    finder = AnswerFinder(question, dict.fromkeys(tokenizer.words(question), 1.0), tokenizer)
    flat = np.full(len(sentences), 0.8, dtype=np.float32)
    return sentences[finder.find(sentences, flat, [False] * (len(sentences) - 1), opening).best]


def test_a_question_that_an_article_asks_is_answered_by_what_follows(tokenizer: Tokenizer) -> None:
    sentences = [
        "登革热会不会人传人？", "发言人说，不会直接在人与人之间传播，但病人要避免被叮。",
        "有没有疫苗？", "她表示，目前没有供应，防蚊灭蚊是最有效的办法。", "能治吗？",
    ]  # fmt: skip
    assert best(tokenizer, "登革热会不会人传人？", sentences) == sentences[1]
    assert best(tokenizer, "登革热有没有疫苗？", sentences) == sentences[3]
    # The last one has no answer here, and another question is none either.
    assert best(tokenizer, "登革热能治吗？", sentences) in (sentences[1], sentences[3])


TYPED = [
    ("望潮大桥是谁设计的？", ["望潮大桥是一座斜拉桥。", "它由约翰·罗布林设计。", "它的设计获得过奖项。"], 1),
    ("望潮大桥什么时候通车？", ["望潮大桥是一座斜拉桥。", "通车时有很多人参加。", "1998年5月通车。"], 2),
    ("望潮大橋什麼時候通車？", ["望潮大桥是一座斜拉桥。", "通车时有很多人参加。", "1998年5月通车。"], 2),
    ("望潮大桥长多少米？", ["望潮大桥是一座斜拉桥。", "它的桥很长。", "全长860米。"], 2),
    ("望潮大桥为什么停工？", ["望潮大桥是一座斜拉桥。", "停工的消息昨天公布。", "由于暴雨，工程停工。"], 2),
    ("望潮大桥的起点在哪里？", ["望潮大桥是一座斜拉桥。", "起点很有名。", "起点位于临澜市中心区。"], 2),
    ("望潮大桥俗称什么名字？", ["望潮大桥是一座斜拉桥。", "俗称很多。", "俗称“老桥”。"], 2),
    ("望潮大桥有哪些车道？", ["望潮大桥是一座斜拉桥。", "车道很宽。", "车道包括公交车道、小汽车道和自行车道。"], 2),
    ("Who designed the Harbour Bridge?",
     ["The Harbour Bridge is a landmark.", "Its design won a prize.", "It was designed by John Roebling."], 2),
    ("When did the Harbour Bridge open?",
     ["The Harbour Bridge is a landmark.", "Many came to see it open.", "It did open in May 1998."], 2),
    ("How many lanes does the Harbour Bridge have?",
     ["The Harbour Bridge is a landmark.", "Its lanes are wide.", "It has six lanes."], 2),
    ("Why did the Harbour Bridge close?",
     ["The Harbour Bridge is a landmark.", "It had to close.", "It had to close because of a storm."], 2),
]  # fmt: skip


@pytest.mark.parametrize(("question", "sentences", "place"), TYPED)
def test_sentence_with_the_kind_of_answer_wins(
    tokenizer: Tokenizer, question: str, sentences: list[str], place: int
) -> None:
    assert best(tokenizer, question, sentences) == sentences[place]


def test_number_of_the_question_is_not_its_answer(tokenizer: Tokenizer) -> None:
    sentences = ["大桥换过斜拉索。", "原来的24根斜拉索已经老化。", "斜拉索换成了28根。"]
    assert best(tokenizer, "24根斜拉索换成了多少根？", sentences) == sentences[2]


def test_subject_of_the_article_is_not_what_is_asked(tokenizer: Tokenizer) -> None:
    sentences = ["海熊兽是早期的鳍足类。", "海熊兽生活在北太平洋沿岸，海熊兽的化石很多。", "体长约一米半。"]
    assert best(tokenizer, "海熊兽的体长是多少？", sentences) == sentences[2]


def test_title_tells_the_subject_where_the_passage_does_not(tokenizer: Tokenizer) -> None:
    sentences = ["海熊兽的化石很多。", "体长约一米半。"]
    assert best(tokenizer, "海熊兽体长多少？", sentences, opening="海熊兽") == sentences[1]


def test_traditional_question_finds_what_the_simplified_one_does(tokenizer: Tokenizer) -> None:
    sentences = ["夜間門診設在三家中心。", "挂号费为8元。", "輸液服務夜間不提供。"]
    assert best(tokenizer, "挂号费多少钱？", sentences) == best(tokenizer, "掛號費多少錢？", sentences) == sentences[1]


def test_synonym_of_the_user_dictionary_counts_as_the_word(tmp_path: Path) -> None:
    table = tmp_path / "words.txt"
    table.write_text("计算机 = 电脑\n", encoding="utf-8")
    finder = AnswerFinder("电脑坏了？", {"计算机": 1.0}, Tokenizer(tmp_path / "cache", table))
    found = finder.features(["电脑在修。", "计算机在修。", "门开着。"], np.zeros(3, dtype=np.float32), "")
    assert found[:, FEATURES.index("words")].tolist() == [1, 1, 0]


def test_any_input_gives_a_choice(tokenizer: Tokenizer) -> None:
    for question in ("", "?", "谁", "\U0001f600", "a" * 3000, "e\u0301\u0301", "\ud800"):
        for sentences in (["一。"], ["", "二。"], ["a\nb", "\u2028", "\ud800"], ["长" * 5000, "短"]):
            finder = AnswerFinder(question, dict.fromkeys(tokenizer.words(question), 1.0), tokenizer)
            cosines = np.zeros(len(sentences), dtype=np.float32)
            choice = finder.find(sentences, cosines, [True] * (len(sentences) - 1))
            assert 0 <= choice.best < len(sentences)
            assert finder.find(sentences, cosines, [True] * (len(sentences) - 1)) == choice


def test_all_features_are_finite_and_named(tokenizer: Tokenizer) -> None:
    finder = AnswerFinder("桥长多少米？", {"桥": 2.0}, tokenizer)
    found = finder.features(["桥长860米。", "它很高。"], np.array([0.9, 0.7], dtype=np.float32))
    assert found.shape == (2, len(FEATURES))
    assert np.isfinite(found).all()


def test_probabilities_add_up() -> None:
    chances = probabilities(np.array([[1000.0], [0.0], [1000.0]]), np.array([1.0]))
    assert chances.tolist() == pytest.approx([0.5, 0.0, 0.5])


def chosen(chances: list[float], lengths: list[float], joined: list[bool], price: float = 0.001) -> tuple[int, ...]:
    return choose(np.array(chances), np.array(lengths), joined, price).sentences


def test_second_sentence_is_added_when_it_is_worth_its_length() -> None:
    assert chosen([0.5, 0.4, 0.1], [50, 50, 50], [True, True]) == (0, 1)
    assert chosen([0.95, 0.02, 0.03], [50, 50, 50], [True, True]) == (0,)
    assert chosen([0.5, 0.4, 0.1], [50, 900, 50], [True, True]) == (0,)


def test_better_sentence_of_two_comes_first() -> None:
    assert chosen([0.1, 0.35, 0.55], [50, 50, 50], [True, True]) == (2, 1)


def test_two_sentences_must_be_joined() -> None:
    assert chosen([0.5, 0.4, 0.1], [50, 50, 50], [False, True]) == (0,)
    assert chosen([0.4, 0.1, 0.5], [50, 50, 50], [True, True]) == (2, 1)


def test_two_sentences_together_may_beat_the_best_alone() -> None:
    assert chosen([0.36, 0.0, 0.34, 0.3], [30, 90, 30, 30], [True, True, True]) == (2, 3)


def test_length_counts_a_han_character_as_three_letters() -> None:
    assert text_length("三个字") == text_length("ninechars") == 3


def test_shipped_weights_belong_to_the_features() -> None:
    weights = shipped_weights()
    assert weights.features.shape == (len(FEATURES),)
    assert np.isfinite(weights.features).all()
    assert 0 < weights.length_price < 0.01
    assert FILE.name == "answer_weights.json"


@pytest.mark.parametrize(
    ("sentence", "heading"),
    [
        ("三、利息谁来出", True),
        ("（二）申请条件", True),
        ("1. 报名时间", True),
        ("什么人可以申请？", True),
        ("三、符合条件的人可以申请，每人一次。", False),
        ("利息由市财政出一半。", False),
        ("2025年3月1日起实行。", False),
        ("2025年开始", False),
    ],
)
def test_headings(sentence: str, heading: bool) -> None:
    assert is_heading(sentence) is heading
