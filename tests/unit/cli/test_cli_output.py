"""What reaches the terminal: untrusted text is shown, never obeyed."""

from __future__ import annotations

import json

import pytest

from qa_service.cli.output import display_width, json_text, marked, printable, shorten, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202ecod.exe\u2069", "a\\u202ecod.exe\\u2069"),
        ("\u200f\u061c\ufeff\u2066", "\\u200f\\u061c\\ufeff\\u2066"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\udc80", "\\udc80"),
        ("\U000e0041", "\\U000e0041"),
        ("a\r\nb\tc\x7f\x00", "a\\x0d\\x0ab\\x09c\\x7f\\x00"),
        ("正文 é 👩‍👩‍👧 नमस्ते", "正文 é 👩‍👩‍👧 नमस्ते"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_printable_with_newlines_keeps_lines_and_still_shows_a_bare_return() -> None:
    assert printable("a\r\nb\tc\rd\x1b", newlines=True) == "a\nb\tc\\x0dd\\x1b"


def test_json_is_valid_readable_and_harmless() -> None:
    value = {"正": ["a\x1b\x9b\x7f\u202e\U000e0041\n\ud800", 1.5, None]}
    text = json_text(value)
    assert json.loads(text) == value
    assert "正" in text
    assert text == printable(text, newlines=True)


def test_shorten_makes_one_short_line() -> None:
    assert shorten("a\n b", 5) == "a b"
    assert shorten("abcdef", 5) == "abcd…"
    assert shorten("x\x1b", 5) == "x\\x1b"


def test_table_aligns_wide_characters_and_numbers() -> None:
    assert table(("id", "n"), [("疫苗", 5), ("a\x1b", 1200)]).splitlines() == [
        "id         n",
        "疫苗       5",
        "a\\x1b  1,200",
    ]
    assert table(("id", "n"), []) == "id  n"


def test_display_width() -> None:
    assert [display_width(text) for text in ("ab", "疫苗", "e\u0301", "Ａ")] == [2, 4, 1, 2]


def test_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert marked("x") == "**x**"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert marked("x") == "\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert marked("x") == "**x**"
