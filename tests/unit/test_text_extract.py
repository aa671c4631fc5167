"""Extraction: media types, their parameters, and what is refused."""

from __future__ import annotations

import pytest

from qa_service.errors import Rejected
from qa_service.text.extract import SUPPORTED_TYPES, Extracted, extract, media_type

TEXT = "社区服务中心：周一至周五开放。"


@pytest.mark.parametrize("content_type", ["text/plain", "TEXT/Plain; charset=utf-8", "text/markdown", ""])
def test_text_is_taken_as_it_is(content_type: str) -> None:
    assert extract(("\ufeff" + TEXT + "\r\n").encode("utf-8"), content_type) == Extracted(TEXT + "\r\n", "utf-8")


def test_the_charset_parameter_is_used_and_an_explicit_one_wins() -> None:
    content = "简体".encode("gbk")
    assert extract(content, 'text/plain; charset="GBK"') == Extracted("简体", "gb18030")
    assert extract(content, "text/plain; charset=big5", "gbk") == Extracted("简体", "gb18030")


@pytest.mark.parametrize(
    "content_type", ["application/pdf", "text/html", "garbage", "text/plain\r\nX: y", "a/b/c", "; charset=utf-8"]
)
def test_other_types_are_refused_and_the_taken_ones_named(content_type: str) -> None:
    with pytest.raises(Rejected) as caught:
        extract(TEXT.encode(), content_type)
    assert caught.value.field == "content_type"
    assert all(kind in (caught.value.remedy or "") for kind in SUPPORTED_TYPES)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("dir.d/通知.TXT", "text/plain"),
        ("README", "text/plain"),
        ("C:\\files\\b.MD", "text/markdown"),
        ("c.markdown", "text/markdown"),
        ("page.html", "text/html"),
        ("paper.pdf", "application/pdf"),
        ("thing.unknown", "application/octet-stream"),
        ("text.txt.gz", "application/octet-stream"),
    ],
)
def test_a_file_name_tells_the_media_type(name: str, kind: str) -> None:
    assert media_type(name) == kind
