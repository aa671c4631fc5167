"""The second order of the best candidates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa_service.engine import Engine
from qa_service.index.bm25 import WordQuery
from qa_service.retrieval import refinement
from qa_service.retrieval.blended import BlendedWeights
from qa_service.retrieval.query import Query
from qa_service.retrieval.ranking import Ranking, rank
from qa_service.retrieval.refinement import FEATURES, refine, script_excess
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.store import collections
from qa_service.text.fold import encoder_fold
from qa_service.types import Submission

ONE = dict.fromkeys(FEATURES, 0.0)


def weighing(**weights: float) -> BlendedWeights:
    values = np.array([{**ONE, **weights}[name] for name in FEATURES])
    return BlendedWeights(values, values, "toy")


def asked(engine: Engine, question: str, texts: dict[str, str], weights: BlendedWeights) -> tuple[Ranking, Ranking]:
    """Rank a question over articles: before refinement and after."""
    submissions = [Submission(text.encode(), id=name, charset="utf-8") for name, text in texts.items()]
    list(engine.ingest(submissions, "c"))
    vector = engine.encoder.encode_queries([encoder_fold(question)])[0]
    query = Query(question, vector, engine.tokenizer.words(question))
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "c")
        before = rank(connection, engine.segments, collection, engine.opened.snapshot("c"), query, Stopwatch())
        return before, refine(before, Texts(connection), Stopwatch(), weights)


def names(ranking: Ranking) -> list[str]:
    assert ranking.evidence is not None
    return [ranking.evidence.candidates[place].article_id for place in ranking.order]


def test_a_number_of_the_question_puts_its_passage_first(engine: Engine) -> None:
    texts = {
        "old": "大桥在1998年通车，全长两公里。",
        "new": "大桥在2003年通车，全长两公里。",
        "other": "图书馆周一闭馆。",
    }
    _, refined = asked(engine, "2003年通车的是哪座桥？", texts, weighing(numbers=1.0))
    assert names(refined)[0] == "new"
    _, refined = asked(engine, "1998年通车的是哪座桥？", texts, weighing(numbers=1.0))
    assert names(refined)[0] == "old"


def test_without_evidence_the_order_stays(engine: Engine) -> None:
    texts = {f"a{number}": f"第{number}座桥在{1990 + number}年通车。" for number in range(30)}
    before, refined = asked(engine, "哪座桥在1995年通车？", texts, weighing())
    assert names(refined) == names(before)
    assert refined.refined is not None
    assert int((~np.isnan(refined.refined)).sum()) == refinement.DEPTH


def test_what_is_not_refined_stays_behind(engine: Engine) -> None:
    texts = {f"a{number}": f"第{number}座桥在{1990 + number}年通车。" for number in range(30)}
    before, refined = asked(engine, "哪座桥在1995年通车？", texts, weighing(window=-1.0))
    assert names(refined)[refinement.DEPTH :] == names(before)[refinement.DEPTH :]
    scores = refined.scores
    ordered = [float(scores[place]) for place in refined.order]
    assert ordered == sorted(ordered, reverse=True)


def test_equal_texts_score_exactly_alike(engine: Engine) -> None:
    texts = dict.fromkeys("abc", "大桥在1998年通车，全长两公里。") | {"d": "图书馆周一闭馆。"}
    weights = weighing(window=3.1, sentence=2.7, lexical=0.3, matched=1.3, numbers=0.7)
    _, refined = asked(engine, "大桥哪年通车？", texts, weights)
    assert names(refined)[:3] == ["a", "b", "c"]
    assert len({float(refined.scores[place]) for place in refined.order[:3]}) == 1


def test_no_candidates(engine: Engine) -> None:
    empty = Ranking(Query("什么？", np.zeros(1, dtype=np.float32), ["什么"]), WordQuery({}, 0.0, 0.0, 1.0))
    with engine.catalog.read() as connection:
        assert refine(empty, Texts(connection), Stopwatch()) is empty


def test_only_what_the_script_gave_is_called_excess(engine: Engine) -> None:
    texts = {"latin": "Panthers Broncos Denver Carolina.", "han": "黑豹队在决赛里丢了二十四分。"}
    question = "How many points did the Panthers surrender?"
    before, _ = asked(engine, question, texts, weighing())
    assert before.evidence is not None
    with engine.catalog.read() as connection:
        excess = dict(
            zip(
                names(before),
                script_excess(before.evidence, before.order, Texts(connection), question, share=0.0).tolist(),
                strict=True,
            )
        )
        native = script_excess(before.evidence, before.order, Texts(connection), question, share=1.0)
    assert excess["latin"] > 0
    assert excess["han"] == pytest.approx(0.0, abs=1e-6)
    assert not native.any()


def test_favours_of_a_conversation_count(engine: Engine) -> None:
    texts = {"a": "大桥在1998年通车。", "b": "隧道在1998年通车。"}
    before, refined = asked(engine, "哪年通车？", texts, weighing())
    assert before.evidence is not None
    last = before.order[-1]
    favours = np.zeros(len(before.fused))
    favours[last] = 0.5
    with engine.catalog.read() as connection:
        favoured = refine(replace(before, favours=favours), Texts(connection), Stopwatch(), weighing())
    assert favoured.order[0] == last
    assert refined.order[0] != last


def test_weights_of_another_version_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    weighing(window=1.0).write(file, 1, FEATURES)
    assert BlendedWeights.read(file, 1, FEATURES).native.tolist() == weighing(window=1.0).native.tolist()
    with pytest.raises(ValueError, match=r"weights.json"):
        BlendedWeights.read(file, 2, FEATURES)
    with pytest.raises(ValueError, match=r"weights.json"):
        BlendedWeights.read(file, 1, FEATURES[:-1])


def test_weights_blend() -> None:
    weights = BlendedWeights(np.array([1.0, 0.0]), np.array([3.0, 2.0]), "toy")
    assert weights.at(0.0).tolist() == [1.0, 0.0]
    assert weights.at(1.0).tolist() == [3.0, 2.0]
    assert weights.at(0.5).tolist() == [2.0, 1.0]
