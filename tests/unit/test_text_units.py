"""What kind of text a unit is, which decides what it can tell about furniture."""

from __future__ import annotations

import pytest

from qa_service.text.split import split_sentences
from qa_service.text.units import BODY, DATA, LINE, describe


def kinds(text: str) -> list[int]:
    spans = split_sentences(text)
    return [unit.kind for unit in describe(text, [(span, span) for span in spans])]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("晨光日报客户端", LINE),
        ("  更多精彩内容请看：  ", LINE),
        ("图书馆每天都开门。", BODY),
        ("他来了。", 0),
        ("人生自古多磨难，", 0),
        ("The library opens every day.", BODY),
        ("Home and garden", LINE),
        ("门票20元", LINE | DATA),
        ("周一闭馆", LINE | DATA),
        ("开放时间：周二至周日", LINE | DATA),
        ("没有句号的长段落" * 8, BODY),
    ],
)
def test_kinds(text: str, kind: int) -> None:
    assert kinds(text) == [kind]


def test_a_line_stands_alone_in_its_line() -> None:
    text = "第一句在这里结束了。晨光日报客户端\n晨光日报客户端\r\n\u3000\u3000晨光日报客户端"
    assert kinds(text) == [BODY, 0, LINE, LINE]


def test_places_and_lengths() -> None:
    text = "你好，世界。\n——\n再见"
    spans = split_sentences(text)
    units = describe(text, [(span, span) for span in spans])
    assert [unit.length for unit in units] == [4, 0, 2]
    assert [unit.print == 0 for unit in units] == [False, True, False]
