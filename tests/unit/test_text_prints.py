"""Prints: one for every form of a sentence, another for another figure."""

from __future__ import annotations

import pytest

from qa_service.index.wording import words_of
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
        ("投资1,000,000元", "投资1000000元"),
        ("投资１，０００元", "投资1000元"),
        ("3 – 5人", "3-5人"),
        ("涨了40 %", "涨了40%"),
        ("<人民日报>报道", "《人民日报》报道"),
        ("■ 通知", "通知"),
        ("=== 通知 ===", "通知"),
        ("好的～", "好的"),
        ("F-16 fighters", "F16 fighters"),
    ],
)
def test_forms_of_a_sentence_have_one_print(one: str, other: str) -> None:
    assert printed(one) == printed(other)
    assert words_of(one) == words_of(other)


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
        ("最低气温-5度", "最低气温5度"),
        ("最低气温−5度", "最低气温5度"),
        ("A loss of -$5", "A loss of $5"),
        ("3~5度", "35度"),
        ("3—5度", "35度"),
        ("三~五人", "三五人"),
        ("на 2,5 процента", "на 25 процента"),
        ("um 0,125 Prozent", "um 0125 Prozent"),
        ("1,0000", "10000"),
        ("by .5 points", "by 5 points"),
        ("paid $120", "paid €120"),
        ("was > 5 in", "was < 5 in"),
        ("调整为A+，前景稳定", "调整为A-，前景稳定"),
        ("调整为A-，前景稳定", "调整为A，前景稳定"),
        ("½ cup", "12 cup"),
        ("3½ cups", "31/2 cups"),
        ("10²平方米", "102平方米"),
        ("10⁻² m", "10² m"),
        ("第2①条", "第21条"),
        ("1 23", "12 3"),
        ("5(3)", "53"),
        ("消防 √", "消防 ×"),
        ("天气是☀️", "天气是🌧️"),
        ("▲5", "▼5"),
        ("4‰", "4%"),
    ],
)
def test_another_figure_is_another_print(one: str, other: str) -> None:
    assert printed(one) != printed(other)
    assert words_of(one) != words_of(other)


@pytest.mark.parametrize("text", ["—— ※ ——", "", "===", "* * *", "———", "√", "☀️", "| ~ |"])
def test_what_has_no_letter_or_digit_has_no_print(text: str) -> None:
    assert printed(text) == NO_PRINT
    assert words_of(text) == []
    assert bands_of(canonical(text)) == ()


def test_similar_sentences_share_bands_and_others_do_not() -> None:
    sentence = canonical("新型冠状病毒感染的肺炎疫情联防联控工作领导小组多次召开会议安排部署各项工作")
    similar, other = sentence.replace("多", "两"), canonical("图书馆的阅览室在二楼，借书证可以在一楼的服务台办理")
    assert set(bands_of(sentence)) & set(bands_of(similar))
    assert not set(bands_of(sentence)) & set(bands_of(other))
    assert len(set(bands_of(sentence))) == 4
