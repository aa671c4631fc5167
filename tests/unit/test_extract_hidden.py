"""What a page hides from its readers is not part of the article."""

from __future__ import annotations

import pytest

from qa_service.text.extraction.html import read

SHOWN = "<p>河畔公园的荷花今年开得很早，六月初就有游人前来观赏，园方延长了开放时间。</p>" * 3
SPAM = "办理各种证件，请加客服，免费领取优惠券。"


def page(body: str) -> bytes:
    return f"<!DOCTYPE html><html><body><article>{body}</article></body></html>".encode()


@pytest.mark.parametrize(
    "hidden",
    [
        f'<p style="color:red; DISPLAY : none">{SPAM}</p>',
        f'<div style="display:none!important"><p>{SPAM}</p></div>',
        f"<p hidden>{SPAM}</p>",
    ],
)
def test_hidden_text_is_left_out_and_noted(hidden: str) -> None:
    found = read(page(SHOWN + hidden + SHOWN), None)
    assert "荷花" in found.text
    assert "优惠券" not in found.text
    assert any("hides" in note for note in found.notes)


def test_the_text_after_a_hidden_element_stays() -> None:
    found = read(
        page(f'{SHOWN}<p>前面<span style="display:none">{SPAM}</span>后面还有一句完整的话，说的是荷花。</p>'), None
    )
    assert "后面还有一句完整的话" in found.text


@pytest.mark.parametrize("style", ["visibility: hidden; opacity: 0", "max-display: none", "display: nonesuch"])
def test_what_only_looks_hidden_stays(style: str) -> None:
    assert "优惠券" in read(page(f'{SHOWN}<p style="{style}">{SPAM}</p>'), None).text


def test_a_page_that_uncovers_its_article_by_script_is_read() -> None:
    found = read(page(f'<p>正在加载……</p><div style="display:none">{SHOWN}</div>'), None)
    assert "荷花" in found.text


def test_hidden_elements_within_each_other_count_once() -> None:
    nested = f'<div hidden><div hidden><p style="display:none">{SPAM}</p></div></div>'
    assert "优惠券" not in read(page(SHOWN + nested), None).text
