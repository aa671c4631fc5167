"""The parts of the index in Milvus that need no Milvus."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qa_service.config import load_settings
from qa_service.errors import ConfigError, Damaged, Incompatible, Unavailable
from qa_service.index.admitted import Admitted
from qa_service.index.bm25 import Hits, WordQuery
from qa_service.index.manifest import Versions
from qa_service.index.milvus.breaker import REST_S, Breaker
from qa_service.index.milvus.connection import ensure_installed
from qa_service.index.milvus.publication import Departed, Publication
from qa_service.index.milvus.rows import _short, sentence_keys
from qa_service.index.milvus.schema import HNSW_AT_MOST, LEAST_EF, Layout, search_params
from qa_service.index.milvus.snapshot import MOST_LISTED, MilvusSnapshot
from qa_service.milvus_address import parse

VERSIONS = Versions(*"abc", 64, *"defghijk")


@pytest.mark.parametrize(
    ("given", "uri", "database", "token"),
    [
        ("milvus://db.example", "http://db.example:19530", "default", ""),
        ("milvus://127.0.0.1:1234/articles", "http://127.0.0.1:1234", "articles", ""),
        ("milvuss://me:a%40b@db.example:443/x_1", "https://db.example:443", "x_1", "me:a@b"),
        ("milvus://[::1]:5/d", "http://[::1]:5", "d", ""),
    ],
)
def test_an_address_is_read(given: str, uri: str, database: str, token: str) -> None:
    found = parse(given)
    assert (found.uri, found.database, found.token) == (uri, database, token)
    assert "a@b" not in f"{found} {found!r}"


@pytest.mark.parametrize(
    "given", ["", "http://x", "milvus://", "milvus://x:port/d", "milvus://x/a-b", "milvus://x/a/b", "milvus://x/a?b=1"]
)
def test_what_is_no_address_is_refused_with_the_form_it_has(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(given)
    assert caught.value.field == "QA_INDEX"
    assert "milvus://host:port/database" in str(caught.value.remedy)


def test_a_wrong_setting_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_INDEX", "milvus://me:geheim@x/a-b")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "QA_INDEX" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_the_remedy_names_what_has_to_be_encoded() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("milvus://me:12/geheim@x")
    assert "%2F" in str(caught.value.remedy)


def test_without_the_client_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pymilvus", None)
    with pytest.raises(ConfigError) as caught:
        ensure_installed()
    assert "qa-service[milvus]" in str(caught.value.remedy)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_after_a_failure_nobody_asks_for_a_while_and_then_one() -> None:
    clock = Clock()
    breaker = Breaker(lambda: Unavailable("away"), clock)
    calls = 0

    def call(*, fails: bool) -> None:
        nonlocal calls
        with breaker.call(Unavailable):
            calls += 1
            if fails:
                raise Unavailable("down")

    call(fails=False)
    with pytest.raises(Unavailable, match="down"):
        call(fails=True)
    with pytest.raises(Unavailable, match="away"):
        call(fails=False)
    assert (calls, breaker.trips) == (2, 1)
    clock.now += REST_S
    with breaker.call(Unavailable), pytest.raises(Unavailable, match="away"):
        call(fails=False)  # while another tries
    call(fails=False)
    assert (calls, breaker.trips) == (3, 1)


def test_another_error_says_that_the_server_is_there() -> None:
    breaker = Breaker(lambda: Unavailable("away"))
    with pytest.raises(KeyError), breaker.call(Unavailable):
        raise KeyError
    with breaker.call(Unavailable):
        pass
    assert breaker.trips == 0


def test_many_threads_that_fail_at_once_are_one_outage() -> None:
    breaker = Breaker(lambda: Unavailable("away"))
    together = threading.Barrier(8)

    def call() -> None:
        with pytest.raises(Unavailable), breaker.call(Unavailable):
            together.wait(10)
            raise Unavailable("down")

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert breaker.trips == 1


def published(**given: Any) -> Publication:
    return replace(Publication(3, 17, "2026-01-01T00:00:00+00:00", VERSIONS, 2, last_key=50), **given)


def test_a_record_is_read_as_it_was_written() -> None:
    one = published(departed=(Departed(3, 17.5, (4, 9)),), written={"windows": 5}, retired=(1,))
    assert Publication.parse(one.to_json(), "s") == replace(one, stamp="s")
    assert Publication.parse(one.to_json(), "s").name == "3-17-m2"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 2, "versions": {}, "departed": []}'])
def test_a_record_that_is_none_is_damaged(text: str) -> None:
    with pytest.raises(Damaged):
        Publication.parse(text, "s")


def test_a_record_of_a_later_version_is_refused() -> None:
    with pytest.raises(Incompatible):
        Publication.parse('{"format": 3}', "s")


def test_the_index_goes_by_size_unless_it_is_named() -> None:
    assert Layout().index_kind(HNSW_AT_MOST) == "hnsw"
    assert Layout().index_kind(HNSW_AT_MOST + 1) == "diskann"
    assert Layout("hnsw_sq8").index_kind(10**9) == "hnsw_sq8"
    assert search_params("hnsw", 100)["params"] == {"ef": LEAST_EF}
    assert search_params("diskann", 1000)["params"] == {"search_list": 2000}


def test_a_long_text_is_cut_between_characters() -> None:
    cut = _short("汉" * 40_000)
    assert len(cut.encode()) == 65_535
    assert set(cut) == {"汉"}
    assert _short("汉") == "汉"
    assert sentence_keys(2, 3) == [2048, 2049, 2050]


class Rows:
    """Stands in for Milvus: gives keys from a list, and notes what it was asked."""

    def __init__(self, keys: list[int]) -> None:
        self.keys = keys
        self.asked: list[tuple[int, str]] = []

    def search(self, _name: str, _field: str, _query: object, limit: int, **given: Any) -> Hits:
        self.asked.append((limit, given["expression"]))
        keys = np.array(self.keys[:limit], dtype=np.int64)
        return Hits(keys, np.linspace(1, 0, len(keys), dtype=np.float32))


def snapshot(rows: Rows, **given: Any) -> MilvusSnapshot:
    return MilvusSnapshot(published(**given), rows, None, "w", "s")  # type: ignore[arg-type]


WORDS = WordQuery({1: 2.0}, 2.0, 2.0, 10.0, {"词": 2.0})


def test_what_is_dead_or_not_yet_published_is_left_out_and_others_are_looked_for() -> None:
    rows = Rows([7, 51, 99, 8, 9, 10, 11, 12])
    found = snapshot(rows, departed=(Departed(3, 17.5, (9,)), Departed(4, 18.5, (8,)))).nominate_words(WORDS, 2)
    assert found.tolist() == [7, 10, 11, 12]
    assert [limit for limit, _ in rows.asked] == [6, 24]


def test_a_narrow_filter_names_its_articles_and_a_wide_one_those_it_leaves_out() -> None:
    keys = np.arange(1, 40, dtype=np.int64)
    few, many = np.array([2, 3], dtype=np.int64), np.arange(100_000, dtype=np.int64)
    for articles, others, expression in (
        (few, many, "article in [2, 3]"),
        (many, few, "article not in [2, 3]"),
        (many, many, ""),
        (few[:0], many, "article in []"),
    ):
        rows = Rows([1, 2, 3])
        snapshot(rows).nominate_words(WORDS, 3, Admitted(keys, 40, articles, others))
        assert rows.asked[0][1] == expression
    assert len(few) < MOST_LISTED < len(many)


def test_a_filter_that_cannot_be_named_is_kept_to_all_the_same() -> None:
    many = np.arange(100_000, dtype=np.int64)
    rows = Rows(list(range(1, 41)))
    found = snapshot(rows).nominate_words(WORDS, 3, Admitted(np.array([30, 35, 40], dtype=np.int64), 40, many, many))
    assert found.tolist() == [30, 35, 40]
    assert rows.asked[0][0] > 3


def test_many_articles_that_are_a_small_part_are_named_part_by_part() -> None:
    articles, others = np.arange(2 * MOST_LISTED + 5, dtype=np.int64), np.arange(100_000, dtype=np.int64)
    rows = Rows([7, 8, 9])
    found = snapshot(rows).nominate_words(WORDS, 3, Admitted(np.array([8, 9], dtype=np.int64), 10**9, articles, others))
    assert set(found.tolist()) == {8, 9}
    asked = [expression for _, expression in rows.asked]
    assert len(asked) == 3
    named = [int(number) for one in asked for number in one.removeprefix("article in [")[:-1].split(", ")]
    assert named == articles.tolist()


def test_without_words_or_passages_nothing_is_asked() -> None:
    rows = Rows([1])
    assert not len(snapshot(rows).nominate_words(WordQuery({}, 0.0, 0.0, 1.0), 3))
    assert not len(snapshot(rows, build=0).nominate_words(WORDS, 3))
    assert rows.asked == []
