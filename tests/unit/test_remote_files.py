"""Parquet files, and files at addresses that fsspec knows."""

from __future__ import annotations

import json
import pickle
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest

from qa_service.errors import BadInput, ConfigError, NotFound, Unavailable
from qa_service.readers import FoundFile, Source, list_files, place_of
from qa_service.readers.addresses import shown, without_secrets
from qa_service.types import Submission

ROWS = [
    {"id": "one", "title": "一", "text": "夜间门诊晚上八点开门。", "metadata": {"town": "临澜"}, "pages": 3},
    {"id": "two", "html": "<p>末班车是凌晨三点。</p>", "url": "https://example.org/2", "published_at": "2025-08-22"},
]


@pytest.fixture
def memory() -> Iterator[str]:
    """An object store that holds a few files below an address of its own."""
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/docs/a.txt", "第一篇。".encode())
    system.pipe("/bucket/docs/deep/b.md", "# 第二篇".encode())
    system.pipe("/bucket/docs/.hidden/c.txt", b"unseen")
    system.pipe("/bucket/docs/rows.jsonl", "\n".join(json.dumps(row) for row in ROWS).encode() + b"\n{\n")
    system.pipe("/bucket/docs/rows.csv", "id,text\nsix,第六篇。\n".encode("gb18030"))
    yield "memory://bucket/docs"
    system.rm("/bucket", recursive=True)


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


def read(*given: str | Path) -> list[Submission]:
    return list(Source(list_files([place_of(one) for one in given])))


def test_parquet_rows_are_what_json_lines_make_of_them(tmp_path: Path) -> None:
    lines = tmp_path / "rows.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    columns = dict.fromkeys(key for row in ROWS for key in row)
    table = written(tmp_path / "rows.parquet", [{key: row.get(key) for key in columns} for row in ROWS])
    assert read(table) == read(lines)
    assert Source(list_files([table])).total() == 2


def test_parquet_values_become_those_of_json(tmp_path: Path) -> None:
    row: dict[str, object] = {
        "id": 7,
        "text": "正文。",
        "published_at": date(2025, 8, 22),
        "metadata": '{"a": [1, null]}',
    }
    row |= {"seen": datetime(2025, 8, 22, 7, 30), "share": float("nan"), "raw": b"\0", "tags": ["x", "y"]}
    (found,) = read(written(tmp_path / "rows.parquet", [row]))
    assert (found.id, found.published_at) == ("7", "2025-08-22")
    assert found.metadata == {"a": [1, None], "seen": "2025-08-22T07:30:00", "tags": ["x", "y"]}


def test_bad_parquet_is_refused_by_row_and_by_file(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "好。", "metadata": "{"}, {"id": "b", "text": None, "metadata": None}]
    reasons = [item.rejection or "" for item in read(written(tmp_path / "rows.parquet", rows))]
    assert "row 1: metadata: not JSON" in reasons[0] and "row 2: needs exactly one of text" in reasons[1]
    (no_body,) = read(written(tmp_path / "other.parquet", [{"id": "a", "body": "好。"}]))
    assert "needs a column text, html or content_base64; it has id, body" in (no_body.rejection or "")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 this is none")
    source = Source(list_files([broken]))
    (item,) = source
    assert item.rejection is not None and source.unreadable == [item.rejection]


def test_values_that_python_cannot_have_are_rejected_by_their_rows(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    columns = {"id": ["a", "b", "c"], "text": ["一。", "二。", "三。"]}
    far = pa.array([0, 400_000 * 366 * 86_400_000, 86_400_000], pa.timestamp("ms"))
    parquet.write_table(pa.table({**columns, "seen": far}), tmp_path / "far.parquet")
    first, second, third = read(tmp_path / "far.parquet")
    assert first.metadata == {"seen": "1970-01-01T00:00:00"} and third.rejection is None
    assert second.id == "b" and "far.parquet: row 2: seen: cannot be read: OverflowError" in (second.rejection or "")
    zone = pa.array([0] * 3, pa.timestamp("ms", tz="Mars/Base"))
    parquet.write_table(pa.table({**columns, "seen": zone}), tmp_path / "zone.parquet")
    reasons = [item.rejection or "" for item in read(tmp_path / "zone.parquet")]
    assert [f"row {row}: seen: cannot be read" in reason for row, reason in enumerate(reasons, 1)] == [True] * 3
    assert "Mars/Base" in reasons[0]


def test_bytes_and_uuids_are_strings_or_refused(tmp_path: Path) -> None:
    uuid = UUID(int=7)
    page = "<meta charset=gb18030><p>末班车是凌晨三点。</p>".encode("gb18030")
    row = {"text": "正文。".encode(), "metadata": b'{"a": 1}', "other": uuid.bytes}
    rows: list[dict[str, object]] = [
        {"id": "甲".encode(), "title": b"\xff", **row},
        {"id": "乙".encode(), "title": None, **row},
        {"id": b"\xff\xfe", "text": "正文。".encode()},
    ]
    titled, plain, odd = read(written(tmp_path / "rows.parquet", rows))
    assert titled.id == "甲" and "row 1: title: must be a string, not bytes" in (titled.rejection or "")
    assert (plain.id, plain.content.decode(), plain.metadata) == ("乙", "正文。", {"a": 1})
    assert odd.id is None and "row 3: id: must be a string, not bytes" in (odd.rejection or "")
    (html,) = read(written(tmp_path / "html.parquet", [{"id": uuid, "html": page, "part": uuid}]))
    assert (html.id, html.content, html.charset) == (str(uuid), page, None) and html.metadata == {"part": str(uuid)}
    (late,) = read(written(tmp_path / "late.parquet", [{"id": timedelta(1), "text": "正文。"}]))
    assert "id: must be a string, not timedelta" in (late.rejection or "")


def test_without_pyarrow_the_reason_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (item,) = read(path)
    assert "pip install 'qa-service[ray]'" in (item.rejection or "")


def test_a_store_is_read_as_a_directory_is(memory: str) -> None:
    found = {item.id or item.rejection: item for item in read(memory)}
    bad = "memory://bucket/docs/rows.jsonl:3: not JSON"
    assert [key if key in found else "?" for key in ("a.txt", "b.md", "six", "one", "two")].count("?") == 0
    assert len(found) == 6 and any((key or "").startswith(bad) for key in found)
    assert found["a.txt"].content.decode() == "第一篇。" and found["b.md"].content_type == "text/markdown"
    assert found["six"].content.decode() == "第六篇。"


def test_ids_from_addresses(memory: str) -> None:
    listing = list_files([place_of(f"{memory}/deep/b.md")], "path")
    assert [file.article_id for file in listing.files] == ["memory://bucket/docs/deep/b.md"]


class Pages(BaseHTTPRequestHandler):
    """Rows at one address, an article at another, and refusals."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        found = {"/rows.jsonl": json.dumps(ROWS[0]).encode() + b"\n{\n", "/a.txt": "第一篇。".encode()}
        if path not in found:
            self.send_error(403 if path == "/closed.txt" else 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(found[path])))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else found[path])

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[str]:
    """A web server; its address, with a user and a password."""
    for name in ("fsspec", "aiohttp"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://user:geheim@127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_query_is_not_a_part_of_a_name_and_no_secret_is_told(web: str) -> None:
    place = web.replace("user:geheim@", "")
    row, broken = read(f"{web}/rows.jsonl?X-Amz-Signature=SECRET")
    assert (row.id, row.content.decode()) == ("one", "夜间门诊晚上八点开门。")
    assert (broken.rejection or "").startswith(f"{place}/rows.jsonl:2: not JSON")
    given = place_of(f"{web}/a.txt?X-Amz-Signature=SECRET#top")
    assert [item.id for item in Source(list_files([given]))] == ["a.txt"]
    assert [item.id for item in Source(list_files([given], "path"))] == [f"{place}/a.txt"]
    assert "SECRET" not in repr(given) + str(given) and "geheim" not in repr(given)
    assert pickle.loads(pickle.dumps(given)) == given
    # Two versions of one file are not one file.
    with pytest.raises(BadInput, match="one after the other"):
        list_files([given, place_of(f"{web}/a.txt?version=2")], "path")


def test_servers_that_refuse_or_cannot_be_reached(web: str) -> None:
    for path, kind, words in (
        ("/none.txt?SECRET", NotFound, "there is nothing"),
        ("/closed.txt?SECRET", BadInput, "cannot be read: 403"),
        ("/folder/?SECRET", BadInput, "over HTTP there are no directories"),
        ("", BadInput, "over HTTP there are no directories"),
    ):
        with pytest.raises(kind, match=words) as caught:
            read(web + path)
        assert "SECRET" not in str(caught.value) and "geheim" not in str(caught.value)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match=r"a\.txt: cannot be reached: .*127\.0\.0\.1") as away:
            read(f"http://user:geheim@127.0.0.1:{free.getsockname()[1]}/a.txt?SECRET")
    assert "SECRET" not in str(away.value) and "geheim" not in str(away.value)


def test_what_goes_away_while_it_is_read_is_told_without_secrets(web: str) -> None:
    listing = list_files([place_of(f"{web}/a.txt?SECRET")])
    (gone,) = Source(replace(listing, files=(FoundFile(place_of(f"{web}/b.txt?SECRET"), "article", "b.txt"),)))
    assert "b.txt: cannot be read: No such file" in (gone.rejection or "")
    assert "SECRET" not in (gone.rejection or "") and "geheim" not in (gone.rejection or "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://user:ge/heim@host/a.txt", "http://***/host/a.txt"),
        ("http://user:12/34@host/a.txt", "http://***/host/a.txt"),
        ("http://user:p@ss/heim@host/a.txt", "http://***/host/a.txt"),
        ("http://user:ge?heim@host/a.txt", "http://***/"),
        ("http://user:p@ss@host/a.txt", "http://host/a.txt"),
        ("http://host/@me/a.txt", "http://host/@me/a.txt"),
        ("http://[::1]:80/me/a.txt", "http://[::1]:80/me/a.txt"),
        ("http://host:80/a.txt?to=me@host", "http://host:80/a.txt"),
        ("sftp://user:geheim@host/what?.txt", "sftp://host/what?.txt"),
        ("abfs://container@account.example/a.txt", "abfs://container@account.example/a.txt"),
    ],
)
def test_how_addresses_are_shown(given: str, expected: str) -> None:
    assert shown(given) == expected
    assert without_secrets(f"Error({given!r})", given) == f"Error({expected!r})"


def test_a_file_address_is_that_file(tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    (tmp_path / "a.txt").write_text("第一篇。", encoding="utf-8")
    rows = written(tmp_path / "rows.parquet", [{"id": "a", "text": "好。"}])
    assert read(f"file://{tmp_path}/a.txt") == read(tmp_path / "a.txt")
    assert read(f"file://{rows}") == read(rows)


def test_addresses_that_lead_nowhere(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="memory://bucket/none"):
        read("memory://bucket/none")
    with pytest.raises(BadInput, match="nosuchscheme"):
        read("nosuchscheme://bucket/a")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigError, match=r"qa-service\[ray\]"):
        read(memory)
