"""Markdown: what a reader sees of it, and its front matter."""

from __future__ import annotations

import pytest

from qa_service.text.extraction.markdown import read


def text(source: str) -> str:
    return read(source.encode(), None).text


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("没有记号的一句话。\r\n", "没有记号的一句话。"),
        ("# 标题\n\n正文 **粗** *斜* ~~删~~ `码`。", "标题\n正文 粗 斜 删 码。"),
        ("见[说明](http://a.example/x_y)和<http://b.example>。", "见说明和http://b.example。"),
        ("![一张图](a.png)", "一张图"),
        ("- 甲\n- 乙\n  1. 丙\n  2. 丁", "甲\n乙\n1. 丙\n2. 丁"),
        ("> 引文", "引文"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("```py\nx = 1\n\n  y\n```", "x = 1\n\n  y"),
        ("一行没有写完的\n中文接着写。", "一行没有写完的中文接着写。"),
        ("wrapped\nwords", "wrapped words"),
        ("第一句。\n第二句。", "第一句。\n第二句。"),
        ("甲  \n乙<br>丙", "甲\n乙\n丙"),
        ("<div>块<script>x</script></div>\n\n<!-- 注 -->\n\n后", "块\n后"),
        ("a < b 且 2*3*4，_下划线_名", "a < b 且 234，_下划线_名"),
        ("---\n\n不是文前\n\n---\n", "不是文前"),
        ("", ""),
    ],
)
def test_seen(source: str, seen: str) -> None:
    assert text(source) == seen


def test_front_matter_gives_attributes_and_is_no_text() -> None:
    found = read('---\ntitle: "题目"\ndate: 2021-03-05\nauthor: 张三\ntags:\n  - x\n---\n# 别的\n正文'.encode(), None)
    assert (found.title, found.published_at, found.author) == ("题目", "2021-03-05", "张三")
    assert found.text == "别的\n正文"


def test_the_first_heading_is_the_title_without_front_matter() -> None:
    assert read("前言\n\n## 小\n\n# 大\n\n# 又".encode(), None).title == "大"


def test_charset_is_used() -> None:
    assert read("# 通知\n\n今天休息".encode("gbk"), "gbk").encoding == "gb18030"


def test_deep_nesting_is_bounded() -> None:
    assert "底" in text(">" * 50 + "底")
    text(">" * 100_000 + "底")
    text("[" * 20_000 + "底")
    text("**a " * 5_000)
