"""Little that becomes much: packed pages, entities, nesting and names are refused, or cost no more than they bring."""

from __future__ import annotations

import json
import tracemalloc
import zlib

import pytest
from flask.testing import FlaskClient

from qa_service.errors import Rejected
from qa_service.http.failure import HttpProblem
from qa_service.http.strict_json import parse_object
from qa_service.media_types import DOCX, EPUB, HTML, MARKDOWN, PDF
from qa_service.text.extract import extract
from tests.unit.documents import W, archive, docx, epub, paragraph

ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a0 "字字字字字字字字字字">'
    + "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
    + "]>"
)


WORD = f'<w:document xmlns:w="{W}"><w:body>{paragraph("&a9;")}</w:body></w:document>'


def packed_pdf(data: bytes, times: int) -> bytes:
    """Write a PDF whose one page is packed several times over."""
    for _ in range(times):
        data = zlib.compress(data, 9)
    filters = "/FlateDecode " * times
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        f"<</Length {len(data)}/Filter[{filters}]>>stream\n".encode() + data + b"\nendstream",
    ]
    content = b"%PDF-1.5\n"
    for number, body in enumerate(objects, start=1):
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return content + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n0\n%%EOF\n"


@pytest.mark.parametrize("times", [1, 2])
def test_a_page_that_unpacks_to_half_a_gigabyte(times: int) -> None:
    bomb = packed_pdf(b"BT (a) Tj ET " + b" " * 500_000_000, times)
    assert len(bomb) < 600_000
    with pytest.raises(Rejected) as caught:
        extract(bomb, PDF)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (DOCX, archive({"[Content_Types].xml": "<Types/>", "word/document.xml": f"{ENTITIES}{WORD}"})),
        (EPUB, epub({"a.xhtml": f"{ENTITIES}<html><body><p>&a9;</p></body></html>"})),
        (HTML, f"{ENTITIES}<html><body><p>一句话。&a9;</p></body></html>".encode()),
    ],
)
def test_entities_are_not_multiplied(kind: str, content: bytes) -> None:
    try:
        found = extract(content, kind)
    except Rejected as error:
        assert error.remedy
    else:
        assert len(found.text) < 10_000


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (HTML, b"<div>" * 20_000 + "一句话。".encode()),
        (HTML, b"<table><tr><td>" * 5_000 + "一句话。".encode()),
        (MARKDOWN, b"> " * 20_000 + "一句话。".encode()),
        (MARKDOWN, b"[" * 50_000),
        (MARKDOWN, b"`" * 50_000 + b"a" + b"`" * 49_999),
        (MARKDOWN, b"*a_ " * 20_000),
        (DOCX, docx("<w:p>" * 5_000 + "</w:p>" * 5_000)),
    ],
)
def test_nesting_is_read_or_refused(kind: str, content: bytes) -> None:
    try:
        extract(content, kind)
    except Rejected as error:
        assert error.remedy


def test_a_long_name_costs_no_more_than_itself() -> None:
    name, values = "k" * 1_000_000, [1] * 2_000
    body = json.dumps({name: values, "pair": "\U0001f600"}).encode()
    assert b"\\ud83d" in body
    tracemalloc.start()
    try:
        assert parse_object(body) == {name: values, "pair": "\U0001f600"}
        assert tracemalloc.get_traced_memory()[1] < 20 * len(body)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"a": {"b": [0, {"c": "\\ud800"}]}}', "a.b[1].c"),
        (b'{"\\ud800": 1}', "body (a key)"),
        (b'{"a": {"\\udfff": 1}}', "a (a key)"),
    ],
)
def test_the_place_of_half_a_character_is_named(body: bytes, field: str) -> None:
    with pytest.raises(HttpProblem) as caught:
        parse_object(body)
    assert [one.field for one in caught.value.problems] == [field]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_packed_bodies_are_not_unpacked(client: FlaskClient, encoding: str) -> None:
    packed = zlib.compress(b'{"question": "' + b"a" * 10_000_000 + b'"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    assert client.post("/v1/ask", data=packed, headers=headers).status_code == 415
