"""RSS and Atom files: an entry is an article; told by their root element when called .xml."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qa_service.errors import Rejected
from qa_service.readers import Source, list_files
from qa_service.readers.feed_entries import parse
from qa_service.readers.feeds import is_feed
from qa_service.text.extract import extract
from qa_service.types import Submission

pytest.importorskip("feedparser")
RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>某网</title>
<item><guid>g1</guid><title>通告</title><link>https://a.example/1</link><author>张三</author>
<pubDate>Fri, 05 Mar 2021 10:20:00 +0800</pubDate><description>摘要</description>
<content:encoded><![CDATA[<p>市图书馆每周一闭馆。</p><script>x()</script><p>节假日另行通知。</p>]]></content:encoded></item>
<item><link>https://a.example/2</link><description>&lt;p&gt;只有摘要。&lt;/p&gt;</description></item>
<item><guid>g3</guid><title>只有题目</title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>某刊</title><entry><id>tag:1</id><title>题</title>
<link href="https://a.example/3"/><updated>2021-03-05T10:20:00Z</updated><author><name>李四</name></author>
<content type="text">正文是纯文本 a &lt; b。</content></entry></feed>"""


LAST = "节假日另行通知。"


def read(path: Path) -> list[Submission]:
    return list(Source(list_files([path])))


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312", "big5"])
def test_rss(tmp_path: Path, encoding: str) -> None:
    text = RSS.format(encoding=encoding)
    if encoding == "big5":
        text = text.translate(str.maketrans("图书馆闭张", "圖書館閉張"))
    file = tmp_path / "news.rss"
    file.write_bytes(text.encode(encoding, errors="xmlcharrefreplace"))
    first, second, third = read(file)
    assert (first.id, first.title, first.url, first.content_type) == ("g1", "通告", "https://a.example/1", "text/html")
    assert first.published_at == "2021-03-05T02:20:00+00:00"
    assert first.metadata["author"] in ("张三", "張三")
    assert first.metadata["site"] == "某网"
    article = extract(first.content, first.content_type, first.charset).text
    assert [line.strip() for line in article.splitlines()] == [text[text.index("市") : text.index("</p>")], LAST]
    assert second.id == "https://a.example/2"
    assert "只有摘要。" in second.content.decode()
    assert (third.id, third.rejection) == ("g3", f"{file}: entry 3: has neither content nor a summary")


def test_atom_called_xml(tmp_path: Path) -> None:
    file = tmp_path / "news.xml"
    file.write_text(ATOM, encoding="utf-8")
    (found,) = read(file)
    assert (found.id, found.title, found.content.decode()) == ("tag:1", "题", "正文是纯文本 a < b。")
    assert (found.content_type, found.published_at) == ("text/plain", "2021-03-05T10:20:00+00:00")
    assert found.metadata == {"author": "李四", "site": "某刊"}


@pytest.mark.parametrize(
    ("content", "feed"),
    [
        (b"<?xml version='1.0'?><!-- c --><rss version='2.0'>", True),
        (b"\xef\xbb\xbf<feed xmlns='x'>", True),
        (b"<rdf:RDF>", True),
        ("<rss>".encode("utf-16"), True),
        (b"<html><rss>", False),
        (b"<rssx>", False),
        (b"", False),
    ],
)
def test_feeds_are_told_by_their_root(tmp_path: Path, content: bytes, feed: bool) -> None:
    (tmp_path / "a.xml").write_bytes(content)
    assert is_feed(tmp_path / "a.xml") is feed
    assert not is_feed(tmp_path / "missing.xml")


def test_other_xml_is_an_article_of_its_type(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<data>1</data>")
    (found,) = read(tmp_path / "a.xml")
    assert (found.id, found.content_type, found.rejection) == ("a.xml", "application/xml", None)


@pytest.mark.parametrize("content", [b"", b"no feed", b"<rss><channel></channel></rss>", b"<rss" * 1000])
def test_what_is_no_feed_is_one_recorded_refusal(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.rss"
    file.write_bytes(content)
    (found,) = read(file)
    assert found.rejection is not None
    assert found.rejection.startswith(f"{file}: this is no RSS or Atom feed")


def test_a_feed_cut_off_keeps_its_whole_entries() -> None:
    cut = RSS.format(encoding="utf-8").encode()
    entries = parse(cut[: cut.index(b"<item><guid>g3")])["entries"]
    assert isinstance(entries, list)
    assert [entry["id"] for entry in entries] == ["g1", "https://a.example/2"]


def test_entities_are_not_expanded_without_bound(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE rss [<!ENTITY e0 "字">{levels}]><rss><channel><item><title>&e11;</title></item></channel></rss>'
    file = tmp_path / "bomb.rss"
    file.write_text(bomb, encoding="utf-8")
    found = read(file)
    assert all(len(item.title or "") < 100_000 for item in found)


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "feedparser", None)
    with pytest.raises(Rejected) as caught:
        parse(b"<rss/>")
    assert caught.value.remedy == "install qa-service[feeds]"
