"""What the benchmarks compute by themselves: made articles, exact search, chunks for other systems, percentiles."""

from __future__ import annotations

import numpy as np
import pytest
from peers_sets import chunks_of
from scale_exact import Leg, _Best, nearest
from scale_source import Real, Source, factor, make_source
from scale_synthetic import MOST_PASSAGES, SENTENCES, WORDS, MadeArticle, Maker, unit
from served import percentile

from qa_service.config import Settings
from qa_service.text.tokens import Tokenizer
from qa_service.text.units import describe
from qa_service.types import Span

DIM = 12
TEXTS = [
    f"{place}的河流从北方的山地流向南方的平原。当地居民在{year}年建造了石桥，桥长{year % 97}米！"
    f"这座桥由{place}的工匠设计，连接了两岸的集市和码头。每年春天，人们都在河边举行庆祝活动。"
    for place, year in (("北京", 1905), ("上海", 1911), ("广州", 1923), ("成都", 1931), ("西安", 1948), ("武汉", 1956))
]


@pytest.fixture(scope="module")
def real() -> Real:
    random = np.random.default_rng(3)
    mean = np.eye(DIM)[0] * 2
    effects = random.normal(size=(60, DIM)) * 0.3
    owner = np.repeat(np.arange(60), 5)
    sentences = unit((mean + effects[owner] + random.normal(size=(300, DIM)) * 0.4).astype(np.float32))
    means = np.add.reduceat(sentences, np.arange(0, 300, 5)) / 5
    windows = unit((means + random.normal(size=(60, DIM)) * 0.1).astype(np.float32))
    return Real(windows, sentences, owner, np.arange(60) // 10, TEXTS)


@pytest.fixture
def source(real: Real, settings: Settings) -> Source:
    return make_source(real, Tokenizer(settings.cache_dir), "fingerprint")


@pytest.fixture
def made(source: Source) -> list[MadeArticle]:
    return Maker(source, seed=5).batch(0, 400)


def test_a_batch_depends_on_seed_and_number_alone(source: Source, made: list[MadeArticle]) -> None:
    again, other = Maker(source, seed=5), Maker(source, seed=6)
    assert [one.text for one in again.batch(0, 400)] == [one.text for one in made]
    assert all((a.vectors[0] == b.vectors[0]).all() for a, b in zip(again.batch(0, 400), made, strict=True))
    assert again.batch(1, 400)[0].text != made[0].text != other.batch(0, 400)[0].text
    assert not {one.id for one in again.batch(1, 400)} & {one.id for one in made}


def test_made_articles_have_the_sizes_asked_for(made: list[MadeArticle]) -> None:
    passages = [passage for one in made for passage in one.passages]
    assert len(passages) == 400
    assert {len(one.passages) for one in made} <= set(range(1, MOST_PASSAGES + 1))
    assert np.mean([len(one.sentences) for one in passages]) == pytest.approx(SENTENCES, rel=0.1)
    assert np.mean([one.frequencies.sum() for one in passages]) == pytest.approx(WORDS, rel=0.2)
    for one in made:
        for passage, block in zip(one.passages, one.vectors, strict=True):
            assert block.shape == (len(passage.sentences) + 1, DIM)
            assert np.linalg.norm(block, axis=1) == pytest.approx(np.ones(len(block)), abs=1e-5)


def test_what_is_stored_of_a_sentence_is_what_its_text_gives(made: list[MadeArticle], source: Source) -> None:
    names = source.vocabulary.names
    for one in made[:40]:
        spans = [Span(*span) for passage in one.passages for span in passage.sentences]
        assert all(one.text[span.start : span.end].endswith("。") for span in spans)
        described = [(unit.print, unit.length, unit.kind) for unit in describe(one.text, [(s, s) for s in spans])]
        assert described == [unit for passage in one.passages for unit in passage.units]
        for passage in one.passages:
            text = one.text[passage.sentences[0][0] : passage.sentences[-1][1]].lower()
            assert all(names[word] in text for word in passage.words.tolist())


def test_made_vectors_have_the_mean_and_spread_of_the_real_ones(made: list[MadeArticle], real: Real) -> None:
    blocks = [block for one in made for block in one.vectors]
    for found, wanted in (
        (np.concatenate([block[1:] for block in blocks]), real.sentences),
        (np.stack([block[0] for block in blocks]), real.windows),
    ):
        assert found.mean(axis=0) == pytest.approx(wanted.mean(axis=0), abs=0.06)
        assert np.sqrt(found.var(axis=0).sum()) == pytest.approx(np.sqrt(wanted.var(axis=0).sum()), rel=0.15)


def test_a_window_is_nearest_to_its_own_sentences(made: list[MadeArticle]) -> None:
    blocks = [block for one in made for block in one.vectors][:100]
    means = unit(np.stack([block[1:].mean(axis=0) for block in blocks]))
    windows = np.stack([block[0] for block in blocks])
    own = (windows * means).sum(axis=1).mean()
    assert own > (windows @ means.T).mean() + 0.02


def test_a_factor_gives_its_covariance_back() -> None:
    covariance = np.cov(np.random.default_rng(0).normal(size=(DIM, 50)))
    made = factor(covariance)
    assert made.T @ made == pytest.approx(covariance, abs=1e-5)


def test_the_best_of_several_parts_are_the_best_of_all() -> None:
    random = np.random.default_rng(1)
    cosines, keys = random.random((3, 2000), dtype=np.float32), random.integers(0, 500, size=2000)
    best = _Best(3)
    for first in range(0, 2000, 300):
        best.add(cosines[:, first : first + 300], keys[first : first + 300])
    leg = best.leg()
    order = np.argsort(-cosines, axis=1)[:, : leg.keys.shape[1]]
    assert (leg.keys == keys[order]).all()
    assert (leg.cosines == np.take_along_axis(cosines, order, axis=1)).all()


def test_passages_of_a_leg_are_distinct_and_in_order() -> None:
    leg = Leg(np.array([[7, 7, 3, 7, 9, 1]]), np.ones((1, 6), dtype=np.float32))
    assert leg.passages(0, 3) == {7, 3, 9}


def test_nearest_leaves_the_vector_itself_out() -> None:
    vectors = unit(np.random.default_rng(2).normal(size=(200, DIM)).astype(np.float32))
    assert nearest(vectors, vectors)["top 1"][0] == pytest.approx(1)
    assert nearest(vectors, vectors, own=True)["top 1"][2] < 1


def test_chunks_are_whole_sentences_as_many_as_fit() -> None:
    text = "一二三四。五六七八！九十。" + "长" * 25 + "。"
    chunks, owners = chunks_of([text, "另一篇。", "\n"], most=10)
    assert chunks == ["一二三四。五六七八！", "九十。", "长" * 10, "长" * 10, "长" * 5 + "。", "另一篇。"]
    assert owners == [0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentiles_are_values_that_were_measured(share: float, value: int) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == value
