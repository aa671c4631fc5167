"""Sentences: written-out examples of many scripts, and what holds for any text at all."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa_service.text.split import LONG, is_blank, split_sentences

AWKWARD = (
    "。！？!?.…；;：:,，、\"“”‘’'「」（）()《》[]{} \n\r\t\u2028\x85\x0b\u3000\u200b\u200d\ufeff\0\u0301"
    "😀👍🏽aBé甲1９กขम।؟။Mr"
)
texts = st.text(st.one_of(st.sampled_from(AWKWARD), st.characters()))
dense = st.text(st.sampled_from('。.!?"”（）() \naA甲1；'), max_size=400)


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


CHINESE = [
    ["市图书馆周一闭馆。", "节假日照常开放！", "您想办借书证吗？", "请带上身份证……", "谢谢。"],
    ["“你好！”", "他说。", "“图书馆在哪儿？”"],
    ["他问：“几点开门？”", "没有人回答。"],
    ["她說：「明天休館。」", "說完就走了。", "『真的嗎？』"],
    ["（一）申请条件。", "一、年满十八周岁。", "二、有固定住所。"],
    ["公告如下（详见附件！请下载）。", "完。"],
    ["《谁动了我的奶酪？》是一本书。", "很好看。"],
    ["（本报讯。）", "昨日开馆。"],
    ["他走了（真的吗？）。", "她没有。"],
    ["押金3.5元。", "共有12.8万人参加。", "版本为1.2.3。"],
    ["会议延期.", "新的时间另行通知.", "2020年1月再议。"],
    ["真的？！！", "是的。。。", "好"],
    ["材料包括：身份证；户口本；照片。", "三项齐全。"],
    ["详见https://example.org/a.b?x=1！", "请查看。"],
    ["図書館は休みです。", "明日来てください！"],
]
SPACED = [
    ["Mr. Smith met Dr. Lee at 3.14 p.m. on Jan. 5.", "They talked, e.g. about the U.S. economy.", "Done!"],
    ["See No. 5 and file.ext.", "Open https://example.org/a.b?x=1&y=2.", "J. K. Rowling wrote it."],
    ['"Really?" he asked.', '"Yes."', "She left."],
    ["He came.", "(He left.)", "Then he slept."],
    [
        'The sign on the door of the reading room on the second floor said "The library is closed on Monday, on public '
        'holidays and whenever the heating fails."',
        "Nobody read it.",
    ],
    ["wait... what?", "No way...", "Yes."],
    ["This is version 1.2.3 of foo.bar.", "It works."],
    ["1. Bring your card.", "2. Pay the fee."],
    ["Библиотека закрыта в 2020 г. по понедельникам.", "Приходите завтра."],
    ["مرحبا بكم في المكتبة.", "كيف حالك؟", "بخير."],
    ["पुस्तकालय सोमवार को बंद है।", "कल आइए।"],
    ["စာကြည့်တိုက် ပိတ်သည်။", "မနက်ဖြန် လာပါ။"],
    ["បណ្ណាល័យបិទ។", "សូមមកថ្ងៃស្អែក។"],
    ["도서관은 월요일에 쉽니다.", "내일 오세요."],
]


@pytest.mark.parametrize("between", ["", " ", "\n", "\u3000", "\r\n\r\n"])
@pytest.mark.parametrize("parts", CHINESE)
def test_chinese_and_japanese_sentences(parts: list[str], between: str) -> None:
    assert sentences(between.join(parts)) == parts


@pytest.mark.parametrize("between", [" ", "  ", "\n", "\u00a0", "\r\n\r\n"])
@pytest.mark.parametrize("parts", SPACED)
def test_sentences_of_scripts_that_write_spaces(parts: list[str], between: str) -> None:
    assert sentences(between.join(parts)) == parts


def test_a_line_end_always_ends_a_sentence() -> None:
    assert sentences("标题\n正文\r\nc\rd\u2028e\x85f\x0bg") == ["标题", "正文", "c", "d", "e", "f", "g"]


def test_a_dot_glued_to_what_follows_ends_nothing() -> None:
    for text in ("a.b", "3.14", "用.NET开发", "U.S.A", "v1.2.3", "Yahoo!news is it", "1．目的", "第1.2条", "A. 甲"):
        assert sentences(text) == [text]


def test_brackets_hold_a_sentence_together_only_when_short() -> None:
    short = "他说（真的吗？我不信！）然后走了。"
    assert sentences(short) == [short]
    assert len(sentences("他说（" + "真的吗？我不信！" * 20 + "）然后走了。")) > 20


def test_a_long_sentence_also_ends_at_semicolons() -> None:
    items = [
        f"（{n}）居民身份证原件以及复印件各一份，由本人签名确认并注明日期、联系地址和电话号码；" for n in "一二三四"
    ]
    text = "".join(items)
    assert len(text) > LONG
    assert sentences(text) == items
    assert sentences(items[0] + "完") == [items[0] + "完"]


def test_long_thai_ends_at_spaces() -> None:
    clause = "ห้องสมุดประชาชนปิดทำการทุกวันจันทร์และวันหยุดนักขัตฤกษ์ตามประกาศ"
    assert sentences(" ".join([clause] * 4)) == [clause] * 4
    assert sentences("ห้องสมุด ปิด") == ["ห้องสมุด ปิด"]


def test_a_long_text_without_capitals_is_still_cut() -> None:
    text = " ".join(["the library is closed on monday and opens again on tuesday."] * 3)
    assert len(sentences(text)) == 3


def test_nothing_to_say_gives_nothing() -> None:
    for text in ("", " \n\t\u3000", "\u200b\ufeff\n"):
        assert split_sentences(text) == []


@settings(deadline=None)
@given(st.one_of(texts, dense))
@example("a" * 50 + "（。" * 30)
@example('"."."." a')
def test_sentences_hold_everything_but_the_space_between(text: str) -> None:
    spans = split_sentences(text)
    end = 0
    for span in spans:
        assert end <= span.start < span.end
        assert all(map(is_blank, text[end : span.start]))
        assert not is_blank(text[span.start])
        assert not is_blank(text[span.end - 1])
        assert not any(char in "\n\r\u2028\x85" for char in text[span.start : span.end])
        end = span.end
    assert all(map(is_blank, text[end:]))


@settings(deadline=None)
@given(st.lists(st.one_of(texts, dense), max_size=4))
def test_lines_are_split_apart_from_each_other(lines: list[str]) -> None:
    parts = [part for line in lines for part in sentences(line)]
    assert sentences("\n".join(lines)) == parts


@pytest.mark.parametrize(
    "unit", ["(", "()", "(.)", "。(", '."', "a. ", "a。", "；", "ก ", "http://", "[(])", "\u0301", " ", "\n", "啊"]
)
def test_a_large_text_of_one_kind_is_taken(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    spans = split_sentences(text)
    assert sum(span.end - span.start for span in spans) >= sum(not is_blank(char) for char in text)
