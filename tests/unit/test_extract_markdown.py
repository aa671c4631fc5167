"""Markdown: what a reader sees of it, and its front matter."""

from __future__ import annotations

import pytest
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline

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
    assert text(">" * 50 + "底") == "底"
    for hostile in (">" * 100_000 + "底", "- " * 60 + "底", "[" * 20_000 + "底", "**a " * 5_000 + "底"):
        assert "底" in text(hostile)


@pytest.mark.parametrize("depth", range(90, 110))
@pytest.mark.parametrize("block", [">", "> 1. "])
def test_text_nested_too_deep_is_taken_as_written_and_says_so(block: str, depth: int) -> None:
    found = read(f"前\n\n{block * depth}深\n\n**后**".encode(), None)
    assert ("nested" in "".join(found.notes)) == ("**" in found.text)
    assert all(part in found.text for part in "前深后")


def test_marks_around_deep_brackets_are_still_read() -> None:
    deep = "[" * 300 + "中" + "]" * 300
    assert text(f"**前** {deep} *后*") == f"前 {deep} 后"
    assert text(f"{'[' * 10}[中](http://a.cn){']' * 10}") == f"{'[' * 10}中{']' * 10}"


def test_brackets_are_not_read_ahead_of_as_often_as_blocks_may_nest(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    skip = ParserInline.skipToken

    def counting(self: ParserInline, state: StateInline) -> None:
        nonlocal calls
        calls += 1
        skip(self, state)

    monkeypatch.setattr(ParserInline, "skipToken", counting)
    text("[" * 2_000)
    assert calls < 25 * 2_000
