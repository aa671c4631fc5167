"""Passages: within the limit by any counter, whole, even, and cut at the best place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa_service.text.breaks import balanced_windows, halves
from qa_service.text.cut import _GRAPHEME
from qa_service.text.fold import encoder_fold
from qa_service.text.passages import split_passages
from qa_service.text.split import is_blank, split_sentences
from qa_service.types import PassageSpans

Count = Callable[[Sequence[str]], Sequence[int]]


def code_points(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def utf8_bytes(texts: Sequence[str]) -> list[int]:
    return [len(text.encode("utf-8", "surrogatepass")) for text in texts]


def words_and_one(texts: Sequence[str]) -> list[int]:
    """Like a tokenizer that opens each text with a token of its own."""
    return [1 + len(regex.findall(r"\p{Han}|\w+|\S", text)) for text in texts]


def superadditive(texts: Sequence[str]) -> list[int]:
    """More for a joined text than for its parts, which no sum foresees."""
    return [len(text) + len(text) ** 2 // 200 for text in texts]


def nothing_for_short(texts: Sequence[str]) -> list[int]:
    return [0 if len(text) < 4 else len(text) for text in texts]


COUNTERS = [code_points, utf8_bytes, words_and_one, superadditive, nothing_for_short]
ALPHABET = "。！？.…；,，、：“”（）() \n\r\u3000\u200b\u200d\0\u0301\u0316é甲乙丙裏著abcA1👨👩🏽🇨🇳กำम한"
texts = st.text(st.one_of(st.sampled_from(ALPHABET), st.characters()), max_size=600)


def check(text: str, count: Count, limit: int) -> list[PassageSpans]:
    """Check all that the documentation promises of any text."""
    passages = split_passages(text, count, limit)
    end = 0
    for passage in passages:
        assert end <= passage.start < passage.end
        assert all(map(is_blank, text[end : passage.start]))
        assert 1 <= len(passage.sentences) <= 1024
        assert (passage.start, passage.end) == (passage.sentences[0].start, passage.sentences[-1].end)
        place = passage.start
        for sentence in passage.sentences:
            assert place <= sentence.start < sentence.end
            assert all(map(is_blank, text[place : sentence.start]))
            place = sentence.end
        assert count([encoder_fold(text[passage.start : passage.end])])[0] <= limit
        end = passage.end
    assert all(map(is_blank, text[end:]))
    assert split_passages(text, count, limit) == passages
    return passages


@settings(deadline=None, max_examples=200)
@given(texts, st.sampled_from(COUNTERS), st.integers(8, 120))
@example("a\u0301\u0316" * 100, code_points, 8)
@example("👨‍👩‍👧‍👦" * 60, utf8_bytes, 8)
@example("甲" * 500, superadditive, 8)
@example("甲。\n" * 200, nothing_for_short, 10)
def test_passages_of_any_text_keep_every_promise(text: str, count: Count, limit: int) -> None:
    check(text, count, limit)


@settings(deadline=None)
@given(texts, st.integers(30, 120))
def test_sentences_within_the_limit_stay_whole(text: str, limit: int) -> None:
    whole = [span for span in split_sentences(text) if span.end - span.start <= limit]
    given = {span for passage in split_passages(text, code_points, limit) for span in passage.sentences}
    assert set(whole) <= given


@settings(deadline=None)
@given(texts)
def test_cuts_keep_graphemes_whole(text: str) -> None:
    grapheme = regex.compile(r"\X")
    whole = split_sentences(text)
    graphemes = [match.span() for span in whole for match in grapheme.finditer(text, span.start, span.end)]
    limit = max(12, *(end - start for start, end in graphemes), 0)
    starts = {span.start for span in whole}
    edges = {start for start, _ in graphemes}
    for passage in split_passages(text, code_points, limit):
        for sentence in passage.sentences:
            # The cut may lie before white space and marks without width, which no piece begins with.
            blank = sentence.start
            while blank > 0 and is_blank(text[blank - 1]):
                blank -= 1
            assert sentence.start in starts or edges & set(range(blank, sentence.start + 1))


def test_blank_text_has_no_passages() -> None:
    for text in ("", " \n\u3000\t", "\u200b\ufeff"):
        assert split_passages(text, code_points) == []


def test_a_short_article_is_one_passage() -> None:
    text = "图书馆周一闭馆。\n\n请带身份证。押金一百元。\n"
    [passage] = check(text, code_points, 480)
    assert text[passage.start : passage.end] == text.strip()
    assert len(passage.sentences) == 3


def test_the_joined_text_is_counted_and_not_the_sum() -> None:
    # Each sentence alone counts 8 + 1; together 60 * 8 + 1 fit 481, though the sum is 540.
    text = "甲乙丙丁戊己庚。" * 60
    assert len(check(text, words_and_one, 481)) == 1
    assert len(check(text, words_and_one, 480)) == 2


def test_windows_are_even_and_leave_no_tiny_rest() -> None:
    text = "今天图书馆正常开放。" * 49
    sizes = [passage.end - passage.start for passage in check(text, code_points, 480)]
    assert sizes in ([240, 250], [250, 240])


def test_breaks_fall_between_paragraphs() -> None:
    paragraph = "今天图书馆正常开放。" * 19
    text = "\n\n".join([paragraph] * 4)
    passages = check(text, code_points, 480)
    assert [text[passage.start : passage.end] for passage in passages] == ["\n\n".join([paragraph] * 2)] * 2


def test_a_long_sentence_is_cut_after_punctuation() -> None:
    text = "，".join(["居民可以在工作日到服务大厅办理"] * 40) + "。"
    passages = check(text, code_points, 100)
    assert all(text[passage.end - 1] in "，。" for passage in passages)


def test_without_punctuation_it_is_cut_at_a_space_then_between_words() -> None:
    spaced = " ".join(["library"] * 100)
    for passage in check(spaced, code_points, 100):
        assert set(spaced[passage.start : passage.end].split()) == {"library"}
    mixed = "市民library卡" * 60
    for passage in check(mixed, code_points, 100):
        piece = mixed[passage.start : passage.end]
        assert piece.count("library") * 7 == sum(char.isascii() for char in piece)


pieces_of_graphemes = st.lists(
    st.sampled_from(
        [
            "🇨",
            "🇺🇸",
            "👨\u200d👩",
            "❤\ufe0f",
            "\u200d",
            "\u0301",
            "각",
            "ᄀ",
            "ᅡ",
            "ᆨ",
            "क",
            "्",
            "ক",
            "ക്",
            "\u0600",
            "\u0903",
        ]
    )
    | st.characters(),
    max_size=60,
).map("".join)


@settings(deadline=None, max_examples=500)
@given(pieces_of_graphemes)
def test_graphemes_are_those_of_the_standard(text: str) -> None:
    spans = [match.span() for match in _GRAPHEME.finditer(text)]
    assert spans == [match.span() for match in regex.finditer(r"\X", text)]


def test_flags_are_cut_between_flags() -> None:
    text = "🇨🇳" * 500 + "🇨"
    for passage in check(text, code_points, 101)[:-1]:
        assert (passage.end - passage.start) % 2 == 0


def test_a_grapheme_over_the_limit_is_cut_inside() -> None:
    assert len(check("a" + "\u0301" * 99, code_points, 10)) >= 10


def test_a_code_point_over_the_limit_is_an_error() -> None:
    with pytest.raises(ValueError, match="over the limit"):
        split_passages("甲", utf8_bytes, 2)


@pytest.mark.parametrize(
    ("unit", "length"),
    [("啊", 1_000_000), *((unit, 200_000) for unit in ("a", "a ", "啊。", "啊\n\n", "👨‍👩‍👧", "(", "\u0301"))],
)
def test_a_large_text_of_one_kind_is_taken(unit: str, length: int) -> None:
    text = unit * (length // len(unit))
    passages = split_passages(text, code_points)
    assert all(passage.end - passage.start <= 480 for passage in passages)
    held = sum(passage.end - passage.start for passage in passages)
    assert held >= 0.99 * (len(text) - sum(map(is_blank, text)))


def test_tokens_are_counted_in_few_calls() -> None:
    calls: list[int] = []

    def count(batch: Sequence[str]) -> list[int]:
        calls.append(len(batch))
        return code_points(batch)

    text = "\n".join(f"第{number}条。本市居民可以申请借书证，外地居民凭居住证办理。" for number in range(2000))
    split_passages(text, count)
    assert calls[0] == len(split_sentences(text))
    assert len(calls) <= 4


def test_no_passage_has_over_1024_sentences() -> None:
    passages = check("a\n" * 5000, nothing_for_short, 10_000)
    assert max(len(passage.sentences) for passage in passages) <= 1024


@given(st.lists(st.integers(1, 10), min_size=1, max_size=9), st.data())
def test_breaks_cost_the_least_possible(counts: list[int], data: st.DataObject) -> None:
    # Sizes over 1/24 of the limit stay apart, so every division can be tried.
    limit = 12
    penalties = data.draw(st.lists(st.sampled_from([0.0, 0.03, 0.12, 0.4]), min_size=len(counts), max_size=len(counts)))
    penalties[0] = 0.0

    def cost(cuts: Sequence[int]) -> float | None:
        sizes = [sum(counts[a:b]) for a, b in itertools.pairwise(cuts)]
        if max(sizes) > limit:
            return None
        return sum((1 - size / limit) ** 2 for size in sizes) + sum(penalties[cut] for cut in cuts[1:-1])

    windows = balanced_windows(np.array(counts, dtype=float), 0.0, np.array(penalties), limit)
    assert [end for _, end in windows[:-1]] == [first for first, _ in windows[1:]]
    found = cost([0, *(end for _, end in windows)])
    inner = range(1, len(counts))
    cuts = (c for size in range(len(counts)) for c in itertools.combinations(inner, size))
    best = min(value for c in cuts if (value := cost([0, *c, len(counts)])) is not None)
    assert found == pytest.approx(best)


def test_halves_break_near_the_middle_at_the_cheapest_place() -> None:
    counts = np.array([10.0] * 8)
    flat = np.array([0.0] + [0.12] * 7)
    assert halves(counts, flat, (0, 8)) == ((0, 4), (4, 8))
    flat[5] = 0.0
    flat[4] = 0.4
    assert halves(counts, flat, (0, 8)) == ((0, 5), (5, 8))
    assert halves(counts, flat, (6, 8)) == ((6, 7), (7, 8))
