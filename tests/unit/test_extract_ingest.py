"""Files of every format through the whole write path: found, shown with their attributes, refused one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_service.engine import Engine
from qa_service.readers import Source, list_files
from qa_service.types import Ask
from tests.unit.documents import docx, epub, paragraph, pdf

PAGE = """<html><head><title>公园通告</title><meta name=author content=张三>
<link rel=canonical href="https://park.example/1"></head><body><ul><li><a href=/>首页</a></li></ul>
<div>发布时间：2021年3月5日 浏览：9</div><div id=content><p>青河公园每天早上六点开门，晚上十点关门，请勿逗留。</p>
<p>公园里禁止放风筝，也禁止遛狗，违者罚款一百元，请大家自觉遵守，共同维护公园环境。</p></div></body></html>"""
FEED = """<rss><channel><title>医院</title><item><guid>news-7</guid><title>院长</title>
<description>&lt;p&gt;第二社区医院的院长是林月华。&lt;/p&gt;</description></item></channel></rss>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def write_all(folder: Path) -> None:
    (folder / "park.html").write_text(PAGE, encoding="gbk")
    (folder / "feed.xml").write_text(FEED, encoding="utf-8")
    (folder / "bus.pdf").write_bytes(pdf([["夜班车七路二十三点四十分发车。"]]))
    (folder / "cinema.docx").write_bytes(docx(paragraph("电影院的票价是四十元。")))
    (folder / "book.epub").write_bytes(epub({"a.xhtml": "<html><body><p>图书馆一共有三层楼。</p></body></html>"}))
    (folder / "market.md").write_text("# 市场\n\n- **菜市场**在[河边](http://x)。\n", encoding="utf-8")
    (folder / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    (folder / "empty.html").write_text("<script>x</script>")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")


def test_a_folder_of_formats(engine: Engine, folder: Path) -> None:
    write_all(folder)
    outcomes = {item.id: item for item in engine.ingest(Source(list_files([folder])))}
    refused = {name: item.reason or "" for name, item in outcomes.items() if item.outcome == "rejected"}
    assert set(refused) == {"photo.txt", "empty.html", "broken.pdf"}, refused
    assert "PNG image" in refused["photo.txt"]
    assert "shows no text" in refused["empty.html"]
    assert "cut off or damaged" in refused["broken.pdf"]
    assert {item.outcome for name, item in outcomes.items() if name not in refused} == {"created"}
    answers = {
        "第二社区医院的院长是谁": ("news-7", "第二社区医院的院长是林月华。"),
        "夜班车几点发车": ("bus.pdf", "夜班车七路二十三点四十分发车。"),
        "电影院的票价": ("cinema.docx", "电影院的票价是四十元。"),
        "图书馆有几层楼": ("book.epub", "图书馆一共有三层楼。"),
        "菜市场在哪里": ("market.md", "菜市场在河边。"),
    }
    for question, (article_id, text) in answers.items():
        first = engine.ask(Ask(question)).passages[0]
        assert (first.article_id, first.text[-len(text) :]) == (article_id, text)
        assert engine.article("default", article_id).text[first.start : first.end] == first.text


def test_a_page_fills_in_its_attributes_and_is_unchanged_the_next_time(engine: Engine, folder: Path) -> None:
    (folder / "park.html").write_text(PAGE, encoding="gbk")
    assert [item.outcome for item in engine.ingest(Source(list_files([folder])))] == ["created"]
    summary = engine.article("default", "park.html").summary
    assert (summary.title, summary.url, summary.published_at) == ("公园通告", "https://park.example/1", "2021-03-05")
    assert (summary.metadata["author"], summary.encoding) == ("张三", "gb18030")
    assert "首页" not in engine.article("default", "park.html").text
    assert [item.outcome for item in engine.ingest(Source(list_files([folder])))] == ["unchanged"]
