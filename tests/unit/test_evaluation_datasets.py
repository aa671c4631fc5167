"""Evaluation sets are read as their layouts say, and a bad file is named with the place in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa_service.errors import BadInput, NotFound
from qa_service.evaluation.beir import load_beir
from qa_service.evaluation.seeds import load_seeds
from qa_service.evaluation.squad import load_squad


def squad(path: Path, *articles: list[tuple[str, list[str]]]) -> Path:
    data = [
        {
            "title": "Leaks",
            "paragraphs": [
                {"context": context, "qas": [{"question": q, "id": f"id-{q}", "answers": []} for q in questions]}
                for context, questions in paragraphs
            ],
        }
        for paragraphs in articles
    ]
    path.write_text(json.dumps({"version": "1", "data": data}), encoding="utf-8")
    return path


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_squad_paragraphs_are_untitled_articles_and_identical_ones_are_one(tmp_path: Path) -> None:
    path = squad(tmp_path / "s.json", [("甲", ["q1", "q2"]), ("乙", ["q3"])], [("甲", ["q4"])])
    loaded = load_squad(path)
    articles = list(loaded.articles)
    assert [(a.id, a.content.decode(), a.title) for a in articles] == [("p00000", "甲", None), ("p00001", "乙", None)]
    assert [(q.text, dict(q.relevance)) for q in loaded.questions] == [
        ("q1", {"p00000": 1}),
        ("q2", {"p00000": 1}),
        ("q3", {"p00001": 1}),
        ("q4", {"p00000": 1}),
    ]
    assert len({q.id for q in loaded.questions}) == 4
    assert loaded.questions[2].place == f"{path}: data[0].paragraphs[1].qas[0]"
    assert loaded.first(2).questions == loaded.questions[:2]


def test_squad_asked_with_a_parallel_file(tmp_path: Path) -> None:
    path = squad(tmp_path / "zh.json", [("甲", ["q1"]), ("乙", ["q2", "q3"])])
    other = squad(tmp_path / "en.json", [("A", ["e1"]), ("A", ["e2", "e3"])])
    loaded = load_squad(path, other)
    assert [a.content.decode() for a in loaded.articles] == ["甲", "乙"]
    assert [(q.text, *q.relevance) for q in loaded.questions] == [("e1", "p00000"), ("e2", "p00001"), ("e3", "p00001")]


@pytest.mark.parametrize(
    ("other", "place"),
    [
        ([("A", ["e1"]), ("B", ["e2"])], "paragraphs[1]"),
        ([("A", ["e1"])], "paragraphs[1]"),
        ([("A", ["e1"]), ("B", ["e2", "e3"]), ("C", [])], "paragraphs[2]"),
    ],
)
def test_squad_files_that_are_not_parallel(tmp_path: Path, other: list[tuple[str, list[str]]], place: str) -> None:
    path = squad(tmp_path / "zh.json", [("甲", ["q1"]), ("乙", ["q2", "q3"])])
    with pytest.raises(BadInput, match="not parallel") as caught:
        load_squad(path, squad(tmp_path / "en.json", other))
    assert place in str(caught.value)


def test_squad_leaves_out_impossible_questions(tmp_path: Path) -> None:
    qas = [{"question": "no", "is_impossible": True}, {"question": "yes", "is_impossible": False}]
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": "c", "qas": qas}]}]}))
    assert [q.text for q in load_squad(path).questions] == ["yes"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "data must be a list"),
        ('{"data": {}}', "data must be a list"),
        ('{"data": [{}]}', "data[0]: paragraphs must be a list"),
        ('{"data": [{"paragraphs": [{"qas": []}]}]}', "data[0].paragraphs[0]: context is missing"),
        ('{"data": [{"paragraphs": [{"context": " ", "qas": []}]}]}', "paragraphs[0]: context is empty"),
        ('{"data": [{"paragraphs": [{"context": "c"}]}]}', "paragraphs[0]: qas must be a list"),
        (
            '{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": 3}]}]}]}',
            "qas[0]: question must be a string",
        ),
        ('{"data": [{"paragraphs": [{"context": "\\ud800", "qas": []}]}]}', "context holds half a surrogate pair"),
        ('{"data": []}', "holds no questions"),
    ],
)
def test_bad_squad(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(content)
    with pytest.raises(BadInput) as caught:
        load_squad(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("load", [load_squad, load_seeds, load_beir])
def test_missing_set(tmp_path: Path, load: object) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        load(tmp_path / "nowhere")  # type: ignore[operator]


QUESTION = {"question": "q", "answers": [{"article": "a.txt", "anchor": "x"}], "lang": "zh"}


def test_seeds_find_their_articles_beside_or_above(tmp_path: Path) -> None:
    for folder in ("above/eval", "above/seeds", "beside/seeds", "rows"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "above/seeds/a.txt").write_text("above")
    (tmp_path / "beside/seeds/a.txt").write_text("beside")
    lines(tmp_path / "rows/articles.jsonl", {"id": "a", "text": "rows"})
    for place, text in (("above/eval", b"above"), ("beside", b"beside"), ("rows", b"rows")):
        loaded = load_seeds(lines(tmp_path / place / "q.jsonl", QUESTION))
        assert [a.content for a in loaded.articles] == [text]
    named = load_seeds(tmp_path / "rows/q.jsonl", tmp_path / "above/seeds")
    assert [(a.id, a.content) for a in named.articles] == [("a.txt", b"above")]
    assert [(anchor.article_id, anchor.text) for anchor in named.questions[0].anchors] == [("a.txt", "x")]


def test_seeds_without_articles(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    path = lines(tmp_path / "deep" / "q.jsonl", QUESTION)
    with pytest.raises(BadInput, match="--articles"):
        load_seeds(path)
    with pytest.raises(NotFound):
        load_seeds(path, tmp_path / "none")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([], "must be a JSON object"),
        ({**QUESTION, "question": ""}, "question is empty"),
        ({"question": "q"}, "answers must be a list"),
        ({"question": "q", "answers": []}, "answers is empty"),
        ({"question": "q", "answers": [{"article": "a"}]}, "answers[0]: anchor is missing"),
        ({"question": "q", "answers": ["a"]}, "answers must be a list of objects"),
    ],
)
def test_bad_seeds_line(tmp_path: Path, row: object, message: str) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").write_text("x")
    path = lines(tmp_path / "q.jsonl", QUESTION, row)
    with pytest.raises(BadInput) as caught:
        load_seeds(path)
    assert message in str(caught.value)
    assert f"{path}:2" in str(caught.value)


def beir(folder: Path, qrels: str = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td2\t1\n") -> Path:
    (folder / "qrels").mkdir()
    lines(
        folder / "corpus.jsonl",
        {"_id": "d1", "title": "T", "text": "one", "metadata": {}},
        {"_id": "d2", "title": "", "text": "two"},
        {"_id": "d3", "title": "only a title", "text": ""},
    )
    lines(
        folder / "queries.jsonl",
        {"_id": "q0", "text": "unjudged"},
        {"_id": "q1", "text": "a"},
        {"_id": "q2", "text": "b"},
    )
    (folder / "qrels" / "test.tsv").write_text(qrels)
    return folder


def test_beir(tmp_path: Path) -> None:
    loaded = load_beir(beir(tmp_path))
    assert [(a.id, a.title, a.content) for a in loaded.articles] == [
        ("d1", "T", b"one"),
        ("d2", None, b"two"),
        ("d3", "only a title", b"only a title"),
    ]
    assert [(q.id, q.text, dict(q.relevance)) for q in loaded.questions] == [
        ("q1", "a", {"d1": 2}),
        ("q2", "b", {"d2": 1}),
    ]


@pytest.mark.parametrize(
    ("qrels", "message"),
    [
        ("h\nq1\td1\n", "test.tsv:2: must be query id"),
        ("h\nq1\td1\tyes\n", "test.tsv:2: must be query id"),
        ("h\nq1\td1\t0\n", "judges no document relevant"),
        ("h\nq9\td1\t1\n", "'q9'"),
    ],
)
def test_bad_qrels(tmp_path: Path, qrels: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_beir(beir(tmp_path, qrels))
    assert message in str(caught.value)


def test_beir_corpus_is_checked_as_it_is_read(tmp_path: Path) -> None:
    lines(beir(tmp_path) / "corpus.jsonl", {"_id": "d1", "text": "x"}, {"_id": "d1", "text": "y"})
    with pytest.raises(BadInput, match=r"corpus\.jsonl:2: _id 'd1' came earlier"):
        list(load_beir(tmp_path).articles)
