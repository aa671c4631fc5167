"""Words: each script's rule, the user's words and synonyms, highlighting, the cache."""

from __future__ import annotations

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa_service.errors import ConfigError
from qa_service.text.fold import lexical_fold
from qa_service.text.tokens import Tokenizer
from qa_service.types import Span

AWKWARD = " \n\0\u0301\u200b.,-_'1９٣aＡéß我著裏々〇のカﾊﾞー한국กำမြខ្មе😀⺮\u1100\u1161#+"
texts = st.text(st.one_of(st.sampled_from(AWKWARD), st.characters(exclude_categories=[])))


@pytest.fixture(scope="module")
def tokenizer(cache_dir: Path) -> Tokenizer:
    return Tokenizer(cache_dir)


@pytest.fixture
def with_dictionary(tmp_path: Path, cache_dir: Path) -> Tokenizer:
    path = tmp_path / "words.txt"
    path.write_text(
        "\ufeff# 本市用语\r\n"
        "\r\n"
        "便民通 20 nz   # a service's name\r\n"
        "云岭街道\r\n"
        "北京大学 0\r\n"
        "c++\r\n"
        "COVID-19 = 新冠肺炎 = 新型冠狀病毒肺炎\r\n"
        "machine learning = 机器学习 = ML\r\n",
        encoding="utf-8",
        newline="",
    )
    return Tokenizer(cache_dir, path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("图书馆周一闭馆。", ["图书", "书馆", "图书馆", "周一", "闭馆"]),
        ("北京大學", ["北京", "大学", "北京大学"]),
        ("二〇二〇年", ["二", "〇", "二", "〇", "年"]),
        ("2020年1月", ["年", "月", "2020", "1"]),
        ("新买的T恤", ["新买", "的", "t恤", "t"]),
        ("Hello, WORLD! naïve cafe\u0301", ["hello", "world", "naïve", "café"]),
        ("ＣＯＶＩＤ－１９", ["covid", "19"]),
        ("3.14 1,000 12,345.5 1,2", ["3.14", "1000", "12345.5", "1", "2"]),
        ("2020.1.27", ["2020.1.27", "2020", "1", "27"]),
        ("٣٫٥ ४२", ["3", "5", "42"]),
        ("Библиотека закрыта", ["библиотека", "закрыта"]),
        ("المكتبة مغلقة", ["المكتبة", "مغلقة"]),
        ("पुस्तकालय बंद", ["पुस्तकालय", "बंद"]),
        ("도서관은 책", ["도서관은", "도서", "서관", "관은", "책"]),
        ("カード", ["カー", "ード"]),
        ("お茶", ["茶", "お"]),
        ("ห้องสมุด", ["ห้อ", "อง", "งส", "สมุ", "มุด"]),
        ("x" * 130, ["x" * 64, "x" * 64, "xx"]),
        ("don't snake_case", ["don", "t", "snake", "case"]),
        ("，。!? 😀 \0 \u200b", []),
        ("", []),
    ],
)
def test_words_of_each_script(tokenizer: Tokenizer, text: str, words: list[str]) -> None:
    assert tokenizer.words(text) == words


def test_a_question_and_an_article_in_other_letters_share_words(tokenizer: Tokenizer) -> None:
    traditional = set(tokenizer.words("臺北市圖書館的開放時間"))
    simplified = set(tokenizer.words("台北市图书馆的开放时间"))
    assert traditional == simplified


def test_words_of_letters_are_cut_alike_beside_han_and_elsewhere(tokenizer: Tokenizer) -> None:
    for word in ("covid19", "3.5", "abc1", "naïve"):
        alone = tokenizer.words(word)
        assert [kept for kept in tokenizer.words(f"关于{word}疫情") if kept in alone] == alone


def test_the_version_names_all_that_words_depend_on(tokenizer: Tokenizer, with_dictionary: Tokenizer) -> None:
    assert "jieba-0." in tokenizer.version
    assert "opencc-" in tokenizer.version
    assert tokenizer.version.endswith("user-none")
    assert len(with_dictionary.version.rsplit("user-", 1)[1]) == 64
    assert with_dictionary.version.split("user-")[0] == tokenizer.version.split("user-")[0]


def test_user_words_stay_whole_and_a_frequency_of_0_takes_one_out(
    tokenizer: Tokenizer, with_dictionary: Tokenizer
) -> None:
    text = "云岭街道的便民通"
    assert not {"云岭街道", "便民通"} & set(tokenizer.words(text))
    assert {"云岭街道", "便民通"} <= set(with_dictionary.words(text))
    assert "北京大学" in tokenizer.words("北京大学")
    assert "北京大学" not in with_dictionary.words("北京大学")
    assert "c++" in with_dictionary.words("学习C++编程")
    # One tokenizer's words are no other's.
    assert "云岭街道" not in tokenizer.words(text)


def test_synonyms_share_one_form(with_dictionary: Tokenizer) -> None:
    for text in ("COVID-19", "新冠肺炎患者", "新型冠狀病毒肺炎", "（ＣＯＶＩＤ－１９）"):
        assert with_dictionary.words(text).count("covid-19") == 1
    for text in ("Machine Learning", "机器学习", "ML"):
        assert "machine_learning" in with_dictionary.words(text)
    assert "machine_learning" not in with_dictionary.words("machine learnings, html")
    assert "covid-19" not in with_dictionary.words("covid-190")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("词 abc def", "is not `word"),
        ("machine learning", "is not `word"),
        ("词 9999999999", "over"),
        ("+++", "no letter or digit"),
        ("a = ", "no letter or digit"),
        ("= a", "no letter or digit"),
        ("x" * 65, "65 characters"),
        ("甲乙 = 丙丁\n丙丁 = 戊己", "already a synonym"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, cache_dir: Path, line: str, problem: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(f"# first\n好词\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=problem) as caught:
        Tokenizer(cache_dir, path)
    assert f"words.txt, line {3 + line.count(chr(10))}" in caught.value.detail
    assert caught.value.remedy


def test_a_dictionary_that_cannot_be_read_is_an_error(tmp_path: Path, cache_dir: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        Tokenizer(cache_dir, tmp_path / "missing.txt")
    path = tmp_path / "gbk.txt"
    path.write_bytes("词语".encode("gbk"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        Tokenizer(cache_dir, path)


def matched(tokenizer: Tokenizer, text: str, words: list[str]) -> list[str]:
    return [text[span.start : span.end] for span in tokenizer.matches(text, words)]


def test_matches_are_places_in_the_text_as_it_was_given(tokenizer: Tokenizer) -> None:
    text = "臺北㈱圖書館ＡＢＣ abcd Café café 1,000"
    assert matched(tokenizer, text, ["图书馆", "abc", "café", "1000", "台北"]) == [
        "臺北",
        "圖書館",
        "ＡＢＣ",
        "Café",
        "café",
        "1,000",
    ]


def test_overlapping_matches_are_merged_and_adjacent_ones_kept_apart(tokenizer: Tokenizer) -> None:
    assert tokenizer.matches("北京大学生", ["北京大学", "大学生"]) == [Span(0, 5)]
    assert tokenizer.matches("社区服务", ["社区", "服务"]) == [Span(0, 2), Span(2, 4)]
    assert tokenizer.matches("啊啊啊啊", ["啊啊啊"]) == [Span(0, 4)]


def test_synonyms_match_by_their_common_form(with_dictionary: Tokenizer) -> None:
    text = "新冠肺炎即COVID-19；机器学习（machine learning），html"
    assert matched(with_dictionary, text, ["covid-19", "machine_learning"]) == [
        "新冠肺炎",
        "COVID-19",
        "机器学习",
        "machine learning",
    ]


@settings(deadline=None)
@given(texts)
@example(AWKWARD * 3)
@example("a" + "\u0316" * 200)
def test_words_of_any_text_are_clean(tokenizer: Tokenizer, text: str) -> None:
    words = tokenizer.words(text)
    for word in words:
        assert 1 <= len(word) <= 64
        assert regex.search(r"[\p{L}\p{N}]", word)
        assert not regex.search(r"[\p{C}\p{Z}\p{P}]", word.replace(".", ""))
    # Han may fold once more the second time; nothing else does.
    if not regex.search(r"\p{Han}", text):
        assert words == tokenizer.words(lexical_fold(text))


@settings(deadline=None)
@given(texts)
@example("a\u0301 b\u0301")
def test_every_word_of_a_text_is_found_in_it(tokenizer: Tokenizer, text: str) -> None:
    for word in set(tokenizer.words(text)):
        assert len(word) == 64 or tokenizer.matches(text, [word]), word


@settings(deadline=None)
@given(texts, st.lists(texts, max_size=5))
def test_matches_of_anything_are_spans_in_order(tokenizer: Tokenizer, text: str, words: list[str]) -> None:
    end = 0
    for span in tokenizer.matches(text, words):
        assert end <= span.start < span.end <= len(text)
        end = span.end


@pytest.mark.parametrize("unit", ["a", "啊", "鼐龘", "1,", "한", "ก", "a\u0301", "a啊", "a "])
def test_a_large_text_of_one_kind_is_taken(tokenizer: Tokenizer, unit: str) -> None:
    text = unit * (100_000 // len(unit))
    words = tokenizer.words(text)
    assert sum(map(len, words)) >= 0.4 * len(text)
    assert tokenizer.matches(text, set(words))


def test_the_cache_is_ours_and_is_used(tmp_path: Path, tokenizer: Tokenizer) -> None:
    folder = tmp_path / "deep" / "cache"
    text = "市图书馆的开放时间"
    assert Tokenizer(folder).words(text) == tokenizer.words(text)
    [cache] = folder.iterdir()
    stamp = cache.stat().st_mtime_ns
    assert Tokenizer(folder).words(text) == tokenizer.words(text)
    assert cache.stat().st_mtime_ns == stamp
    cache.write_bytes(cache.read_bytes()[:-100])
    assert Tokenizer(folder).words(text) == tokenizer.words(text)
    assert cache.stat().st_mtime_ns != stamp
    assert [path.name for path in folder.iterdir()] == [cache.name]


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with caplog.at_level(logging.WARNING):
        assert Tokenizer(blocked / "cache").words("图书馆") == tokenizer.words("图书馆")
    assert "could not be cached" in caplog.text


def test_processes_that_start_at_once_share_a_cache(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from qa_service.text.tokens import Tokenizer;"
        "print('/'.join(Tokenizer(pathlib.Path(sys.argv[1])).words('图书馆')))"
    )
    # -X dev and -W error would show any warning of jieba's import; stderr must stay empty.
    command = [sys.executable, "-W", "always", "-c", code, str(tmp_path)]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") for _ in "12"]
    for started in starts:
        output, errors = started.communicate()
        assert (output.strip(), errors) == ("图书/书馆/图书馆", "")
    assert len(list(tmp_path.iterdir())) == 1


def test_threads_share_a_tokenizer(tokenizer: Tokenizer) -> None:
    texts_ = [f"第{number}条关于图书馆的规定" for number in range(100)]
    alone = [tokenizer.words(text) for text in texts_]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tokenizer.words, texts_)) == alone
