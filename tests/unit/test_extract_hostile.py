"""Hostile, cut and random files of every format, through the whole of `extract`: a text or a recorded refusal."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.errors import Rejected
from qa_service.media_types import DOCX, EPUB, HTML, MARKDOWN, PDF, RSS, TEXT
from qa_service.text.extract import SUPPORTED_TYPES, Extracted, extract
from tests.unit.documents import archive, docx, epub, paragraph, pdf

TEXT_LINE = "市图书馆每周一闭馆，节假日另行通知，请读者提前安排好时间，以免白跑一趟，敬请谅解。"
PAGE = f"<!DOCTYPE html><html><head><meta charset=gbk><title>题</title></head><body><p>{TEXT_LINE}</p></body></html>"
FILES: Mapping[str, bytes] = {
    TEXT: TEXT_LINE.encode("gbk"),
    MARKDOWN: f"---\ntitle: 题\n---\n# 大\n\n- {TEXT_LINE}\n\n| a |\n|---|\n| b |\n".encode(),
    HTML: PAGE.encode("gbk"),
    PDF: pdf([[TEXT_LINE], [TEXT_LINE]], info="题"),
    DOCX: docx(paragraph(TEXT_LINE) * 3),
    EPUB: epub({"a.xhtml": PAGE.replace("gbk", "utf-8")}),
}

TAGS = ("p", "div", "br", "table", "tr", "td", "a", "script", "style", "svg", "pre", "html", "body", "head", "frameset")
PIECES = [f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS] + ["字", "一句话。", "&#0;", "<!--", "<![CDATA["]


def outcome(content: bytes, kind: str) -> Extracted | None:
    """Extract; None for a refusal, which must say what to do."""
    try:
        found = extract(content, kind)
    except Rejected as error:
        assert error.detail
        assert error.remedy
        assert "\n" not in str(error)
        return None
    assert found.text.encode("utf-8").decode("utf-8") == found.text
    return found


@pytest.mark.parametrize("kind", FILES)
def test_the_whole_file_is_read(kind: str) -> None:
    found = outcome(FILES[kind], kind)
    assert found is not None
    assert TEXT_LINE in found.text


@pytest.mark.parametrize("kind", FILES)
def test_cut_at_many_places(kind: str) -> None:
    content = FILES[kind]
    for end in range(0, len(content), max(1, len(content) // 60)):
        outcome(content[:end], kind)


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted(FILES)), place=st.floats(0, 1), new=st.binary(min_size=1, max_size=20))
def test_overwritten_at_any_place(kind: str, place: float, new: bytes) -> None:
    content = FILES[kind]
    start = int(place * len(content))
    outcome(content[:start] + new + content[start + len(new) :], kind)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([*SUPPORTED_TYPES, "application/octet-stream", "x/y", RSS]),
    start=st.sampled_from(
        [b"", b"%PDF-1.5\n", b"PK\x03\x04", b"<html>", b"\xef\xbb\xbf", b"\xff\xfe", b"---\n", b"<!--"]
    ),
    rest=st.binary(max_size=300),
)
def test_random_bytes(kind: str, start: bytes, rest: bytes) -> None:
    outcome(start + rest, kind)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_tags(parts: list[str]) -> None:
    outcome("".join(parts).encode(), HTML)


HOSTILE = {
    "50 MB of tags": (HTML, b"<b>" * 16_000_000, "bytes are more than"),
    "half a million tags": (HTML, b"<b>" * 500_000, "tags"),
    "100,000 levels": (HTML, b"<div>" * 100_000 + b"text", "nested"),
    "100,000 levels of quotes": (MARKDOWN, b">" * 100_000 + b"text", None),
    "scripts and styles only": (HTML, b"<script>var a='text'</script><style>p{}</style>", "shows no text"),
    "a bomb as DOCX": (DOCX, docx(paragraph("字" * 5_000_000)), "bomb"),
    "a bomb as EPUB": (EPUB, epub({"a.xhtml": "字" * 5_000_000}), "bomb"),
    "an encrypted PDF": (PDF, pdf([[TEXT_LINE]], encrypted=True), "encrypted"),
    "a PDF of images": (PDF, pdf([[]]), "OCR"),
    "half a PDF": (PDF, FILES[PDF][: len(FILES[PDF]) // 2], "cut off"),
    "half a DOCX": (DOCX, FILES[DOCX][: len(FILES[DOCX]) // 2], "cut off"),
    "a PDF that is a page": (PDF, PAGE.encode(), "though it is called one"),
    "an image as text": (TEXT, b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "PNG image"),
    "an archive of articles": (TEXT, archive({"a.txt": TEXT_LINE, "b.zip": archive({"c.txt": "d"})}), "ZIP archive"),
    "an empty DOCX": (DOCX, docx(""), "without any text"),
    "empty Markdown": (MARKDOWN, b"\n\n", "without any text"),
    "5,000 attributes": (HTML, b"<p " + b" ".join(b"a%d=b" % n for n in range(5_000)) + b">text", None),
    "8 MB of white space": (HTML, b"<p>text" + b" " * 8_000_000 + b"</p>", None),
}


@pytest.mark.parametrize(("kind", "content", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile(kind: str, content: bytes, reason: str | None) -> None:
    if reason is None:
        outcome(content, kind)
        return
    with pytest.raises(Rejected, match=reason) as caught:
        extract(content, kind)
    assert caught.value.remedy


def test_a_bad_file_among_good_ones_stops_nothing() -> None:
    kinds = [kind for kind in FILES for _ in range(2)]
    found = [outcome(FILES[kind][:: 1 + number % 2], kind) for number, kind in enumerate(kinds)]
    assert all(each is not None for each in found[::2])
