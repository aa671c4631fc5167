"""`qa-service articles` and `collections`, `check` and `rebuild`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner


@pytest.fixture
def filled(run: Runner, tmp_path: Path) -> Runner:
    path = tmp_path / "rows.jsonl"
    rows = [
        {
            "id": "a/1",
            "text": "第一篇。\n第二行\x1b。",
            "title": "标题",
            "published_at": "2024-01-02",
            "url": "http://e.org",
        },
        {"id": "b", "text": "第二篇。", "metadata": {"area": "north"}},
        {"id": "c", "text": "第三篇。"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("ingest", path).code == 0
    return run


def test_list_needs_no_model_and_pages(filled: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("qa_service.assembly.load_encoder")
    ran = filled("articles", "list", "--limit", "2")
    header, first, second, more = ran.out.splitlines()
    assert header.split() == ["id", "title", "published", "characters", "passages"]
    assert first.split() == ["a/1", "标题", "2024-01-02", "10", "1"]
    assert second.split() == ["b", "4", "1"]
    rest = filled("articles", "list", "--limit", "2", "--cursor", more.removeprefix("more: --cursor "))
    assert [line.split()[0] for line in rest.out.splitlines()] == ["id", "c"]


def test_show(filled: Runner) -> None:
    out = filled("articles", "show", "a/1").out
    for line in ("id: a/1", "title: 标题", "url: http://e.org", "published: 2024-01-02", "passages: 0-10"):
        assert line in out.splitlines()
    assert out.endswith("\n\n第一篇。\n第二行\\x1b。\n")
    assert "metadata area: north" in filled("articles", "show", "b").out


def test_delete(filled: Runner) -> None:
    assert filled("articles", "delete", "a/1", "c").out == "deleted a/1\ndeleted c\n"
    assert filled.ids() == ["b"]
    assert filled.failed("articles", "delete", "a/1").code == 2


@pytest.mark.parametrize("command", [["show", "x"], ["delete", "x"], ["list", "--collection", "nowhere"]])
def test_unknown(filled: Runner, command: list[str]) -> None:
    assert filled.failed("articles", *command).code == 2


def test_collections(filled: Runner, docs: Path) -> None:
    filled("ingest", docs, "--collection", "other")
    listed = [line.split()[:3] for line in filled("collections", "list").out.splitlines()]
    assert listed == [["name", "articles", "passages"], ["default", "3", "3"], ["other", "2", "2"]]
    assert filled("collections", "delete", "other").out == "deleted other\n"
    assert "other" not in filled("collections", "list").out
    assert filled.failed("collections", "delete", "other").code == 2


def test_deleting_on_a_terminal_asks(filled: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    assert filled("collections", "delete", "default").code == 130
    assert len(filled.ids()) == 3
    assert filled("collections", "delete", "default", "--yes").code == 0
    assert filled.ids() == []


def test_listing_nothing(run: Runner) -> None:
    assert run("collections", "list").out == "no collections\n"
    with run.engine():
        pass
    assert run("articles", "list").out == "no articles\n"


def test_check_finds_nothing_and_something(filled: Runner) -> None:
    good = filled("check")
    assert (good.code, good.out) == (0, "all is well\n")
    for segment in (filled.data / "vectors").iterdir():
        content = bytearray(segment.read_bytes())
        content[len(content) // 2] ^= 0xFF
        segment.write_bytes(content)
    bad = filled("check")
    assert bad.code == 1
    assert "found" in bad.out.splitlines()[-1]


def test_rebuild_takes_over_another_model(filled: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    from embeddings.toy import ToyEncoder

    other = ToyEncoder(name="another")
    monkeypatch.setattr("qa_service.assembly.load_encoder", lambda *_: other)
    refused = filled.failed("ask", "第一篇")
    assert refused.code == 1
    assert "qa-service rebuild" in refused.err
    ran = filled("rebuild")
    assert ran.code == 0
    assert ran.out.startswith("rebuilt in ")
    assert "a/1" in filled("ask", "第一篇").out
    assert filled("check").code == 0


def test_compact_erases_what_was_deleted(filled: Runner) -> None:
    doomed = filled.ids()[0]
    with filled.engine() as engine:
        secret = engine.article("default", doomed).text.encode()
        engine.delete_article("default", doomed)
    ran = filled("compact", "--erase")
    assert ran.code == 0
    assert ran.out.startswith("erased in ")
    assert not any(secret in path.read_bytes() for path in filled.data.rglob("*") if path.is_file())
    assert filled("check").out == "all is well\n"
    assert filled("compact").out.startswith("compacted in ")
