"""What a question asks for, and the traces that answers of a type leave."""

from __future__ import annotations

import pytest

from qa_service.retrieval.answering.interrogatives import QuestionType
from qa_service.retrieval.answering.question_type import asked
from qa_service.retrieval.answering.type_evidence import measured, traced
from qa_service.text.fold import lexical_fold

QUESTIONS = {
    QuestionType.WHO: [
        "这座桥是谁设计的？",
        "這座橋是誰設計的？",
        "Who designed the bridge?",
        "Кто построил мост?",
        "Wer hat die Brücke gebaut?",
        "¿Quién construyó el puente?",
        "Qui est le directeur ?",
        "Ποιος έχτισε τη γέφυρα;",
        "कौन राष्ट्रपति बने?",
        "誰がこの橋を設計しましたか",
        "누가 다리를 지었나요?",
    ],
    QuestionType.WHERE: [
        "学校在哪里？",
        "總部設在哪個城市？",
        "Where is the school?",
        "В каком городе находится школа?",
        "Wo liegt die Schule?",
        "¿Dónde está la escuela?",
        "Où se trouve l'école ?",
        "Trường học ở đâu?",
        "Okul nerede?",
        "أين تقع المدرسة؟",
        "โรงเรียนอยู่ที่ไหน",
        "学校はどこですか",
        "학교는 어디에 있나요?",
    ],
    QuestionType.WHEN: [
        "大桥什么时候通车？",
        "大橋哪一年通車？",
        "When did it open?",
        "In what year did it open?",
        "В каком году он открылся?",
        "Wann wurde sie eröffnet?",
        "¿Cuándo abrió?",
        "Πότε άνοιξε;",
        "متى افتتح؟",
        "यह कब खुला?",
        "Khi nào mở cửa?",
        "เปิดเมื่อไร",
        "いつ開業しましたか",
        "언제 열렸나요?",
    ],
    QuestionType.QUANTITY: [
        "票价是多少？",
        "一共幾個人？",
        "How many people came?",
        "Сколько людей пришло?",
        "Wie viele Menschen kamen?",
        "Combien de personnes ?",
        "¿Cuántas personas?",
        "Kaç kişi geldi?",
        "كم عدد السكان؟",
        "कितने लोग आए?",
        "มีกี่คน",
    ],
    QuestionType.WHY: [
        "为什么停工？",
        "為什麼停工？",
        "Why did work stop?",
        "Почему остановили?",
        "Warum?",
        "¿Por qué se detuvo?",
        "Pourquoi ?",
        "Γιατί σταμάτησε;",
        "لماذا توقف؟",
        "Tại sao dừng?",
        "ทำไมหยุด",
        "なぜ止まったのか",
        "왜 멈췄나요?",
    ],
    QuestionType.HOW: [
        "怎么申请？",
        "如何申請？",
        "How do I apply?",
        "Как подать заявку?",
        "Wie bewerbe ich mich?",
        "Comment postuler ?",
        "Nasıl başvurulur?",
    ],
    QuestionType.LIST: [
        "有哪些好处？",
        "哪些線路停運？",
        "What are the benefits?",
        "Какие преимущества?",
    ],
    QuestionType.NAME: [
        "这座桥叫什么名字？",
        "這座橋叫什麼？",
        "What is the bridge called?",
        "Как называется мост?",
    ],
    QuestionType.DEFINITION: [
        "什么是窃听？",
        "何謂竊聽？",
        "What is a twin prime?",
        "Что такое сепсис?",
    ],
    QuestionType.WHICH: [
        "哪种颜色最多？",
        "他養了什麼動物？",
        "Which colour is it?",
        "What colour is it?",
    ],
    QuestionType.YES_NO: [
        "桥上可以骑车吗？",
        "是否收費？",
        "Is the bridge open?",
        "Can I cycle there?",
    ],
    QuestionType.UNKNOWN: [
        "流感疫苗 价格",
        "",
        "???",
        "bridge opening hours",
        "请介绍一下",
    ],
}


@pytest.mark.parametrize(
    ("question", "expected"), [(question, kind) for kind, questions in QUESTIONS.items() for question in questions]
)
def test_type_is_read_from_the_question_word(question: str, expected: QuestionType) -> None:
    assert asked(lexical_fold(question)).type is expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What happened when the bridge opened?", QuestionType.WHICH),
        ("How many people know why it closed?", QuestionType.QUANTITY),
        ("他被称为什么？", QuestionType.NAME),
        ("四氟化碳又叫作为什么？", QuestionType.WHICH),
        ("哪些人可以免费？", QuestionType.WHO),
        ("你知道谁来了吗？", QuestionType.WHO),
    ],
)
def test_first_and_longest_question_word_decides(question: str, expected: QuestionType) -> None:
    assert asked(lexical_fold(question)).type is expected


def test_place_of_the_question_word_is_known_where_it_stands_in_the_middle() -> None:
    folded = lexical_fold("大橋在哪一年通車？")
    found = asked(folded)
    assert folded[found.start : found.end] == "哪一年"
    assert asked("when did it open?").start == -1


TRACES = [
    (QuestionType.WHEN, "何时通车?", "大桥于1998年5月通车。", "大桥长三公里。"),
    (QuestionType.WHEN, "when did it open?", "it opened in may 1998 .", "it is long."),
    (QuestionType.QUANTITY, "有多少人?", "共有350人参加。", "很多人参加。"),
    (QuestionType.QUANTITY, "有几个国家?", "包括九个国家。", "包括邻国。"),
    (QuestionType.WHO, "谁设计的?", "由约翰·罗布林设计。", "由一家公司设计。"),
    (QuestionType.WHERE, "在哪里?", "位于河边。", "它很高。"),
    (QuestionType.WHY, "为什么停工?", "由于暴雨,工程停了。", "工程停了。"),
    (QuestionType.WHY, "why did it stop?", "it stopped because of rain.", "it stopped."),
    (QuestionType.HOW, "如何申请?", "通过网站申请。", "可申请。"),
    (QuestionType.LIST, "有哪些?", "苹果、梨和桃。", "水果很多。"),
    (QuestionType.NAME, "叫什么?", "俗称“老桥”。", "很有名。"),
    (QuestionType.DEFINITION, "什么是水杉?", "水杉是一种树。", "水杉很高。"),
    (QuestionType.YES_NO, "可以骑车吗?", "不可骑车。", "可骑车。"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "question", "holding", "lacking"), TRACES)
def test_answers_leave_traces(kind: QuestionType, question: str, holding: str, lacking: str) -> None:
    assert traced(kind, [holding, lacking], question).tolist() == [1, 0]


def test_capitals_show_names_and_places() -> None:
    unfolded = ["It was designed by John Roebling.", "The Bridge was designed well.", "It stands in Linlan."]
    folded = [text.lower() for text in unfolded]
    assert traced(QuestionType.WHO, folded, "who designed the bridge?", unfolded).tolist() == [1, 0, 1]
    assert traced(QuestionType.WHERE, folded, "where is it?", unfolded).tolist() == [0, 0, 1]
    assert traced(QuestionType.WHO, folded, "who designed the bridge?").tolist() == [0, 0, 0]


def test_what_the_question_says_itself_is_no_trace() -> None:
    sentences = ["1998年的大桥很长。", "它在1998年花了3亿元。"]
    assert traced(QuestionType.WHEN, sentences, "1998年的大桥何时重修?").tolist() == [0, 0]
    assert traced(QuestionType.QUANTITY, ["共24根。", "由24根增加到28根。"], "24根换成多少根?").tolist() == [0, 1]


@pytest.mark.parametrize("kind", [QuestionType.WHICH, QuestionType.UNKNOWN])
def test_other_types_promise_no_trace(kind: QuestionType) -> None:
    assert traced(kind, ["由于1998年约翰·罗布林在河边。"], "").tolist() == [0]


def test_measure_asked_for_is_found_after_a_number() -> None:
    sentences = ["全长3公里。", "共有12条线路。", "有3人。"]
    assert measured(QuestionType.QUANTITY, sentences, "有多少条线路?").tolist() == [0, 1, 0]
    assert measured(QuestionType.QUANTITY, sentences, "how many lines?").tolist() == [0, 0, 0]
