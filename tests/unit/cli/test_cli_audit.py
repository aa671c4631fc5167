"""What the command line shows of repairs and furniture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner

DIRTY = "防(fáng)控(kòng)就是責(zé)任，每天有七十人在站(zhàn)里值班\x1b[31m。\n责任编辑：丁一\n"


def ingest(run: Runner, folder: Path, **texts: str) -> str:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    ran = run("ingest", folder)
    assert ran.code == 0
    return ran.err


def test_the_audit_lists_repairs_and_furniture(run: Runner, tmp_path: Path) -> None:
    ingest(run, tmp_path / "a", dirty=DIRTY)
    lines = run("articles", "show", "dirty.txt", "--audit").out.splitlines()
    changes = [line.split() for line in lines if " pinyin " in line]
    assert [change[2] for change in changes] == ["(fáng)", "(kòng)", "(zé)", "(zhàn)"]
    assert changes[0][0] == "1-7"
    assert "left out of the search as page furniture: 1" in lines
    assert any(line.endswith("责任编辑：丁一") and "byline" in line for line in lines)


def test_the_text_is_shown_in_either_form(run: Runner, tmp_path: Path) -> None:
    ingest(run, tmp_path / "a", dirty=DIRTY)
    assert "責(zé)任" in run("articles", "show", "dirty.txt").out
    shown = run("articles", "show", "dirty.txt", "--text-form", "repaired").out
    assert "責任" in shown
    assert "\x1b" not in shown
    asked = run("ask", "每天有多少人值班", "--text-form", "repaired").out
    assert "責任" in asked
    assert "(zé)" not in asked
    assert "(zé)" in run("ask", "每天有多少人值班").out


def test_an_article_of_furniture_is_reported(run: Runner, tmp_path: Path) -> None:
    err = ingest(
        run, tmp_path / "a", menu="首页 | 关于我们 | 联系我们 | 网站地图\n", good="图书馆每天九点开门，阅览室在二楼。\n"
    )
    assert "menu.txt" in err
    assert "furniture" in err
    assert "not searched" in err
    out = run("articles", "show", "menu.txt", "--audit").out
    assert "left out of the search as page furniture: 1" in out
