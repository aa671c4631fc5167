"""Article text in a chat answer: it reads as it is, whatever signs it has, and comes back plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa_service.http.chat.formatting import escaped, escaped_lines, link, one_line, plain_answer
from qa_service.http.chat.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, phrases_for

_RENDER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_SIGNS = st.text(alphabet=st.sampled_from(list("#*_`~<>[]()!|\\-+=&;.:1 9aé中文\n\t$\"'")), max_size=40)


def shown(markdown: str) -> tuple[str, set[str]]:
    """Give the text that a Markdown reader shows, and the tokens that are no plain text."""
    text, kinds = "", set()
    for block in _RENDER.parse(markdown):
        kinds.add(block.type)
        for token in block.children or []:
            kinds.add(token.type)
            text += token.content
    return text, kinds


@given(_SIGNS)
def test_an_escaped_text_is_shown_as_it_is(text: str) -> None:
    line = one_line(text)
    if not line:
        return
    said, kinds = shown(escaped(text))
    assert said == line
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>", "![x](http://a.example/i.png)", "[7] 说", "# 标题", "1. 第一", "---", "* a",
        "> q", "&lt;b&gt;", "``x``", "a | b", "$x$ 元", "a_b_c", "__init__",
        "~~删~~", "<https://a.example>", "\\[1]",
    ],
)  # fmt: skip
def test_markup_in_an_article_is_text(text: str) -> None:
    said, kinds = shown(escaped(text))
    assert said == text
    assert not kinds & {"html_inline", "html_block", "image", "link_open", "heading_open", "hr", "bullet_list_open"}


def test_ordinary_text_is_left_alone() -> None:
    for text in ("截至8月21日24时，全市累计9例。", "It's 3.5% (of 40), isn't it? a_b - c/d: 'x'", "5G+工业"):
        assert escaped(text) == text


@given(_SIGNS, _SIGNS)
def test_a_link_has_its_title_and_cannot_be_ended_early(title: str, rest: str) -> None:
    if not one_line(title):
        return
    said, kinds = shown(link(title, "https://a.example/" + rest))
    assert said == one_line(title)
    assert "link_open" in kinds
    assert "image" not in kinds


def test_an_address_keeps_what_is_encoded_in_it() -> None:
    assert (
        link("a", "http://h/#in=x&article=%E5%8C%BB%2F1&start=0") == "[a](http://h/#in=x&article=%E5%8C%BB%2F1&start=0)"
    )
    assert ")" not in link("a", "http://h/x)y(z> \n\\")[4:-1]


@given(_SIGNS)
def test_escaped_lines_are_shown_as_they_are(text: str) -> None:
    said, kinds = shown(escaped_lines(text))
    assert "".join(said.split()) == "".join(text.split())
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak", "hardbreak"}


def test_addresses_keep_their_signs() -> None:
    for text in ("见 http://a.example/~x_/$y?a=1&lt=2 。", "https://a.example/_x_"):
        assert escaped(text) == text
    assert escaped("http://a.example/<b>*") == "http://a.example/\\<b>\\*"


def test_an_answer_comes_back_as_what_was_said() -> None:
    answer = (
        f"{SIMPLIFIED.unsure}\n\n夜间门诊20:30停止挂号（\\*节假日除外）。 [1]\n\n{SIMPLIFIED.also}\n\n> 周末不开。 [2]"
        f"\n\n{SIMPLIFIED.sources}\n\n1. [夜间门诊](https://a.example)\n2. [周末](https://b.example)"
    )
    assert plain_answer(answer) == "夜间门诊20:30停止挂号（*节假日除外）。\n周末不开。"


@pytest.mark.parametrize("phrases", [ENGLISH, SIMPLIFIED, TRADITIONAL])
def test_of_a_reply_without_an_answer_nothing_comes_back(phrases: object) -> None:
    assert isinstance(phrases, type(ENGLISH))
    assert plain_answer(f"{phrases.none}\n\n{phrases.nearest}\n\n> 别的。 [1]") == ""
    assert plain_answer(phrases.nothing) == ""


def test_what_another_assistant_said_stays() -> None:
    assert plain_answer("院长是林月华。\n\n她 2019 年上任。") == "院长是林月华。\n她 2019 年上任。"


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ("流感疫苗在哪里接种？", SIMPLIFIED), ("流感疫苗在哪裡接種？", TRADITIONAL), ("台北的天氣", TRADITIONAL),
        ("人口多少", SIMPLIFIED), ("Where is it?", ENGLISH), ("Где это?", ENGLISH), ("N8 路什么时候开", SIMPLIFIED),
        ("2025?", ENGLISH),
    ],
)  # fmt: skip
def test_phrases_are_in_the_language_of_the_question(question: str, phrases: object) -> None:
    assert phrases_for(question) is phrases


def test_a_question_without_letters_has_the_language_of_the_one_before() -> None:
    assert phrases_for("2025?", ["1月呢？", "門診幾點開？"]) is SIMPLIFIED
    assert phrases_for("2025?", ["門診幾點開？"]) is TRADITIONAL
