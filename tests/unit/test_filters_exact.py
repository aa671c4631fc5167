"""A filtered question gives what scoring the admitted passages alone gives, whatever the filter lets through."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.filters.parsing import parse_filter
from qa_service.index import folding
from qa_service.index.admitted import Admitted
from qa_service.index.local_snapshot import LocalSnapshot
from qa_service.retrieval import ranking
from qa_service.retrieval.admission import Admission
from qa_service.retrieval.evidence import gather, word_query
from qa_service.retrieval.nomination import NOMINEES, Nominees, nominate_among
from qa_service.retrieval.query import Query
from qa_service.retrieval.ranking import Ranking, rank
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.store import collections, passages
from qa_service.store.passages import Candidate
from qa_service.text.fold import encoder_fold
from tests.conftest import article

QUESTION = "第7号仓库的管理员姓什么?仓库里有多少箱货物?"
GOODS = ("苹果", "钢管", "棉布", "瓷器", "茶叶", "纸张", "玻璃")
COUNT = 420
NO_KEYS = np.empty(0, dtype=np.int64)


def metadata(n: int, version: int = 0) -> dict[str, Any]:
    return {"n": n, "tags": [GOODS[n % 7], GOODS[n % 3]], "even": n % 2 == 0, "version": version}


def text(n: int, version: int = 0) -> str:
    lines = [f"第{n}号仓库存放着{n * 7 + version}箱{GOODS[n % 7]}。", f"仓库的管理员姓{'王李张赵'[n % 4]}。"]
    # Some articles have several passages.
    extra = [f"第{n}号仓库第{row}排放着{GOODS[(n + row) % 7]}。" for row in range(90 if n % 40 == 0 else n % 5)]
    return "".join(lines + extra)


def submission(n: int, version: int = 0) -> Any:
    return article(f"a{n}", text(n, version), metadata=metadata(n, version), published_at=f"2024-01-{n % 28 + 1:02}")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Engine]:
    """A base, several chunks after it, and dead passages in all of them."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("exact"), cache_dir=cache_dir, model="toy", min_confidence=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "COMPACT_PASSAGES", 300)
        opened = Engine.open(settings, ToyEncoder())
        list(opened.ingest(submission(n) for n in range(COUNT - 60)))
        patch.setattr(folding, "COMPACT_PASSAGES", 100_000)
        list(opened.ingest(submission(n) for n in range(COUNT - 60, COUNT)))
        list(opened.ingest(submission(n, version=1) for n in range(0, COUNT, 10)))
        for n in range(5, COUNT, 20):
            opened.delete_article("default", f"a{n}")
        yield opened
        opened.close()


def live() -> dict[int, dict[str, Any]]:
    """What the fixture leaves, by number."""
    gone = set(range(5, COUNT, 20))
    return {n: metadata(n, 1 if n % 10 == 0 else 0) for n in range(COUNT) if n not in gone}


class Brute:
    """Ranks the admitted passages by going through every list to its end."""

    def __init__(self, engine: Engine, few: int) -> None:
        self.engine = engine
        self.few = few
        snapshot = engine.opened.snapshot("default")
        assert snapshot is not None and snapshot.base is not None and snapshot.chunks and len(snapshot.dead)
        self.snapshot: LocalSnapshot = snapshot
        self.query = Query(
            QUESTION,
            engine.encoder.encode_queries([encoder_fold(QUESTION)])[0],
            engine.tokenizer.words(QUESTION),
        )

    def live(self, connection: Any) -> list[Candidate]:
        top = connection.execute("SELECT max(key) FROM passages").fetchone()[0]
        return passages.candidates(connection, list(range(1, top + 1)), self.snapshot.seq)

    def nominees(self, connection: Any, admits: Callable[[str], bool]) -> Nominees:
        """Score every admitted passage and take the best of each leg."""
        collection = collections.get(connection, "default")
        words = word_query(connection, collection, self.query.words)
        kept = [one for one in self.live(connection) if admits(one.article_id)]
        if not kept:
            return Nominees(NO_KEYS, NO_KEYS, NO_KEYS)
        everything = gather(self.query.vector, words, kept, self.engine.segments)
        keys = np.array([one.key for one in kept])
        nominees = {int(key) for scores in (everything.window, everything.sentence) for key in best(keys, scores)}
        if len(kept) <= self.few:
            matching = everything.lexical > 0
            nominees |= {int(key) for key in best(keys[matching], everything.lexical[matching])}
        else:
            nominees |= self.by_words(set(keys.tolist()), words)
        return Nominees(np.array(sorted(nominees)), NO_KEYS, NO_KEYS)

    def by_words(self, kept: set[int], words: Any) -> set[int]:
        """The base and the chunks each nominate by words with statistics of their own."""
        assert self.snapshot.base is not None
        terms = sorted(words.idf)
        lists = [self.snapshot.base.words.search(terms, 10_000)]
        lists += [chunk.words.search(words, terms, 10_000) for chunk in self.snapshot.chunks]
        return {key for hits in lists for key in [k for k in hits.keys.tolist() if k in kept][:NOMINEES]}


def best(keys: Any, scores: Any) -> list[int]:
    return [key for _, key in sorted(zip(-np.round(scores, 6), keys, strict=True))][:NOMINEES]


def found(one: Ranking) -> list[tuple[int, float, float, float]]:
    if one.evidence is None:
        return []
    rows = zip(one.evidence.candidates, one.fused, one.evidence.dense, one.evidence.lexical, strict=True)
    flat = [(row.key, round(float(a), 5), round(float(b), 5), round(float(c), 5)) for row, a, b, c in rows]
    return [flat[place] for place in one.order]


FILTERS: list[tuple[str, dict[str, Any], Callable[[int, dict[str, Any]], bool]]] = [
    ("one article", {"type": "eq", "key": "article_id", "value": "a7"}, lambda n, _: n == 7),
    ("one deleted", {"type": "eq", "key": "article_id", "value": "a25"}, lambda n, _: n == 25),
    ("replaced", {"type": "eq", "key": "version", "value": 1}, lambda _, m: m["version"] == 1),
    ("what was replaced", {"type": "and", "filters": [
        {"type": "eq", "key": "version", "value": 0}, {"type": "in", "key": "n", "value": [0, 10, 20, 7]}
    ]}, lambda n, _: n == 7),
    ("a tenth", {"type": "lt", "key": "n", "value": 42}, lambda n, _: n < 42),
    ("a list", {"type": "eq", "key": "tags", "value": "茶叶"}, lambda _, m: "茶叶" in m["tags"]),
    ("half", {"type": "eq", "key": "even", "value": True}, lambda _, m: m["even"]),
    ("most", {"type": "ne", "key": "n", "value": 7}, lambda n, _: n != 7),
    ("all", {"type": "not_empty", "key": "n"}, lambda *_: True),
    ("days", {"type": "before", "key": "published_at", "value": "2024-01-15"}, lambda n, _: n % 28 + 1 < 15),
    ("none", {"type": "gt", "key": "n", "value": COUNT}, lambda *_: False),
]  # fmt: skip


@pytest.mark.parametrize("few", [0, 150, 100_000])
@pytest.mark.parametrize(("tree", "admits"), [row[1:] for row in FILTERS], ids=[row[0] for row in FILTERS])
def test_equal_to_brute_force(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    tree: dict[str, Any],
    admits: Callable[[int, dict[str, Any]], bool],
) -> None:
    monkeypatch.setattr(ranking, "FEW_ADMITTED", few)
    expected_ids = {f"a{n}" for n, given in live().items() if admits(n, given)}
    brute = Brute(engine, few)
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
        admitted = Admission().admitted(connection, collection, brute.snapshot, parse_filter(tree))
        assert admitted is not None
        # Which way it goes is by what the table knows, the dead included.
        brute.few = 100_000 if len(admitted.keys) <= few else 0
        given = rank(connection, engine.segments, collection, brute.snapshot, brute.query, Stopwatch(), admitted)
        nominees = brute.nominees(connection, expected_ids.__contains__)
        for way in ("nominate", "nominate_among"):
            monkeypatch.setattr(ranking, way, lambda *_: nominees)
        expected = rank(connection, engine.segments, collection, brute.snapshot, brute.query, Stopwatch())
    assert found(given) == found(expected)
    if expected_ids:
        assert len(found(given)) >= min(len(expected_ids), NOMINEES)


def test_a_filter_that_admits_all_changes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "FEW_ADMITTED", 0)
    brute = Brute(engine, 0)
    tree = parse_filter({"type": "empty", "key": "nowhere"})
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
        admitted = Admission().admitted(connection, collection, brute.snapshot, tree)
        filtered = rank(connection, engine.segments, collection, brute.snapshot, brute.query, Stopwatch(), admitted)
        plain = rank(connection, engine.segments, collection, brute.snapshot, brute.query, Stopwatch())
    assert found(filtered) == found(plain)


def test_scoring_all_and_asking_the_indexes_nominate_the_same(engine: Engine) -> None:
    brute = Brute(engine, 0)
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
        tree = parse_filter({"type": "lt", "key": "n", "value": 300})
        admitted = Admission().admitted(connection, collection, brute.snapshot, tree)
        assert admitted is not None
        some = passages.candidates(connection, admitted.keys.tolist(), brute.snapshot.seq)
        words = word_query(connection, collection, brute.query.words)
    for one in some[::20]:
        # The window's own vector is nearer to it than any sentence's.
        query = Query("", engine.segments.read(one.block)[0], [])
        nominees = nominate_among(some, engine.segments, query, words)
        assert nominees.windows[0] == one.key
        by_key = {each.key: engine.segments.read(each.block) @ query.vector for each in some}
        for given, expected, part in [
            (nominees.windows, brute.snapshot.nominate_windows(query.vector, NOMINEES, admitted), slice(0, 1)),
            (nominees.sentences, brute.snapshot.nominate_sentences(query.vector, NOMINEES, admitted), slice(1, None)),
        ]:
            assert len(set(given.tolist())) == NOMINEES
            # Cosines that differ in the last digit only may change places.
            near = [[by_key[key][part].max() for key in keys.tolist()] for keys in (given, expected)]
            assert near[0] == pytest.approx(near[1], abs=1e-6)


def test_what_a_question_is_farthest_from_is_found_too(engine: Engine) -> None:
    """A filter may admit just what the question is not about: the depth guessed from its share is not enough."""
    brute = Brute(engine, 0)
    vector = brute.query.vector
    for nominate in (brute.snapshot.nominate_windows, brute.snapshot.nominate_sentences):
        every = nominate(vector, 100_000)
        for count in (1, 30, 120, 240):
            admitted = Admitted(np.sort(every[-count:]), len(every))
            assert nominate(vector, 20, admitted).tolist() == every[-count:][:20].tolist()


def test_random_filters_admit_what_plain_python_admits(engine: Engine) -> None:
    chance = random.Random(4)
    articles = live()

    def leaf() -> tuple[dict[str, Any], Callable[[int], bool]]:
        n, tag = chance.randrange(COUNT), chance.choice(GOODS)
        many = [chance.randrange(COUNT) for _ in range(5)]
        return chance.choice([
            ({"type": "gt", "key": "n", "value": n}, lambda k: articles[k]["n"] > n),
            ({"type": "lte", "key": "n", "value": str(n)}, lambda k: articles[k]["n"] <= n),
            ({"type": "eq", "key": "tags", "value": tag}, lambda k: tag in articles[k]["tags"]),
            ({"type": "ne", "key": "tags", "value": tag}, lambda k: tag not in articles[k]["tags"]),
            ({"type": "in", "key": "n", "value": many}, lambda k: k in many),
            ({"type": "nin", "key": "article_id", "value": [f"a{m}" for m in many]}, lambda k: k not in many),
            ({"type": "eq", "key": "even", "value": n % 2 == 0}, lambda k: articles[k]["even"] == (n % 2 == 0)),
            ({"type": "ends_with", "key": "document_id", "value": str(n % 10)}, lambda k: k % 10 == n % 10),
        ])  # fmt: skip

    def tree(depth: int) -> tuple[dict[str, Any], Callable[[int], bool]]:
        if depth == 0 or chance.random() < 0.3:
            return leaf()
        parts = [tree(depth - 1) for _ in range(chance.randint(1, 3))]
        kind = chance.choice(["and", "or"])
        join = all if kind == "and" else any
        return {"type": kind, "filters": [part for part, _ in parts]}, lambda k: join(test(k) for _, test in parts)

    brute, admission = Brute(engine, 0), Admission()
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
        shown = {one.key: one.article_id for one in brute.live(connection)}
        sizes = set()
        for _ in range(150):
            given, test = tree(3)
            admitted = admission.admitted(connection, collection, brute.snapshot, parse_filter(given))
            assert admitted is not None
            ids = {shown[key] for key in admitted.keys.tolist() if key in shown}
            assert ids == {f"a{n}" for n in articles if test(n)}, given
            sizes.add(len(ids))
    assert len(sizes) > 50
