from __future__ import annotations

import pytest

from qa_service.text.repair.markup import repair_markup
from qa_service.text.repair.spacing import repair_spaces


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("他说&ldquo;好&rdquo;。", "他说“好”。"),
        ("疫情&nbsp;防控", "疫情 防控"),
        ("疫情&amp;nbsp;防控", "疫情 防控"),
        ("疫情nbsp;防控", "疫情 防控"),
        ("&#20013;&#x56FD;", "中国"),
        ("第一段</p><p>第二段", "第一段\n第二段"),
        ('打赢<span style="color:red">阻击战</span>。', "打赢阻击战。"),
        ("第一行<br/>第二行", "第一行\n第二行"),
        ("全部结束。/p>", "全部结束。"),
        ("正文<!-- 广告 -->继续", "正文继续"),
    ],
)
def test_remains_of_markup_go(dirty, clean):
    assert repair_markup(dirty).mapped.text == clean


@pytest.mark.parametrize(
    "text",
    [
        "a < b > c",
        "若 x<y 且 y>z",
        "AT&T;公司",
        "R&D 投入",
        "&unknown;",
        "List<String> 类型",
        "3>2",
        "path/p>x",
        "&#0;",
    ],
)
def test_what_only_looks_like_markup_stays(text):
    assert repair_markup(text).changes == ()


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("疫\u200b情\ufeff防\u00ad控", "疫情防控"),
        ("中 国 人 民", "中国人民"),
        ("中\u3000国\u3000人\u3000民", "中国人民"),
    ],
)
def test_odd_spaces_go(dirty, clean):
    assert repair_spaces(dirty).mapped.text == clean


@pytest.mark.parametrize(
    "text",
    [
        "首页 新闻 体育",
        "张喜明 刘俊",
        "Hello world",
        "\u3000\u3000段首缩进",
        "他说： 好",
        "疫情 ，防控",
        "疫情\u3000防控",
        "疫情，\u3000防控",
        "疫情，\ufeff防控",
    ],
)
def test_spaces_that_may_mean_something_stay(text):
    assert repair_spaces(text).changes == ()
