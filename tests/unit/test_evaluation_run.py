"""Runs on small sets with the toy encoder: gold answers, articles taken out, collections that are there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput, NotFound
from qa_service.evaluation.datasets import AnchorSet, RankingSet
from qa_service.evaluation.records import contains_gold
from qa_service.evaluation.remembering import RememberingEncoder
from qa_service.evaluation.run import evaluate
from qa_service.evaluation.seeds import load_live, load_seeds, read_questions
from qa_service.evaluation.squad import load_squad
from qa_service.evaluation.unanswered import load_unanswered, take_out
from qa_service.retrieval.cohorts import COHORTS
from qa_service.samples import articles_path, questions_path, unanswerable_path
from tests.conftest import add

TOWNS = ["临澜", "衡川", "柳溪", "碧湾", "兰汀", "松坪", "望潮", "东陂", "新港", "北渚"]


def squad_file(path: Path, *, question: str = "{}图书馆哪一年建成?") -> Path:
    paragraphs = [
        {
            "context": f"{town}图书馆是{1900 + number}年建成的。它有{number + 3}层楼。",
            "qas": [
                {"id": "y", "question": question.format(town), "answers": [{"text": f"{1900 + number}年"}]},
                {"id": "f", "question": f"{town}图书馆有几层楼?", "answers": [{"text": "没有这个"}]},
            ],
        }
        for number, town in enumerate(TOWNS)
    ]
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), encoding="utf-8")
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> RankingSet:
    return load_squad(squad_file(tmp_path / "set.json"))


def toy(settings: Settings) -> Engine:
    return Engine.open(settings, ToyEncoder())


def test_gold_answers_are_those_of_the_articles_file(tmp_path: Path, dataset: RankingSet) -> None:
    assert [question.gold for question in dataset.questions[:3]] == [("1900年",), ("没有这个",), ("1901年",)]
    other = tmp_path / "other.json"
    other.write_text((tmp_path / "set.json").read_text().replace("没有这个", "otherwise"))
    parallel = load_squad(tmp_path / "set.json", squad_file(tmp_path / "en.json", question="When was {} built?"))
    assert parallel.questions[0].text == "When was 临澜 built?"
    assert [question.gold for question in parallel.questions] == [question.gold for question in dataset.questions]


@pytest.mark.parametrize("answers", [3, [3], [{}], [{"text": ""}], [{"text": 7}]])
def test_malformed_gold_answers(tmp_path: Path, answers: object) -> None:
    qas = [{"question": "q", "answers": answers}]
    (tmp_path / "s.json").write_text(json.dumps({"data": [{"paragraphs": [{"context": "c", "qas": qas}]}]}))
    with pytest.raises(BadInput, match=r"qas\[0\]"):
        load_squad(tmp_path / "s.json")


def test_gold_is_compared_without_width_case_and_white_space() -> None:
    assert contains_gold("由光荣和 Ω-Ｆｏｒｃｅ 开发", ["光荣和ω-force"])
    assert contains_gold("a\nb", ["nothing", "A B"])
    assert not contains_gold("光荣", ["光荣和ω-force"])
    assert not contains_gold("anything", ["\u3000"])


def test_answers_are_judged_where_the_right_article_came_first(settings: Settings, dataset: RankingSet) -> None:
    report = evaluate(dataset, settings.model_copy(update={"min_confidence": 1.0}), open_engine=toy)
    judged = [record for record in report.records if record.right_first]
    assert judged
    for record in report.records:
        assert (record.answer_has_gold is None) == (not record.right_first)
        assert record.answer
    years = [record for record in judged if record.question.endswith("建成?")]
    assert all(record.answer_has_gold == ("年建成" in (record.answer or "")) for record in years)
    assert not any(record.answer_has_gold for record in judged if record.question.endswith("层楼?"))
    share = sum(bool(record.answer_has_gold) for record in judged) / len(judged)
    assert report.measures["Answer has gold"] == pytest.approx(share)
    lengths = [len(record.answer or "") for record in judged]
    assert report.measures["Answer length, mean"] == pytest.approx(sum(lengths) / len(lengths))
    assert report.estimates["Answer has gold"].questions == len(judged)
    assert report.measures["Right kept"] == 0.0


def test_a_question_is_encoded_once_though_it_is_ranked_and_answered(settings: Settings, dataset: RankingSet) -> None:
    encoder = ToyEncoder()
    evaluate(dataset, settings, open_engine=lambda given: Engine.open(given, RememberingEncoder(encoder)))
    timed_too = 2 * len(dataset.questions)
    assert encoder.queries_encoded == timed_too + len(COHORTS["Han"])


def test_remembered_vectors_cannot_be_spoiled() -> None:
    encoder = RememberingEncoder(ToyEncoder())
    first = encoder.encode_queries(["a"])
    first += 1
    assert (encoder.encode_queries(["a"]) == ToyEncoder().encode_queries(["a"])).all()
    assert (encoder.encode_queries(["b"]) == ToyEncoder().encode_queries(["b"])).all()
    assert encoder.fingerprint == ToyEncoder().fingerprint


def test_take_out_is_a_share_of_the_articles_and_all_their_questions(dataset: RankingSet) -> None:
    kept, taken = take_out(dataset, 0.3, 0)
    assert isinstance(kept, RankingSet)
    left = {article.id for article in kept.articles}
    assert len(left) == 7
    assert len(taken) == 6
    assert {question.cluster for question in taken}.isdisjoint(left)
    assert {id_ for question in kept.questions for id_ in question.relevance} == left
    assert take_out(dataset, 0.3, 0)[1] == taken
    assert take_out(dataset, 0.3, 1)[1] != taken


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_take_out_leaves_some_in_and_takes_some_out(dataset: RankingSet, share: float) -> None:
    with pytest.raises(BadInput, match="--take-out"):
        take_out(dataset, share, 0)


def test_take_out_calibration(settings: Settings, dataset: RankingSet) -> None:
    report = evaluate(dataset, settings, open_engine=toy, share_out=0.5, seed=4)
    assert report.ingest is not None
    assert report.ingest.articles == 5
    assert report.kinds() == {"answerable": 10, "taken_out": 10}
    gone = {record.cluster for record in report.records if record.taken_out}
    assert all(gone.isdisjoint(record.first) for record in report.records)
    assert not any(record.right_first for record in report.records if record.taken_out)
    area = report.measures["AUROC taken_out"]
    pairs = [
        (a.confidence > b.confidence) + (a.confidence == b.confidence) / 2
        for a in report.records
        for b in report.records
        if a.answerable and b.taken_out
    ]
    assert area == pytest.approx(sum(pairs) / len(pairs))
    errors = [(record.confidence - record.right_first) ** 2 for record in report.records]
    assert report.measures["Brier"] == pytest.approx(sum(errors) / 20)
    assert report.measures["Answered taken_out"] == 1.0


def test_unanswerable_files(settings: Settings, dataset: RankingSet, tmp_path: Path) -> None:
    path = tmp_path / "u.jsonl"
    path.write_text('{"question": "黑洞是怎样产生的?", "kind": "far", "lang": "zh"}\n{"question": "谁?"}\n')
    report = evaluate(dataset, settings, open_engine=toy, unanswered=load_unanswered(path))
    assert report.kinds() == {"answerable": 20, "far": 1, "unanswerable": 1}
    assert {"AUROC far", "AUROC unanswerable", "Answered far"} <= set(report.measures)
    assert "ECE" not in report.measures


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{}", "question is missing"),
        ('{"question": "q", "kind": 3}', "kind must be a string"),
        ('{"question": "q", "kind": "taken_out"}', "has a meaning of its own"),
        ("", "holds no questions"),
    ],
)
def test_bad_unanswerable_files(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "u.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(BadInput, match=message):
        load_unanswered(path)


def test_samples_with_their_unanswerable_questions(settings: Settings) -> None:
    report = evaluate(
        load_seeds(questions_path(), articles_path()),
        settings,
        open_engine=toy,
        share_out=0.5,
        unanswered=load_unanswered(unanswerable_path()),
    )
    assert {"AUROC taken_out", "AUROC changed_detail", "AUROC other_domain", "Right first", "ECE"} <= set(
        report.measures
    )
    # The toy encoder's cosines are not those that the calibration was fitted on: how well they tell is no matter here.
    assert 0 <= (report.measures["AUROC other_domain"] or 0) <= 1
    assert all(record.anchor_found for record in report.records)


def live(path: Path, *questions: dict[str, object]) -> AnchorSet:
    path.write_text("".join(json.dumps(question) + "\n" for question in questions), encoding="utf-8")
    return load_live(path, "mine")


def test_a_collection_is_asked_as_it_is(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    add(engine, {"a": "临澜图书馆是1900年建成的。", "b": "衡川图书馆是1950年建成的。"}, "mine")
    asked = live(
        tmp_path / "q.jsonl",
        {"question": "衡川图书馆哪年建成?", "answers": [{"article": "b", "anchor": "1950年"}]},
        {"question": "临澜图书馆哪年建成?", "answers": [{"article": "a", "anchor": "不在"}]},
    )
    report = evaluate(asked, settings, open_engine=toy, collection="mine")
    assert report.ingest is None
    assert [(record.rank, record.anchor_found) for record in report.records] == [(1, True), (None, False)]
    assert report.records[0].answer_has_gold is True
    assert [article.id for article in engine.articles("mine").articles] == ["a", "b"]
    assert [info.name for info in engine.collections()] == ["default", "mine"]


def test_a_question_on_an_article_that_is_not_there(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    add(engine, {"a": "临澜图书馆是1900年建成的。"}, "mine")
    asked = live(tmp_path / "q.jsonl", {"question": "衡川?", "answers": [{"article": "gone", "anchor": "x"}]})
    with pytest.raises(NotFound, match=r"q\.jsonl:1"):
        evaluate(asked, settings, open_engine=toy, collection="mine")


def test_ids_of_anchored_questions_stay_when_lines_come_and_go(tmp_path: Path) -> None:
    rows = [{"question": f"问题{n}?", "answers": [{"article": "a", "anchor": f"{n}"}]} for n in range(3)]
    before = live(tmp_path / "q.jsonl", *rows).questions
    after = live(tmp_path / "q.jsonl", rows[2], rows[0], rows[0]).questions
    assert after[0].id == before[2].id
    assert after[1].id == before[0].id
    assert len({question.id for question in after}) == 3
    assert read_questions(tmp_path / "q.jsonl") == after
