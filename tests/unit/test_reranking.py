"""A reranker puts the first candidates in its own order, and changes nothing else."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from embeddings.reranker import Relevance, Reranker, load_reranker
from embeddings.toy import ToyEncoder, ToyReranker
from qa_service import assembly
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import ConfigError
from qa_service.retrieval.reranking import best_stretch
from qa_service.types import Ask
from tests.conftest import add

QUESTION = "青河仓库存放着多少箱货物?"
STORES = {f"a{n}": f"青河仓库存放着{n}箱货物。第{n}号管理员姓{family}。" for n, family in enumerate("赵钱孙李周吴郑王")}


class Scripted:
    """Scores each passage by a function of its text, and remembers what it was given."""

    name = "scripted"

    def __init__(self, score: Callable[[str], float], max_tokens: int = 10_000) -> None:
        self._score = score
        self._toy = ToyReranker(max_tokens)
        self.given: list[tuple[str, list[str]]] = []

    def room(self, query: str) -> int:
        return self._toy.room(query)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._toy.count_tokens(texts)

    def score(self, query: str, passages: Sequence[str]) -> Relevance:
        self.given.append((query, list(passages)))
        return np.array([self._score(passage) for passage in passages], dtype=np.float32)


def boxes(passage: str) -> float:
    """Score by the number of boxes: an order that nothing else would give."""
    return float(passage.partition("存放着")[2].partition("箱")[0])


@contextmanager
def reranked(settings: Settings, reranker: Reranker | None, depth: int = 20) -> Iterator[Engine]:
    """Open an engine on the same articles, with a reranker or without."""
    with pytest.MonkeyPatch.context() as patch:
        if reranker is not None:
            patch.setattr(assembly, "load_reranker", lambda _: reranker)
        engine = Engine.open(settings.model_copy(update={"rerank_depth": depth}), ToyEncoder())
    try:
        yield engine
    finally:
        engine.close()


def ids(engine: Engine, top_k: int = 50, question: str = QUESTION) -> list[str]:
    return [passage.article_id for passage in engine.ask(Ask(question, top_k=top_k)).passages]


@pytest.fixture
def plain(settings: Settings) -> list[str]:
    """Give the order without a reranker."""
    with reranked(settings, None) as engine:
        add(engine, STORES)
        found = ids(engine)
    assert sorted(found) == sorted(STORES)
    assert found != sorted(STORES, reverse=True)
    return found


def test_the_reranker_decides_the_order(settings: Settings, plain: list[str]) -> None:
    with reranked(settings, Scripted(boxes)) as engine:
        result = engine.ask(Ask(QUESTION, top_k=50))
        assert [passage.article_id for passage in result.passages] == sorted(STORES, reverse=True)
        scores = [passage.score for passage in result.passages]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert result.confidence == scores[0]
        assert result.answer is not None
        assert result.answer.article_id == "a7"
        assert result.timings_ms["rerank"] >= 0


def test_what_it_does_not_read_follows_as_it_was(settings: Settings, plain: list[str]) -> None:
    reranker = Scripted(boxes)
    with reranked(settings, reranker, depth=3) as engine:
        assert ids(engine) == [*sorted(plain[:3], reverse=True), *plain[3:]]
    [(_, passages)] = reranker.given
    assert [boxes(passage) for passage in passages] == [float(name[1:]) for name in plain[:3]]


def test_equal_scores_keep_the_order(settings: Settings, plain: list[str]) -> None:
    with reranked(settings, Scripted(lambda _: 1.0)) as engine:
        assert ids(engine) == plain
    with reranked(settings, Scripted(lambda passage: boxes(passage) // 4)) as engine:
        high, low = ("a4", "a5", "a6", "a7"), ("a0", "a1", "a2", "a3")
        assert ids(engine) == [*(name for name in plain if name in high), *(name for name in plain if name in low)]


def test_results_do_not_depend_on_top_k(settings: Settings, plain: list[str]) -> None:
    with reranked(settings, Scripted(boxes), depth=4) as engine:
        many = engine.ask(Ask(QUESTION, top_k=50))
        for top_k in (1, 3, 5):
            few = engine.ask(Ask(QUESTION, top_k=top_k))
            assert few.passages == many.passages[:top_k]
            assert (few.confidence, few.answer) == (many.confidence, many.answer)


def test_articles_are_ranked_by_it_too(settings: Settings, plain: list[str]) -> None:
    with reranked(settings, Scripted(boxes), depth=3) as engine:
        ranking = engine.rank(QUESTION)
        assert [article_id for article_id, _ in ranking] == ids(engine)
        scores = [score for _, score in ranking]
        assert scores == sorted(scores, reverse=True)
        assert len(set(scores[:4])) == 4


def test_ties_of_the_reranker_are_ties_of_articles(settings: Settings, plain: list[str]) -> None:
    with reranked(settings, Scripted(lambda _: -3.5), depth=4) as engine:
        scores = [score for _, score in engine.rank(QUESTION)]
    assert len(set(scores[:4])) == 1
    assert scores[3] > scores[4]


def test_explain_tells_its_score_and_rank(settings: Settings, plain: list[str]) -> None:
    with reranked(settings, Scripted(boxes), depth=2) as engine:
        explain = engine.ask(Ask(QUESTION, top_k=3, explain=True)).explain
    assert explain is not None
    found = [passage["reranker"] for passage in explain["passages"]]  # type: ignore[attr-defined]
    best = sorted((float(name[1:]) for name in plain[:2]), reverse=True)
    assert found == [{"score": best[0], "rank": 1}, {"score": best[1], "rank": 2}, None]


def test_it_reads_repaired_simplified_text_without_furniture(settings: Settings) -> None:
    reranker = Scripted(len)
    with reranked(settings, reranker) as engine:
        text = "第二社區醫院的院長責(zé)任很重。\n\n首页 | 新闻 | 联系我们 | 网站地图\n\n院長是林月華。"
        add(engine, {"a": text})
        engine.ask(Ask("第二社區醫院的院長是誰?"))
        [(query, [passage])] = reranker.given
        [stored] = engine.article("default", "a").passages
        assert len(stored.omitted) == 1
    assert query == "第二社区医院的院长是谁?"
    assert "".join(passage.split()) == "第二社区医院的院长责任很重。院长是林月华。"


def test_of_a_long_passage_it_reads_the_part_around_the_best_sentence(settings: Settings) -> None:
    filler = [f"会议第{n}项议程讨论了道路绿化问题。" for n in range(12)]
    text = "".join([*filler[:6], "图书馆馆长是陈海棠。", *filler[6:]])
    reranker = Scripted(len, max_tokens=60)
    with reranked(settings, reranker) as engine:
        add(engine, {"a": text})
        assert len(engine.article("default", "a").passages) == 1
        engine.ask(Ask("图书馆馆长是谁?"))
        [(query, [passage])] = reranker.given
    assert passage in text
    assert "图书馆馆长是陈海棠。" in passage
    assert reranker.room(query) - 18 < reranker.count_tokens([passage])[0] <= reranker.room(query)


def test_equal_texts_are_read_once(settings: Settings) -> None:
    reranker = Scripted(boxes)
    with reranked(settings, reranker) as engine:
        add(engine, {"x": STORES["a1"], "y": STORES["a1"], "z": STORES["a2"]})
        [first, second] = engine.ask(Ask(QUESTION)).passages
        assert (first.article_id, second.article_id) == ("z", "x")
        assert [copy.article_id for copy in second.also_in] == ["y"]
        assert [name for name, _ in engine.rank(QUESTION)] == ["z", "x", "y"]
        assert engine.readiness().warnings == ()
    assert all(len(passages) == 2 for _, passages in reranker.given)


class Broken(Scripted):
    """Fails while `broken`, in the manner given."""

    def __init__(self, failure: Callable[[Sequence[str]], Relevance]) -> None:
        super().__init__(boxes)
        self.broken = True
        self._failure = failure

    def score(self, query: str, passages: Sequence[str]) -> Relevance:
        return self._failure(passages) if self.broken else super().score(query, passages)


def _raise(_: Sequence[str]) -> Relevance:
    raise RuntimeError("out of memory\nERROR a forged line")


@pytest.mark.parametrize(
    "failure",
    [
        _raise,
        lambda passages: np.full(len(passages), np.nan, dtype=np.float32),
        lambda passages: np.zeros(len(passages) + 1, dtype=np.float32),
    ],
    ids=["raises", "not a number", "wrong shape"],
)
def test_a_failure_costs_no_answer(
    settings: Settings,
    plain: list[str],
    caplog: pytest.LogCaptureFixture,
    failure: Callable[[Sequence[str]], Relevance],
) -> None:
    reranker = Broken(failure)
    with reranked(settings, reranker) as engine, caplog.at_level(logging.WARNING):
        assert engine.readiness().warnings == ()
        assert ids(engine) == ids(engine) == plain
        assert [name for name, _ in engine.rank(QUESTION)] == plain
        [record] = caplog.records
        assert "\n" not in record.getMessage()
        assert engine.readiness().ready
        [warning] = engine.readiness().warnings
        assert warning.startswith("answers come without the reranker: ")
        reranker.broken = False
        assert ids(engine) == sorted(STORES, reverse=True)
        assert engine.readiness().warnings == ()
        reranker.broken = True
        assert ids(engine) == plain
        assert len(caplog.records) == 2


def test_without_passages_it_is_not_asked(settings: Settings) -> None:
    reranker = Scripted(_raise)  # type: ignore[arg-type]
    with reranked(settings, reranker) as engine:
        result = engine.ask(Ask(QUESTION))
        assert (result.passages, engine.rank(QUESTION), reranker.given) == ((), [], [])


def test_the_setting_switches_it_on(settings: Settings, plain: list[str]) -> None:
    engine = Engine.open(settings.model_copy(update={"reranker": "toy"}), ToyEncoder())
    assert "rerank" in engine.ask(Ask(QUESTION)).timings_ms
    engine.close()
    engine = Engine.open(settings.model_copy(update={"reranker": "toy"}), ToyEncoder(), asking=False)
    assert "rerank" not in engine.ask(Ask(QUESTION)).timings_ms
    engine.close()


@pytest.mark.parametrize("name", [None, ""])
def test_off_it_changes_nothing(settings: Settings, plain: list[str], name: str | None) -> None:
    assert assembly.load_reranker(settings.model_copy(update={"reranker": name})) is None
    with reranked(settings.model_copy(update={"reranker": name}), None) as engine:
        result = engine.ask(Ask(QUESTION, explain=True))
        assert "rerank" not in result.timings_ms
        assert result.explain is not None
        assert "reranker" not in result.explain["passages"][0]  # type: ignore[index]


OFF = """
import sys
from pathlib import Path
from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.types import Ask, Submission

home = Path(sys.argv[1])
engine = Engine.open(Settings(data_dir=home / "data", cache_dir=Path(sys.argv[2])), ToyEncoder())
assert [o.outcome for o in engine.ingest([Submission("有字。".encode(), id="a")])] == ["created"]
assert engine.ask(Ask("有字?")).passages
found = {"embeddings.cross_encoder", "sentence_transformers", "transformers", "torch"} & set(sys.modules)
assert not found, found
engine.close()
"""


def test_off_it_imports_nothing(settings: Settings) -> None:
    home = str(settings.data_dir.parent)
    done = subprocess.run(
        [sys.executable, "-c", OFF, home, str(settings.cache_dir)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["/no/such/folder", "a/b/c", "not a name", "nobody/has-this-one", "a--b/c"])
def test_a_reranker_that_is_not_there_is_a_clear_error(settings: Settings, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Engine.open(settings.model_copy(update={"reranker": name}), ToyEncoder())
    assert caught.value.field == "QA_RERANKER"
    assert repr(name) in caught.value.detail
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("cosines", "lengths", "room", "expected"),
    [
        ([0.1, 0.9, 0.5], [5, 5, 5], 15, (0, 2)),
        ([0.1, 0.9, 0.5], [5, 5, 5], 10, (1, 2)),
        ([0.6, 0.9, 0.5], [5, 5, 5], 14, (0, 1)),
        ([0.6, 0.9, 0.5], [9, 5, 5], 10, (1, 2)),
        ([0.1, 0.9, 0.5], [5, 50, 5], 10, (1, 1)),
        ([0.9], [5], 1, (0, 0)),
    ],
)
def test_the_best_stretch(cosines: list[float], lengths: list[int], room: int, expected: tuple[int, int]) -> None:
    assert best_stretch(np.array(cosines, dtype=np.float32), lengths, room) == expected


def test_the_toy_prefers_the_passage_that_says_nothing_else() -> None:
    toy = load_reranker("toy")
    assert isinstance(toy, Reranker)
    assert isinstance(toy, ToyReranker)
    scores = toy.score("馆长是谁", ["馆长是谁呢", "馆长是陈海棠,他在图书馆工作", "疫苗", ""])
    assert scores.dtype == np.float32
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert scores[0] > scores[1] > scores[2] == scores[3] == 0
    assert (toy.calls, toy.passages_scored) == (1, 4)
    short = ToyReranker(max_tokens=8)
    assert short.score("馆长", ["一二三四馆长"])[0] > short.score("馆长", ["一二三四五馆长"])[0] == 0
