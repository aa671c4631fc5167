"""Marks of a generated answer: checked against the passages, however the text is cut into pieces."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa_service.http.chat.citations import CitationCheck
from qa_service.types import RankedPassage


def passage(rank: int, text: str, title: str | None = None) -> RankedPassage:
    return RankedPassage(rank, 0.9, f"p{rank}", f"a{rank}", title, None, None, text, 0, len(text), (), (), (), {})


PASSAGES = (
    passage(1, "夜间门诊的时间为周一至周五17:30至21:00，20:30停止挂号。"),
    passage(2, "The ferry fare goes up from $14.00 to $15.50 on 12 May 2025.", "Pik Wan ferry"),
    passage(3, "接種疫苗後留觀30分鐘。"),
)


def checked(text: str, pieces: int = 1, *, markdown: bool = True) -> str:
    check = CitationCheck(PASSAGES, markdown=markdown)
    cuts = sorted(random.Random(pieces).sample(range(len(text) + 1), min(pieces - 1, len(text))))
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return "".join(check.feed(part) for part in parts) + check.finish()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("门诊20:30停止挂号[1]。", "门诊20:30停止挂号[1]。"),
        ("门诊20:30停止挂号。[1]", "门诊20:30停止挂号。[1]"),
        ("门诊20:30停止挂号【1】。", "门诊20:30停止挂号[1]。"),
        ("门诊20:30停止挂号［1］", "门诊20:30停止挂号[1]"),
        ("门诊20:30停止挂号[^1]", "门诊20:30停止挂号[1]"),
        ("接种后留观30分钟[3, 1]。", "接种后留观30分钟[3]。"),
        ("门诊20:30停止挂号[1][1]", "门诊20:30停止挂号[1][1]"),
        ("The fare is $15.50 [2].", "The fare is $15.50 [2]."),
        # A number that the passage has not, a passage that is none, words of another passage.
        ("门诊22:45停止挂号[1]。", "门诊22:45停止挂号。"),
        ("门诊停止挂号[4]。", "门诊停止挂号。"),
        ("门诊停止挂号[0]。", "门诊停止挂号。"),
        ("大熊猫每天都要吃竹子[1]。", "大熊猫每天都要吃竹子。"),
        # Numbers are compared by value; what only leads in is judged by nothing.
        ("接种后留观030分钟[3]，票价15.5元[2]。", "接种后留观030分钟[3]，票价15.5元[2]。"),
        ("根据资料[1]，20:30停止挂号。", "根据资料[1]，20:30停止挂号。"),
        # Another language shares no words; its numbers still count.
        ("Registration stops at 20:30 [1].", "Registration stops at 20:30 [1]."),
        ("Registration stops at 20:45 [1].", "Registration stops at 20:45 ."),
        # A mark stands for its own sentence, not for the one before.
        ("门诊22:45开。20:30停止挂号[1]。", "门诊22:45开。20:30停止挂号[1]。"),
    ],
)
def test_marks_stay_where_the_passage_supports_them(given: str, shown: str) -> None:
    assert checked(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("见[官网](http://evil.example/?q=1)。", "见官网。"),
        ("![像](http://evil.example/i.png)", "像"),
        ("门诊20:30停止挂号[1](http://evil.example)", "门诊20:30停止挂号[1]"),
        ("![x][y]", "[x\\][y\\]"),
        ("[1]: http://evil.example", "[1] : http://evil.example"),
        ("<img src=x>", "&lt;img src=x>"),
        ("a < b, 3<4", "a < b, 3<4"),
        ("a[i] = b[j]", "a[i\\] = b[j\\]"),
        ("好!", "好!"),
        ("没完[1", "没完[1"),
        ("没完[1](http://x", "没完[1] (http://x"),
    ],
)
def test_links_images_and_tags_become_text(given: str, shown: str) -> None:
    assert checked(given) == shown


def test_plain_text_keeps_its_signs() -> None:
    assert checked("a <b> c", markdown=False) == "a <b> c"


TEXT = (
    "门诊【1】20:30停止挂号[1][2]，见[官网](http://e.example/(a)b)。\n票价$15.50 [2, 3]！![x](http://e.example/i.png)"
    "<script>1</script> 留观30分鐘［3］ a[i] 没完[12"
)


_PARTS = st.sampled_from(
    ["[", "]", "![", "](", ")", "(", "\\", "<", ">", ":", "!", "[1]", "[x]", "[1]: ", "http://e.example/x", " ", "\n",
     "院", "a", '"', "【1】", "^", "`", "&lt;"]
)  # fmt: skip
_RENDER = MarkdownIt("commonmark", {"html": True})


@given(st.lists(_PARTS, max_size=25), st.integers(1, 30))
@example(["![", "a", "[", "x", "]", "]", "(", "http://e.example/x", ")"], 4)
@example(["院[1]。\n\n", "[1]: ", "http://e.example/x", ' "', "x", '"'], 3)
@example(["[x]", "\\", "]", "(", "http://e.example/x", ")"], 1)
@example(["![", "a", "\n", "a", "](", "http://e.example/x", ")"], 9)
@example(["![", "a" * 400, "](", "http://e.example/x", ")"], 9)
@example(["[", "![", "x", "](", "http://e.example/x", ")", "](", "http://e.example/x", ")"], 9)
def test_nothing_that_a_model_writes_is_a_link_an_image_or_a_tag(parts: list[str], pieces: int) -> None:
    text = "".join(parts)
    shown = checked(text, pieces)
    assert shown == checked(text)
    tokens = [child.type for block in _RENDER.parse(shown) for child in block.children or [block]]
    assert not {"link_open", "image", "html_inline", "html_block"} & set(tokens), shown


@pytest.mark.parametrize("pieces", [2, 5, 20, 60, len(TEXT)])
def test_pieces_make_no_difference(pieces: int) -> None:
    assert checked(TEXT, pieces) == checked(TEXT)


def test_a_text_without_brackets_is_never_held_back() -> None:
    check = CitationCheck(PASSAGES)
    for piece in ("院长", "是林月华", "。她"):
        assert check.feed(piece) == piece


def test_what_is_no_mark_is_held_back_for_a_while_only() -> None:
    check = CitationCheck(PASSAGES)
    assert "[" not in check.feed("a [")
    assert len(check.feed("x" * 400)) == 401


def test_kept_marks_are_counted() -> None:
    check = CitationCheck(PASSAGES)
    check.feed("门诊20:30停止挂号[1]，别的[9]。")
    check.finish()
    assert check.kept == 1


def test_many_brackets_take_no_long() -> None:
    check = CitationCheck(PASSAGES)
    for _ in range(2000):
        check.feed("[[![(<")
    assert len(check.finish()) > 0
