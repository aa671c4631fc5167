"""Extraction: media types, their parameters, what a file is really, and what is refused."""

from __future__ import annotations

import pytest

from qa_service.errors import Rejected
from qa_service.media_types import DOCX, EPUB, PDF, media_type
from qa_service.text.extract import SUPPORTED_TYPES, Extracted, extract, with_extracted
from qa_service.types import Submission
from tests.unit import documents

TEXT = "社区服务中心：周一至周五开放。"
PAGE = f"<!DOCTYPE html><html><body><p>{TEXT}</p></body></html>"


@pytest.mark.parametrize("content_type", ["text/plain", "TEXT/Plain; charset=utf-8", "application/octet-stream", ""])
def test_text_is_taken_as_it_is(content_type: str) -> None:
    assert extract(("\ufeff" + TEXT + "\r\n").encode("utf-8"), content_type) == Extracted(TEXT + "\r\n", "utf-8")


def test_the_charset_parameter_is_used_and_an_explicit_one_wins() -> None:
    content = "简体".encode("gbk")
    assert extract(content, 'text/plain; charset="GBK"') == Extracted("简体", "gb18030")
    assert extract(content, "text/plain; charset=big5", "gbk") == Extracted("简体", "gb18030")


@pytest.mark.parametrize(
    "content_type", ["image/png", "application/xml", "garbage", "text/plain\r\nX: y", "a/b/c", "; charset=utf-8"]
)
def test_other_types_are_refused_and_the_taken_ones_named(content_type: str) -> None:
    with pytest.raises(Rejected) as caught:
        extract(TEXT.encode(), content_type)
    assert caught.value.field == "content_type"
    assert all(kind in (caught.value.remedy or "") for kind in SUPPORTED_TYPES)
    assert "\n" not in str(caught.value)


def test_a_feed_is_refused_as_one_article_with_the_way_to_read_it() -> None:
    with pytest.raises(Rejected, match="qa-service ingest"):
        extract(b"<rss/>", "application/rss+xml")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("dir.d/通知.TXT", "text/plain"),
        ("README", "text/plain"),
        ("C:\\files\\b.MD", "text/markdown"),
        ("c.markdown", "text/markdown"),
        ("page.html", "text/html"),
        ("page.HTM", "text/html"),
        ("paper.pdf", PDF),
        ("报告.docx", DOCX),
        ("book.epub", EPUB),
        ("news.rss", "application/rss+xml"),
        ("thing.unknown", "text/plain"),
        ("text.txt.gz", "text/plain"),
    ],
)
def test_a_file_name_tells_the_media_type(name: str, kind: str) -> None:
    assert media_type(name) == kind


@pytest.mark.parametrize("declared", ["text/plain", "text/html", DOCX, "image/png"])
def test_a_pdf_is_read_as_one_whatever_it_is_called(declared: str) -> None:
    found = extract(documents.pdf([[TEXT]]), declared)
    assert found.text == TEXT
    assert found.notes == (f"read as a PDF document, not as {declared}",)


def test_containers_are_told_by_what_is_in_them() -> None:
    assert extract(documents.docx(documents.paragraph(TEXT)), "text/plain").text == TEXT
    assert extract(documents.epub({"a.xhtml": PAGE}), "application/octet-stream").text == TEXT


@pytest.mark.parametrize("declared", [PDF, DOCX, EPUB])
@pytest.mark.parametrize("content", [PAGE.encode(), b"PK\x03\x04", b"", b"GIF89a"])
def test_what_is_called_a_binary_format_and_is_not_is_refused(declared: str, content: bytes) -> None:
    with pytest.raises(Rejected, match="though it is called one") as caught:
        extract(content, declared)
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(40), b"\xff\xd8\xff\xe0" + bytes(40), b"GIF89a..."])
@pytest.mark.parametrize("declared", ["text/plain", "text/html", "text/markdown"])
def test_an_image_called_text_is_refused_as_an_image(declared: str, content: bytes) -> None:
    with pytest.raises(Rejected, match="image, not text"):
        extract(content, declared)


def test_a_zip_of_files_is_refused() -> None:
    with pytest.raises(Rejected, match="ZIP archive"):
        extract(documents.archive({"a.txt": TEXT}), "text/plain")


@pytest.mark.parametrize("start", ["", "\ufeff", "\n <!-- saved -->\n", '<?xml version="1.0"?>'])
def test_an_html_document_in_a_text_file_is_read_as_one(start: str) -> None:
    found = extract((start + PAGE).encode(), "text/plain")
    assert found.text == TEXT
    assert "read as an HTML page, not as text/plain" in found.notes


def test_text_stays_text_when_its_sender_says_so_or_when_it_is_no_whole_document() -> None:
    assert extract(PAGE.encode(), "text/plain; charset=utf-8").text == PAGE
    assert extract(PAGE.encode(), "text/plain", "utf-8").text == PAGE
    for text in (f"<p>{TEXT}</p>", f"HTML 入门：<html> 是根元素。{TEXT}", "<htmlx>"):
        assert extract(text.encode(), "text/plain").text == text


def test_a_file_that_ends_inside_a_character_says_so() -> None:
    found = extract(("一二三" * 20).encode()[:-1], "text/plain")
    assert found.text == "一二三" * 19 + "一二"
    assert found.notes == ("the file ends inside a character; its last 2 bytes were dropped",)


def test_attributes_of_the_file_fill_in_only_what_the_sender_left_out() -> None:
    said = Extracted(
        TEXT, "utf-8", title="题", author="张三", site="某网", url="https://a.example/1", published_at="2021-03-05"
    )
    bare = with_extracted(Submission(b"x"), said)
    assert (bare.title, bare.url, bare.published_at) == ("题", "https://a.example/1", "2021-03-05")
    assert bare.metadata == {"author": "张三", "site": "某网"}
    given = Submission(b"x", title="", url="u", published_at="2020", metadata={"author": None, "k": 1})
    kept = with_extracted(given, said)
    assert (kept.title, kept.url, kept.published_at) == ("", "u", "2020")
    assert kept.metadata == {"author": None, "k": 1, "site": "某网"}
    assert with_extracted(given, Extracted(TEXT, "utf-8")) == given
