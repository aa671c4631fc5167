"""Very long texts are repaired in stretches, with the same outcome."""

from __future__ import annotations

import pytest

from qa_service.text import repair as package
from qa_service.text.repair import load_repairer, repair

PAGE = "防(fáng)控(kòng)就是責(zé)任，每天有七十人在站(zhàn)里值班。<br>第二天还有三十人。\n"


def test_stretches_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE * 20
    whole = repair(text)
    monkeypatch.setattr(package, "STRETCH", 150)
    parts = load_repairer(None)(text)
    assert parts.mapped.text == whole.mapped.text
    assert parts.changes == whole.changes
    size = len(whole.mapped.text)
    assert all(
        parts.mapped.to_source(place, place + 1) == whole.mapped.to_source(place, place + 1) for place in range(size)
    )


def test_a_text_without_line_ends_is_divided_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "STRETCH", 64)
    text = "河畔公园的荷花今年开得很早，" * 40
    found = load_repairer(None)(text)
    assert found.mapped.text == text
    assert found.mapped.source_length == len(text)
    assert found.changes == ()


def test_a_tag_that_took_a_full_stop_with_it_is_a_full_stop() -> None:
    assert repair("我们一定要扛得住?/p>\n一月二十九日").mapped.text == "我们一定要扛得住。\n一月二十九日"
    assert repair("在一起。?/p>\n正是").mapped.text == "在一起。\n正是"
    assert repair("use ?/p> here").mapped.text == "use ?/p> here"
