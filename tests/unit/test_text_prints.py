"""Prints: one for every form of a sentence, another for another figure."""

from __future__ import annotations

import pytest

from qa_service.text.prints import NO_PRINT, bands_of, canonical, print_of


def printed(text: str) -> int:
    return print_of(canonical(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("疫情就是命令，防控就是責任。", "疫情就是命令,防控就是责任"),
        ("ＡＢＣ 公司", "abc公司"),
        ("“你好！”", "你好"),
        ("他说：3 月 4 日开馆", "他说3月4日开馆。"),
        ("票价 20 元 - 起", "票价20元起"),
    ],
)
def test_forms_of_a_sentence_have_one_print(one: str, other: str) -> None:
    assert printed(one) == printed(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("涨了3.5%", "涨了35%"),
        ("涨了35%", "涨了35"),
        ("气温 -5度", "气温 5度"),
        ("10:30开会", "1030开会"),
        ("3-5人", "35人"),
        ("5/1", "51"),
        ("三人", "五人"),
    ],
)
def test_another_figure_is_another_print(one: str, other: str) -> None:
    assert printed(one) != printed(other)


def test_nothing_has_no_print() -> None:
    assert printed("—— ※ ——") == NO_PRINT == printed("")
    assert bands_of("") == ()


def test_similar_sentences_share_bands_and_others_do_not() -> None:
    sentence = canonical("新型冠状病毒感染的肺炎疫情联防联控工作领导小组多次召开会议安排部署各项工作")
    similar, other = sentence.replace("多", "两"), canonical("图书馆的阅览室在二楼，借书证可以在一楼的服务台办理")
    assert set(bands_of(sentence)) & set(bands_of(similar))
    assert not set(bands_of(sentence)) & set(bands_of(other))
    assert len(set(bands_of(sentence))) == 4
