"""Files, directories and rows become submissions, or recorded refusals."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from qa_service.errors import BadInput, NotFound
from qa_service.readers import Source, list_files
from qa_service.readers import formats as formats_module
from qa_service.types import Submission


def read(path: Path, **options: object) -> list[Submission]:
    return list(Source(list_files([path], **options)))  # type: ignore[arg-type]


def rejections(path: Path) -> list[str]:
    found = read(path)
    assert all(item.rejection for item in found), found
    return [item.rejection or "" for item in found]


def write_lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_directory_is_recursive_sorted_and_skips_hidden(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", ".hidden.txt", "sub/c.HTML", "sub/d.md", "sub/.git/config", "sub/.x/y.txt"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    found = read(tmp_path)
    assert [(item.id, item.content_type) for item in found] == [
        ("a.txt", "text/plain"),
        ("b.txt", "text/plain"),
        ("c.HTML", "text/html"),
        ("d.md", "text/markdown"),
    ]
    assert found[0].content == b"a.txt"
    assert found[0].charset is None


def test_named_hidden_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".note").write_text("text")
    assert [item.id for item in read(tmp_path / ".note")] == [".note"]


def test_bytes_are_kept_with_mark_and_line_ends(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbfone\r\ntwo\n"
    (tmp_path / "a.txt").write_bytes(raw)
    assert read(tmp_path)[0].content == raw


def test_one_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    assert len(list(Source(list_files([tmp_path, tmp_path / "a.txt", tmp_path])))) == 1


def test_two_files_of_one_name_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(folder)
    with pytest.raises(BadInput, match="--id-from path") as caught:
        list_files([tmp_path])
    assert str(tmp_path / "x" / "a.txt") in str(caught.value)


def test_id_from_path_is_the_path_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("docs/x", "docs/y"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.txt").write_text(folder)
    monkeypatch.chdir(tmp_path)
    assert [item.id for item in read(Path("./docs/"), id_from="path")] == ["docs/x/a.txt", "docs/y/a.txt"]


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        list_files([tmp_path / "nowhere"])


def test_directory_without_files(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("x")
    with pytest.raises(BadInput, match="holds no files"):
        list_files([tmp_path])


def test_directory_of_refused_entries_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match=r"no readable files.*not a regular file"):
        list_files([tmp_path])


def test_special_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="neither a file nor a directory"):
        list_files([tmp_path / "pipe"])


def test_links_out_of_the_tree_are_refused_and_links_within_are_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("outside")
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "b.txt").write_text("inside")
    (root / "in.txt").symlink_to(root / "sub" / "b.txt")
    (root / "loop").symlink_to(root)
    (root / "out.txt").symlink_to(tmp_path / "secret.txt")
    (root / "gone.txt").symlink_to(root / "missing")
    found = {item.id: item for item in read(root)}
    assert set(found) == {"b.txt", "in.txt", "out.txt", "gone.txt"}
    assert found["in.txt"].content == b"inside"
    assert "out of the directory" in (found["out.txt"].rejection or "")
    assert found["out.txt"].content == b""
    assert "leads nowhere" in (found["gone.txt"].rejection or "")


def test_unlistable_directory_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "locked").mkdir()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    source = Source(list_files([tmp_path]))
    assert [item.id for item in source] == ["a.txt"]
    assert source.unreadable == [f"{tmp_path / 'locked'}: Permission denied"]


def test_file_that_vanishes_is_a_rejection(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("x")
    source = Source(list_files([tmp_path]))
    (tmp_path / "a.txt").unlink()
    found = list(source)
    assert [bool(item.rejection) for item in found] == [True, False]
    assert found[0].id == "a.txt"
    assert len(source.unreadable) == 1


def test_file_over_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("12345")
    (taken,) = Source(list_files([tmp_path]), max_file_bytes=5)
    (refused,) = Source(list_files([tmp_path]), max_file_bytes=4)
    assert taken.rejection is None
    assert "larger than 4 bytes" in (refused.rejection or "")


def test_jsonl_rows(tmp_path: Path) -> None:
    row = {
        "id": "x/1",
        "title": "标题",
        "text": "正文\r\n第二行",
        "url": "u",
        "published_at": "2024-01-02",
        "metadata": {"k": [1]},
        "source": "crawl",
    }
    path = write_lines(
        tmp_path / "rows.jsonl",
        row,
        {"html": "<p>hi</p>"},
        {"content_base64": base64.b64encode(b"\x00pdf").decode(), "content_type": "application/pdf", "id": 7},
    )
    first, second, third = read(path)
    assert first == Submission(
        "正文\r\n第二行".encode(),
        id="x/1",
        content_type="text/plain",
        charset="utf-8",
        title="标题",
        url="u",
        published_at="2024-01-02",
        metadata={"source": "crawl", "k": [1]},
    )
    assert (second.id, second.content, second.content_type) == (None, b"<p>hi</p>", "text/html")
    assert (third.id, third.content, third.content_type, third.charset) == ("7", b"\x00pdf", "application/pdf", None)


def test_jsonl_with_mark_crlf_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "a"}\r\n\r\n  \n{"text": "b"}')
    assert [item.content for item in read(path)] == [b"a", b"b"]
    assert Source(list_files([path])).total() == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "must be a JSON object"),
        (b'{"text": "a"', "not JSON"),
        (b'{"text": NaN}', "NaN is no JSON number"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff{}", "not UTF-8 at byte 0"),
        (b"{}", "exactly one of text, html, content_base64; has none"),
        (b'{"text": "a", "html": "b"}', "has text and html"),
        (b'{"text": 3}', "text: must be a string, not a number"),
        (b'{"text": "a", "id": 1.5}', "id: must be a string, not a number"),
        (b'{"text": "a", "id": true}', "id: must be a string, not a boolean"),
        (b'{"text": "a", "title": ["x"]}', "title: must be a string, not a list"),
        (b'{"text": "a", "metadata": "x"}', "metadata: must be an object, not a string"),
        (b'{"text": "a\\ud800"}', "text: holds half a surrogate pair"),
        (b'{"content_base64": "YQ=="}', "content_type: is needed"),
        (b'{"content_base64": "Y*", "content_type": "text/plain"}', "content_base64: is not base64"),
    ],
)
def test_bad_row_names_its_line_and_others_are_read(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"text": "good", "id": "1"}\n' + line + b'\n{"text": "good", "id": "2"}\n')
    first, bad, last = read(path)
    assert (first.id, last.id) == ("1", "2")
    assert (bad.rejection or "").startswith(f"{path}:2: ")
    assert reason in (bad.rejection or "")


def test_bad_row_keeps_its_id_and_one_without_is_unreadable(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "rows.jsonl", {"id": "known", "text": 1}, {"id": [], "text": "x"})
    source = Source(list_files([path]))
    assert [item.id for item in source] == ["known", None]
    assert len(source.unreadable) == 1
    assert source.unreadable[0].startswith(f"{path}:2: id")


def test_endless_line_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats_module, "MAX_ROW_BYTES", 40)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"text": "' + b"x" * 500 + b'"}\n{"text": "b"}\n')
    long, short = read(path)
    assert "longer than 40 bytes" in (long.rejection or "")
    assert short.content == b"b"


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"articles": rows, "version": 1}])
def test_json_list(tmp_path: Path, wrap: object) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(wrap([{"text": "a", "id": "1"}, {"id": "2"}])), encoding="utf-8-sig")  # type: ignore[operator]
    good, bad = read(path)
    assert good.content == b"a"
    assert (bad.rejection or "").startswith(f"{path}: articles[1]: needs exactly one")
    assert Source(list_files([path])).total() is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{}", "must be a list of articles"),
        (b"3", "must be a list of articles"),
        (b'[\n{"text": }]', "not JSON: Expecting value at line 2 column 10"),
        (b"[\xff]", "not UTF-8"),
        (b"", "not JSON"),
    ],
)
def test_bad_json_file(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(content)
    assert len(rejections(path)) == 1
    assert reason in rejections(path)[0]


def test_json_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats_module, "MAX_JSON_BYTES", 3)
    path = tmp_path / "rows.json"
    path.write_text("[{}]")
    assert "JSON Lines has no such limit" in rejections(path)[0]


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(
        "\ufeffid,text,area,metadata,title\r\n"
        '1,"line one\nline ""two""",north,"{""k"": 1}",\r\n'
        "\r\n"
        ",plain,,,T\r\n".encode()
    )
    first, second = read(path)
    assert (first.id, first.content, first.title) == ("1", b'line one\nline "two"', None)
    assert first.metadata == {"area": "north", "k": 1}
    assert (second.id, second.content, second.title, second.metadata) == (None, b"plain", "T", {})


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_csv_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("id,text\n1,疫苗接种安排\n".encode(encoding))
    assert [item.content.decode() for item in read(path)] == ["疫苗接种安排"]


def test_csv_encoding_is_judged_with_a_character_cut_by_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats_module, "_SAMPLE_BYTES", 10)
    path = tmp_path / "rows.csv"
    path.write_text("id,text\n1疫,苗\n", encoding="utf-8")
    assert [(item.id, item.content.decode()) for item in read(path)] == [("1疫", "苗")]


def test_csv_bad_rows_name_their_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b'id,text,metadata\n1,"two\nlines",\n2,x\n3,x,{\n4,a\xffb,\n5,good,\n')
    found = read(path)
    assert [item.id for item in found] == ["1", "2", "3", "4", "5"]
    assert [bool(item.rejection) for item in found] == [False, True, True, True, False]
    reasons = [item.rejection or "" for item in found]
    assert reasons[1] == f"{path}:4: has 2 cells where the header has 3"
    assert reasons[2].startswith(f"{path}:5: metadata: not JSON")
    assert reasons[3].startswith(f"{path}:6: text: holds")


def test_csv_with_an_open_quote_stops_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('id,text\n1,a\n2,"never closed\n3,b\n')
    good, bad = read(path)
    assert good.id == "1"
    assert (bad.rejection or "").startswith(f"{path}:3: not CSV")
    assert "the rest of the file was not read" in (bad.rejection or "")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("id,body", "needs a column text"),
        ("", "it has nothing"),
        ("text,text", "distinct names"),
        ("text,", "distinct"),
    ],
)
def test_csv_header(tmp_path: Path, header: str, reason: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(header + "\n1,2\n")
    assert reason in rejections(path)[0]


def test_total_counts_files_rows_and_refusals(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    write_lines(tmp_path / "b.jsonl", {"text": "1"}, {"text": "2"}, {})
    (tmp_path / "c").symlink_to("/nowhere/at/all")
    source = Source(list_files([tmp_path]))
    assert source.total() == 5
    assert len(list(source)) == 5
