"""HTML: the main text in paragraphs, what the page says about itself, charsets, and what is refused."""

from __future__ import annotations

import pytest

from qa_service.errors import Rejected
from qa_service.text.extraction.html import MAX_DEPTH, MAX_TAGS, declared_charset, read

FIRST = "市图书馆每周一闭馆，节假日另行通知，请读者提前安排好时间，以免白跑一趟，敬请谅解与配合。"
SECOND = "办理借书证需携带身份证原件，押金一百元，可在一楼服务台退还，退证时须交回证件与押金收据。"
THIRD = "自修室每天早上八点开放，晚上十点关闭，座位先到先得，请勿占座，贵重物品请随身携带好。"
TEXTS = (FIRST, SECOND, THIRD)
MENU = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("首页", "新闻", "财经", "体育", "娱乐"))
RELATED = "".join(f'<li><a href="/{n}.html">热门文章第{n}篇的标题</a></li>' for n in range(5))
LAYOUTS = {
    "article": f"<nav><ul>{MENU}</ul></nav><article><h1>通告</h1>{{p}}</article><aside><ul>{RELATED}</ul></aside>",
    "div": f'<div id="nav"><ul>{MENU}</ul></div><div id="content">{{p}}</div><div class="right">{RELATED}</div>',
    "table": f"<table><tr><td>{MENU}</table><table><tr><td><font size=3>{{br}}</font></td><td>{RELATED}</td></table>",
    "sections": '<div class="rich_media_content" id="js_content" style="visibility: hidden">{section}</div>',
    "divs": f'<div>{MENU}</div><div class="txt">{{div}}</div><ul>{RELATED}</ul>',
}
WAYS = {
    "p": "".join(f"<p>　　{text}</p>" for text in TEXTS),
    "br": "<br><br>".join(f"　　{text}" for text in TEXTS),
    "section": "".join(f'<section><section><span style="x">{text}</span></section></section>' for text in TEXTS),
    "div": "".join(f"<div>{text}</div>" for text in TEXTS),
}


def page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def lines(content: bytes) -> list[str]:
    return [line.strip() for line in read(content, "utf-8").text.splitlines()]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_paragraph_is_a_line_and_menus_are_left_out(layout: str) -> None:
    found = lines(page(LAYOUTS[layout].format(**WAYS)))
    assert [line for line in found if line in TEXTS] == list(TEXTS)
    assert "首页" not in "".join(found)
    assert "热门文章" not in "".join(found)


def test_tables_and_lists_of_the_text_are_lines_without_marks() -> None:
    table = "<table><tr><th>姓名</th><th>年龄</th></tr><tr><td>张三</td><td>三十</td></tr></table>"
    found = lines(page(f"<article><p>{FIRST}</p>{table}<ul><li>第一条规定</li></ul><p>{SECOND}</p></article>"))
    assert found == [FIRST, "姓名 | 年龄", "张三 | 三十", "第一条规定", SECOND]


@pytest.mark.parametrize(
    ("part", "seen"),
    [
        ("<h2>上半<br>下半</h2>", ["上半", "下半"]),
        ("<ul><li>甲乙丙<br>丁戊己</li></ul>", ["甲乙丙", "丁戊己"]),
        ("<dl><dt>词<br>条</dt><dd>解<br>释</dd></dl>", ["词", "条", "解", "释"]),
    ],
)
def test_line_breaks_inside_headings_and_items(part: str, seen: list[str]) -> None:
    assert lines(page(f"<article><p>{FIRST}</p>{part}<p>{SECOND}</p></article>")) == [FIRST, *seen, SECOND]


def test_what_a_form_or_a_drawing_holds_is_no_text() -> None:
    unseen = (
        "<textarea>写</textarea><select><option>选</option></select><svg><text>画</text></svg><noscript>无</noscript>"
    )
    assert read(page(f"<form>甲{unseen}乙</form>"), None).text.split() == ["甲乙"]


def test_a_page_of_odds_and_ends_gives_what_is_seen() -> None:
    found = read(page("<form><p>甲</p><script>var 乙</script><pre>丙 1\n  丁</pre><b>戊</b>己<p>庚<br>辛</form>"), None)
    assert found.text.split() == ["甲", "丙", "1", "丁", "戊", "己", "庚", "辛"]


def test_attributes() -> None:
    head = (
        "<title>开放时间通告_某某新闻网</title><meta property='og:title' content='开放时间&#10;通告'>"
        "<meta name='author' content='张三'><meta property='og:site_name' content='某某新闻网'>"
        "<meta property='article:published_time' content='2021-03-05T10:20:00+08:00'>"
        "<link rel='canonical' href='https://news.example/a/1.html'>"
    )
    found = read(page(LAYOUTS["article"].format(**WAYS), head), None)
    assert (found.title or "").split() == ["开放时间", "通告"]
    assert (found.author, found.site, found.url) == ("张三", "某某新闻网", "https://news.example/a/1.html")
    assert found.published_at == "2021-03-05"


def test_attributes_of_a_chinese_byline() -> None:
    byline = "<div>今天是2024年1月1日</div><div>发布时间：2021年3月5日 10:20　作者：李四　浏览次数：9</div>"
    found = read(page(byline + LAYOUTS["div"].format(**WAYS), "<title>通告</title>"), None)
    assert (found.author, found.published_at) == ("李四", "2021-03-05")


@pytest.mark.parametrize("encoding", ["gbk", "gb2312", "big5", "utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declaration", ["<meta charset={}>", '<meta http-equiv=x content="text/html; charset={}">', ""]
)
def test_charsets(encoding: str, declaration: str) -> None:
    text = "市立圖書館每週一休館，國定假日另行公告，請讀者提前安排。" if encoding == "big5" else FIRST
    content = f"<html><head>{declaration.format(encoding)}</head><body><p>{text}</p></body></html>".encode(encoding)
    assert read(content, None).text == text


def test_the_charset_declared_outside_goes_before_the_one_in_the_page() -> None:
    content = f"<html><head><meta charset=big5></head><body><p>{FIRST}</p></body></html>".encode("gbk")
    assert read(content, "gbk").text == FIRST


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (b'<?xml version="1.0" encoding="GBK"?><html>', "GBK"),
        (b"<META CONTENT='text/html;charset=gb2312' HTTP-EQUIV=Content-Type>", "gb2312"),
        (b"<meta name=x content=y>", None),
        (b"<meta " + b"x" * 100_000 + b" charset=gbk>", None),
        (b"<meta" * 1_000, None),
    ],
)
def test_the_charset_that_a_page_declares(content: bytes, charset: str | None) -> None:
    assert declared_charset(content) == charset


def test_a_page_cut_anywhere_keeps_what_was_received() -> None:
    content = page(LAYOUTS["article"].format(**WAYS))
    start = content.index(FIRST.encode()) + len(FIRST.encode())
    for end in range(start, len(content), 7):
        assert FIRST in read(content[:end], None).text


def test_characters_that_no_tree_can_hold_become_spaces() -> None:
    found = read(page(f"<p>{FIRST}\0\x0b\uffff&#0;&#xD800;</p>"), "utf-8")
    assert found.text.startswith(FIRST)
    assert not set(found.text) & set("\0\x0b\uffff\ud800")


@pytest.mark.parametrize(
    "body",
    ["", "<script>document.write('正文')</script><style>p{}</style>", "<img src=a><iframe src=b></iframe>", "<p> </p>"],
)
def test_a_page_that_shows_no_text_is_refused_with_what_it_holds(body: str) -> None:
    with pytest.raises(Rejected, match="shows no text") as caught:
        read(page(body), None)
    assert caught.value.remedy
    if "<script" in body:
        assert "1 script, 1 style" in caught.value.detail


@pytest.mark.parametrize("content", [b"", b" ", b"<!-- x -->", b"\xef\xbb\xbf"])
def test_a_file_without_a_page_is_refused(content: bytes) -> None:
    with pytest.raises(Rejected, match=r"empty|no text"):
        read(content, None)


def test_too_many_tags_are_refused_before_they_are_parsed() -> None:
    with pytest.raises(Rejected, match="tags"):
        read(page("<b>" * (MAX_TAGS + 1)), None)


def test_deep_nesting_is_refused_and_less_deep_nesting_read() -> None:
    with pytest.raises(Rejected, match="nested"):
        read(page("<div>" * 100_000 + FIRST), None)
    assert FIRST in read(page("<div>" * (MAX_DEPTH - 100) + f"<p>{FIRST}</p>"), None).text
