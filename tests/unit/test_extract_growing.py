"""Paragraphs of very many lines: joined as few are, and in a time that does not grow with their square."""

from __future__ import annotations

import random

import pytest

from qa_service.text.extraction import html, markdown, pdf, wrapped
from qa_service.text.extraction.wrapped import Growing, join_wrapped, joined


def test_a_growing_text_is_what_joining_whole_texts_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapped, "_LONGEST_END", 12)
    monkeypatch.setattr(wrapped, "_KEPT_END", 4)
    rng = random.Random(8)
    for _ in range(300):
        whole, growing = "", Growing()
        for _ in range(rng.randint(0, 30)):
            piece = "".join(rng.choice("ab-字。\u00ad 가") for _ in range(rng.randint(0, 9)))
            if rng.random() < 0.5:
                whole, _ = joined(whole, piece), growing.join(piece)
            else:
                whole, _ = whole + piece, growing.add(piece)
        assert str(growing) == whole


def test_lines_are_joined_as_before() -> None:
    lines = ["这一行一直写到了栏的末尾处，后面还没有说完所以接着", "说下去，到这里为止。", "Another para-"]
    assert join_wrapped(lines) == ["".join(lines[:2]), lines[2]]


def test_a_paragraph_of_many_lines() -> None:
    count = 60_000
    content = "\n".join(["字词句"] * count).encode()
    assert markdown.read(content, "utf-8").text == "字词句" * count


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("- item", "item"),
        ("| a | b |", "a | b"),
        ("|", ""),
        ("| |", ""),
        ("-", "-"),
        (" - x", "- x"),
        ("text |  ", "text"),
        ("- ", ""),
        ("  \u3000 ", ""),
        ("a | b", "a | b"),
    ],
)
def test_marks_of_lists_and_tables_are_taken_off(line: str, bare: str) -> None:
    assert html._unmarked(line) == bare


@pytest.mark.parametrize(
    ("line", "is_number"),
    [
        ("12", True),
        ("  — 3 —  ", True),
        ("第 3 页", True),
        ("3 / 17", True),
        ("12345", False),
        ("3 apples", False),
        ("", False),
        ("1" + " " * 50_000 + "x", False),
        (" " * 50_000 + "7", True),
    ],
)
def test_page_numbers(line: str, is_number: bool) -> None:
    assert pdf._is_number(line) is is_number
