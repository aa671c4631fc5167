"""`qa-service ingest`: what it takes, what it reports, what it prunes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner


def rows(path: Path, *items: object) -> Path:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), encoding="utf-8")
    return path


def test_summary_and_unchanged_articles_encode_nothing(run: Runner, docs: Path) -> None:
    first = run("ingest", docs)
    assert (first.code, first.err) == (0, "")
    counts, speed = first.out.splitlines()
    assert counts == "2 created, 0 updated, 0 unchanged, 0 rejected"
    assert speed.startswith("2 passages, 2 of them new, in ")
    assert speed.endswith(" new passages/s")
    encoded = run.encoder.passages_encoded
    again = run("ingest", docs)
    assert again.out.startswith("0 created, 0 updated, 2 unchanged, 0 rejected\n2 passages, 0 of them new, in ")
    assert "passages/s" not in again.out
    assert run.encoder.passages_encoded == encoded > 0
    (docs / "bus.txt").write_text("公交三路停运。", encoding="utf-8")
    assert run("ingest", docs).out.startswith("0 created, 1 updated, 1 unchanged, 0 rejected")


def test_some_rejections_are_warnings(run: Runner, docs: Path) -> None:
    (docs / "empty.txt").write_text(" \n")
    (docs / "binary.bin").write_bytes(bytes(range(256)) * 20)
    (docs / "out.txt").symlink_to("/etc/hostname")
    ran = run("ingest", docs)
    assert ran.code == 0
    assert "2 created, 0 updated, 0 unchanged, 3 rejected" in ran.out
    lines = ran.err.splitlines()
    assert len(lines) == 3
    for name in ("empty.txt", "binary.bin", "out.txt"):
        assert sum(line.startswith(f"warning: rejected {name}: ") for line in lines) == 1
    assert run.ids() == ["bus.txt", "flu.txt"]


def test_everything_rejected(run: Runner, tmp_path: Path) -> None:
    path = rows(tmp_path / "rows.jsonl", {"id": "a"}, {"text": 3})
    ran = run.failed("ingest", path)
    assert ran.code == 2
    assert ran.err.splitlines()[0].startswith(f"warning: rejected a: {path}:1: needs exactly one")
    assert ran.err.splitlines()[1].startswith(f"warning: rejected {path}:2: text: must be")


def test_rows_of_every_kind(run: Runner, tmp_path: Path) -> None:
    rows(tmp_path / "a.jsonl", {"id": "one/1", "text": "疫苗接种。", "title": "标题"}, {"text": "没有编号。"})
    (tmp_path / "b.json").write_text(json.dumps({"articles": [{"id": "two", "text": "公交线路。"}]}))
    (tmp_path / "c.csv").write_text("id,text\nthree,学校开学。\n", encoding="utf-8")
    ran = run("ingest", *sorted(tmp_path.glob("?.*")), "--collection", "rows")
    assert (ran.code, ran.err) == (0, "")
    assert set(run.ids("rows")) >= {"one/1", "two", "three"}
    assert len(run.ids("rows")) == 4
    with run.engine() as engine:
        assert engine.article("rows", "one/1").summary.title == "标题"
        assert engine.article("rows", "two").text == "公交线路。"


def test_two_files_of_one_name_change_nothing(run: Runner, docs: Path) -> None:
    (docs / "sub").mkdir()
    (docs / "sub" / "flu.txt").write_text("另一篇。", encoding="utf-8")
    ran = run.failed("ingest", docs)
    assert ran.code == 2
    assert "--id-from path" in ran.err
    assert not run.data.exists()
    assert run("ingest", docs, "--id-from", "path").code == 0
    assert f"{docs}/sub/flu.txt" in run.ids()


@pytest.mark.parametrize(("make", "message"), [(False, "no such file"), (True, "holds no files")])
def test_nothing_to_read(run: Runner, tmp_path: Path, make: bool, message: str) -> None:
    path = tmp_path / "where"
    if make:
        path.mkdir()
    ran = run.failed("ingest", path)
    assert ran.code == 2
    assert message in ran.err
    assert not run.data.exists()


def test_malformed_collection(run: Runner, docs: Path) -> None:
    assert run.failed("ingest", docs, "--collection", "../x").code == 2


def test_prune_removes_what_is_gone(run: Runner, docs: Path) -> None:
    run("ingest", docs)
    run("ingest", docs, "--collection", "other")
    (docs / "bus.txt").unlink()
    kept = run("ingest", docs)
    assert "pruned" not in kept.out
    assert run.ids() == ["bus.txt", "flu.txt"]
    ran = run("ingest", docs, "--prune")
    assert ran.out.splitlines()[-2:] == ["pruned bus.txt", "1 pruned"]
    assert run.ids() == ["flu.txt"]
    assert run.ids("other") == ["bus.txt", "flu.txt"]


def test_prune_keeps_an_article_whose_file_is_now_rejected(run: Runner, docs: Path) -> None:
    run("ingest", docs)
    (docs / "bus.txt").write_text("")
    assert run("ingest", docs, "--prune").out.splitlines()[-1] == "0 pruned"
    assert run.ids() == ["bus.txt", "flu.txt"]


def test_prune_refuses_when_something_could_not_be_read(
    run: Runner, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "sub").mkdir()
    (docs / "sub" / "more.txt").write_text("更多。", encoding="utf-8")
    run("ingest", docs)
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "sub":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    ran = run.failed("ingest", docs, "--prune")
    assert ran.code == 2
    assert "nothing was deleted" in ran.err
    assert "Permission denied" in ran.err
    assert run.ids() == ["bus.txt", "flu.txt", "more.txt"]


def test_prune_refuses_on_a_row_whose_id_is_unknown(run: Runner, tmp_path: Path) -> None:
    path = rows(tmp_path / "rows.jsonl", {"id": "a", "text": "甲。"}, {"id": "b", "text": "乙。"})
    run("ingest", path)
    path.write_text('{"id": "a", "text": "甲。"}\n{"id": "b", "text\n', encoding="utf-8")
    assert "nothing was deleted" in run.failed("ingest", path, "--prune").err
    assert run.ids() == ["a", "b"]


def test_prune_refuses_when_nothing_was_taken(run: Runner, docs: Path) -> None:
    run("ingest", docs)
    for file in docs.iterdir():
        file.write_text("")
    assert "nothing was deleted" in run.failed("ingest", docs, "--prune").err
    assert run.ids() == ["bus.txt", "flu.txt"]


def test_names_with_escapes_are_shown_safely(run: Runner, docs: Path) -> None:
    (docs / "bad\x1b[2J.txt").write_text("text.")
    ran = run("ingest", docs)
    assert "\x1b" not in ran.err + ran.out
    assert "bad\\x1b[2J.txt" in ran.err


def test_progress_lines_off_a_terminal(run: Runner, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_service.cli.progress.LOG_SECONDS", 0.0)
    lines = run("ingest", docs).err.splitlines()
    assert [line.split(" articles")[0] for line in lines] == ["ingesting: 1 of 2", "ingesting: 2 of 2"]
