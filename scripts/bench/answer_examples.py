"""Questions with the passage that answers them, as `fit_answer.py` learns from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from qa_service.engine import Engine
from qa_service.evaluation.datasets import JudgedQuestion
from qa_service.evaluation.squad import load_squad
from qa_service.retrieval.answer import AnswerFinder
from qa_service.retrieval.answering.choice import text_length
from qa_service.retrieval.presenting import joined
from qa_service.retrieval.query import Query
from qa_service.retrieval.ranking import rank
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import ArticleText, Texts
from qa_service.store import collections
from qa_service.store.passages import Candidate
from qa_service.text.fold import encoder_fold
from qa_service.types import Submission

_BATCH = 64
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Articles of a file in SQuAD layout, and a file whose questions are asked of them.

    Attributes:
        joined: how many paragraphs are joined to one article.
        titled: whether the file's titles, in the language of the articles, are known when the answer is chosen.
        weight: how much each question counts in the fit.
    """

    name: str
    collection: str
    articles: str
    questions: str
    joined: int = 1
    titled: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """The first passage of the right article, which came first: n sentences.

    Attributes:
        paragraph: number of the paragraph that the question was written for; even ones are learned from.
        gold: whether a sentence holds a gold answer (n,); `pairs` whether it and the next do (n - 1,).
        joined: whether it and the next may be one answer (n - 1,).
        lengths: as the choice counts them (n,); `starts` and `ends` in the original (n,).
    """

    set: str
    paragraph: int
    weight: float
    features: Floats
    gold: Flags
    pairs: Flags
    joined: Flags
    lengths: Floats
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def ingest(engine: Engine, folder: Path, chosen: QuestionSet) -> None:
    """Take the articles of a set in, unless its collection is there."""
    if chosen.collection in {info.name for info in engine.collections()}:
        return
    articles = list(load_squad(folder / f"{chosen.articles}.json").articles)
    groups = [articles[start : start + chosen.joined] for start in range(0, len(articles), chosen.joined)]
    submissions = (
        Submission(b"\n\n".join(one.content for one in group), id=f"p{number:05d}", charset="utf-8")
        for number, group in enumerate(groups)
    )
    for _ in engine.ingest(submissions, chosen.collection):
        pass


def examples(engine: Engine, folder: Path, chosen: QuestionSet) -> Iterator[Example]:
    """Ask every question of a set; yield those whose right article comes first."""
    asked = None if chosen.questions == chosen.articles else folder / f"{chosen.questions}.json"
    questions = load_squad(folder / f"{chosen.articles}.json", asked).questions
    for start in range(0, len(questions), _BATCH):
        batch = questions[start : start + _BATCH]
        vectors = engine.encoder.encode_queries([encoder_fold(question.text) for question in batch])
        yield from _examples(engine, folder, chosen, batch, vectors)


def _examples(
    engine: Engine, folder: Path, chosen: QuestionSet, questions: Sequence[JudgedQuestion], vectors: Vectors
) -> Iterator[Example]:
    snapshot = engine.opened.snapshot(chosen.collection)
    titles = _titles(folder / f"{chosen.articles}.json") if chosen.titled else {}
    with engine.catalog.read() as connection:
        collection = collections.get(connection, chosen.collection)
        texts = Texts(connection)
        for question, vector in zip(questions, vectors, strict=True):
            query = Query(question.text, vector, engine.tokenizer.words(question.text))
            ranking = rank(connection, engine.segments, collection, snapshot, query, Stopwatch())
            paragraph = int(next(iter(question.relevance))[1:])
            if ranking.evidence is None:
                continue
            first = ranking.order[0]
            candidate = ranking.evidence.candidates[first]
            if candidate.article_id != f"p{paragraph // chosen.joined:05d}":
                continue
            text = texts.of(candidate.article)
            finder = AnswerFinder(question.text, ranking.words.by_word, engine.tokenizer)
            opening = titles.get(text.original) or text.opening(candidate.start)
            cosines = ranking.evidence.sentences[first]
            yield _example(chosen, paragraph, text, candidate, finder, cosines, opening, question.gold)


def _example(
    chosen: QuestionSet,
    paragraph: int,
    text: ArticleText,
    candidate: Candidate,
    finder: AnswerFinder,
    cosines: NDArray[np.float32],
    opening: str | None,
    gold: Sequence[str],
) -> Example:
    spans = candidate.spans()
    sentences = [text.repaired(span.start, span.end) for span in spans]
    return Example(
        set=chosen.name,
        paragraph=paragraph,
        weight=chosen.weight,
        features=finder.features(sentences, cosines, opening),
        gold=_holding(text.original, [(span.start, span.end) for span in spans], gold),
        pairs=_holding(text.original, [(a.start, b.end) for a, b in pairwise(spans)], gold),
        joined=np.array(joined(candidate, text), dtype=np.bool_),
        lengths=np.array([text_length(sentence) for sentence in sentences]),
        starts=np.array([span.start for span in spans]),
        ends=np.array([span.end for span in spans]),
    )


def _titles(path: Path) -> dict[str, str]:
    """Give the title of each paragraph by its text."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return {
        paragraph["context"]: article["title"] for article in content["data"] for paragraph in article["paragraphs"]
    }


def _holding(original: str, places: Sequence[tuple[int, int]], gold: Sequence[str]) -> Flags:
    return np.array([any(one in original[start:end] for one in gold) for start, end in places], dtype=np.bool_)
