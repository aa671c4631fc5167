"""Scripts of texts."""

from __future__ import annotations

import pytest

from qa_service.text.scripts import main_script, script_share


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("How many points?", "Latin"),
        ("Сколько очков уступила NFL?", "Cyrillic"),
        ("流感疫苗在哪里？", "Han"),
        ("これはいくらですか", "Hiragana"),
        ("언제 열어요", "Hangul"),
        ("ما هو", "Arabic"),
        ("เปิดกี่โมง", "Thai"),
        ("2024?", None),
        ("", None),
    ],
)
def test_main_script(text: str, script: str | None) -> None:
    assert main_script(text) == script


def test_a_mixed_text_is_of_its_larger_part() -> None:
    assert main_script("NBA 是什么比赛的联盟") == "Han"
    assert main_script("what does 联盟 mean") == "Latin"


def test_shares_count_letters_only() -> None:
    assert script_share("AB 12，联盟", "Latin") == pytest.approx(0.5)
    assert script_share("AB 12，联盟", "Han") == pytest.approx(0.5)
    assert script_share("12 … ？", "Latin") == 0.0
    assert script_share("été", "Latin") == 1.0
