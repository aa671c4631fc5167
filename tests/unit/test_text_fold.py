"""Folding: what each fold changes, and maps that agree with the folds on arbitrary Unicode."""

from __future__ import annotations

import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa_service.text import fold
from qa_service.text.fold import encoder_fold, encoder_fold_mapped, lexical_fold, lexical_fold_mapped
from qa_service.text.offsets import MappedText
from qa_service.types import Span

# Where normalisation, case and conversion act on more than one character, or on none.
AWKWARD = (
    "\0\r\n\u00ad\u200b\u200d\ufeff\ufe0f\u0301\u0316\u0345\u3099\uff9e\uff9f\u1100\u1161\u11a8\u1160\u3164\u3131\u314f"
    "İıßſΣςΌµﬁﬀ㈱㌀½①Ⅷﷺ…！Ａ－ｶﾊ乾隆著裏裡臺髮發瞭衞粧戦図鬱\uf900\u2f00𠮷𠀀😀👍🏽👨‍👩‍👧क्षिกำ"
)
texts = st.text(st.one_of(st.sampled_from(AWKWARD), st.characters()))
SURROGATES = "甲\ud800乙\udfff裏"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("臺灣省圖書館的藏書", "台湾省图书馆的藏书"),
        ("乾隆皇帝在乾燥的夏天曬乾衣裳", "乾隆皇帝在干燥的夏天晒干衣裳"),
        ("软件与网络", "软件与网络"),
        ("ＡＢＣ Abc ①", "ＡＢＣ Abc ①"),
        ("a\0b裏\0", "a\0b里\0"),
        ("", ""),
        (SURROGATES, "甲\ud800乙\udfff里"),
    ],
)
def test_the_encoder_fold_is_traditional_to_simplified_alone(text: str, folded: str) -> None:
    assert encoder_fold(text) == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＣＯＶＩＤ－１９，臺北！", "covid-19,台北!"),
        ("㈱ﾊﾞｽ", "(株)バス"),
        ("Straße ﬁn Ⅷ ½", "straße fin viii 1⁄2"),
        ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
        ("İ", "i\u0307"),
        ("e\u0301 \u1112\u1161\u11ab", "é 한"),
        ("北\u200b京\ufeff soft\u00adhyphen ❤️", "北京 softhyphen ❤"),
        ("衞生 粧容 広島", "卫生 妆容 广岛"),
        ("着急 著名 执着 干部 乾坤", "着急 著名 执着 干部 乾坤"),
        ("么 叙 芸 予 台 群 峰 核 余", "么 叙 芸 予 台 群 峰 核 余"),
        (SURROGATES, "甲\ud800乙\udfff里"),
    ],
)
def test_the_lexical_fold_gives_one_form(text: str, folded: str) -> None:
    assert lexical_fold(text) == folded


def test_traditional_and_simplified_texts_fold_alike() -> None:
    traditional = "請攜帶身分證到戶政事務所辦理遷入登記，並於線上繳納規費。"
    simplified = "请携带身分证到户政事务所办理迁入登记，并于线上缴纳规费。"
    assert encoder_fold(traditional) == simplified
    assert lexical_fold(traditional) == lexical_fold(simplified)


def test_versions_name_opencc() -> None:
    for version in (fold.ENCODER_FOLD_VERSION, fold.LEXICAL_FOLD_VERSION):
        assert version.split("opencc-")[1][0].isdigit()
    assert fold.ENCODER_FOLD_VERSION != fold.LEXICAL_FOLD_VERSION


def test_maps_lead_back_to_the_units_that_were_folded() -> None:
    text = "甲㈱e\u0301\u200bＺ…裏"
    mapped = lexical_fold_mapped(text)
    assert mapped.text == "甲(株)éz...里"
    assert mapped.to_source(1, 2) == Span(1, 2)
    assert mapped.to_source(4, 5) == Span(2, 4)
    assert mapped.to_source(4, 6) == Span(2, 6)
    assert mapped.to_source(5, 6) == Span(5, 6)
    assert mapped.to_source(7, 8) == Span(6, 7)
    assert mapped.to_source(9, 10) == Span(7, 8)


@settings(deadline=None)
@given(texts)
@example("a" + "\u0301\u0316" * 40)
@example(AWKWARD)
@example(SURROGATES)
def test_mapped_folds_give_the_same_text(text: str) -> None:
    assert encoder_fold_mapped(text).text == encoder_fold(text)
    assert lexical_fold_mapped(text).text == lexical_fold(text)


@settings(deadline=None)
@given(texts)
def test_the_lexical_fold_is_nfkc_lower_case_without_ignorable_characters(text: str) -> None:
    kept = fold._IGNORABLE.sub("", text)
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).lower().replace("ς", "σ"))
    folded = lexical_fold(text)
    assert len(folded) == len(normal)
    assert all(a == b or (_is_han(a) and _is_han(b)) for a, b in zip(folded, normal, strict=True))


@settings(deadline=None)
@given(texts)
def test_each_folded_character_comes_from_the_span_it_maps_to(text: str) -> None:
    mapped = lexical_fold_mapped(text)
    end = 0
    for index, char in enumerate(mapped.text):
        span = mapped.to_source(index, index + 1)
        assert span.start < span.end
        assert end <= span.end
        end = span.end
        # Alone, a unit folds to a text with that character in it, unless a phrase made t2s choose.
        alone = lexical_fold(text[span.start : span.end])
        assert char in alone or _is_han(char)


@settings(deadline=None)
@given(texts)
def test_folding_twice_changes_nothing_but_han(text: str) -> None:
    once = lexical_fold(text)
    twice = lexical_fold(once)
    assert len(twice) == len(once)
    assert all(a == b or _is_han(a) for a, b in zip(once, twice, strict=True))


def test_every_code_point_is_mapped_and_folds_once_for_all() -> None:
    blocks = (
        (0x20, 0x3400),
        (0xA000, 0xAC10),
        (0xD7A0, 0xD800),
        (0xF900, 0x12000),
        (0x16000, 0x20000),
        (0xE0000, 0xE0200),
    )
    chars = [chr(code) for first, end in blocks for code in range(first, end)]
    # A line end joins with nothing, so each line folds as if alone.
    text = "\n".join(chars)
    once = lexical_fold(text)
    assert lexical_fold_mapped(text).text == once
    lines, again = once.split("\n"), lexical_fold(once).split("\n")
    assert len(lines) == len(again) == len(chars)
    assert [a for a, b in zip(lines, again, strict=True) if a != b and not any(map(_is_han, a))] == []


def test_a_conversion_that_changed_length_maps_run_by_run() -> None:
    mapped = fold._aligned("a甲乙b丙c", "a甲甲乙b丁c")
    assert mapped.text == "a甲甲乙b丁c"
    assert mapped.to_source(1, 2) == Span(1, 3)
    assert mapped.to_source(4, 5) == Span(3, 4)
    assert mapped.to_source(5, 6) == Span(4, 5)
    lost = fold._aligned("甲a乙", "a")
    assert lost.to_source(0, 1) == Span(0, 3)


def test_opencc_keeps_lengths_and_touches_only_han() -> None:
    # The maps stand on this; OpenCC's dictionaries are tried character by character.
    chars = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000 and code != 0x0A]
    converted = encoder_fold("\n".join(chars)).split("\n")
    assert len(converted) == len(chars)
    assert all(a == b or (len(b) == 1 and _is_han(a)) for a, b in zip(chars, converted, strict=True))


def test_threads_share_the_converters() -> None:
    words = [f"{index}臺灣圖書館{index}" for index in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lexical_fold, words)) == [f"{index}台湾图书馆{index}" for index in range(200)]


def test_marks_without_end_are_normalised_a_few_at_a_time() -> None:
    # Sorting them is quadratic: this text would take minutes as one unit.
    text = "a" + "\u0301\u0316" * 500_000
    units = fold._UNIT.findall(text)
    assert max(map(len, units)) == 32
    assert lexical_fold(text) == "".join(map(lexical_fold, units)) == lexical_fold_mapped(text).text


@pytest.mark.shared
def test_simplified_articles_stay_as_they_are(shared: Path) -> None:
    data = json.loads((shared / "eval" / "cmrc2018_dev.json").read_text(encoding="utf-8"))["data"]
    text = "\n".join(paragraph["context"] for article in data for paragraph in article["paragraphs"])
    normal = fold._normalise(fold._IGNORABLE.sub("", text))
    folded = lexical_fold(text)
    changed = [a for a, b in zip(normal, folded, strict=True) if a != b]
    # GB 2312 is the repertoire of simplified Chinese; what it lacks are quoted traditional and Japanese forms.
    simplified = [char for char in changed if fold._in_gb2312(char)]
    assert len(simplified) < 1e-4 * len(text)
    assert len(changed) < 2e-4 * len(text)
    assert MappedText.identity(text).then(encoder_fold_mapped(text)).is_identity


def _is_han(char: str) -> bool:
    return fold._HAN_RUN.fullmatch(char) is not None
