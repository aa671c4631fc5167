"""Pools of articles from the public sets, and the questions asked of them, for fitting and measuring the ranking.

The pools differ in size, languages and subjects, so that what is fitted depends on none: all paragraphs, halves of them
(the other half is taken out), whole subjects taken out, pools of some 90, pools of two subjects, pools in other
languages, and the samples, whose questions are asked as people ask, in other words than the articles'.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from altered_questions import alter
from numpy.typing import NDArray

from qa_service.engine import Engine
from qa_service.retrieval.query import Query
from qa_service.samples import articles_path, questions_path, unanswerable_path
from qa_service.text.fold import encoder_fold
from qa_service.types import Submission

FILES = {"cmrc": "cmrc2018_dev", "zh": "xquad.zh", "en": "xquad.en", "ru": "xquad.ru"}
TOPICS = 6
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph: `family` is cmrc or xquad; those of one id in xquad say the same in different languages."""

    family: str
    language: str
    id: str
    subject: int
    text: str

    @property
    def article_id(self) -> str:
        """Its id in every pool."""
        return f"{self.family}.{self.language}.{self.id}"


@dataclass(frozen=True, slots=True)
class Question:
    """A question: `asked` names its set, `kind` is plain, altered or domain (no article of any pool answers it)."""

    asked: str
    kind: str
    family: str
    paragraphs: frozenset[str]
    subject: int
    query: Query

    @property
    def half(self) -> int:
        """The half of the subjects that it belongs to: XQuAD's five paragraphs of a subject stay together."""
        return self.subject % 2

    def answered_by(self, article_id: str) -> bool:
        """Whether an article of a pool answers it."""
        family, _, paragraph = article_id.split(".", 2)
        return self.kind == "plain" and family == self.family and paragraph in self.paragraphs


@dataclass(frozen=True, slots=True)
class Pool:
    """A collection's name and its articles' ids."""

    name: str
    articles: frozenset[str]


def read_paragraphs(folder: Path) -> tuple[list[Paragraph], list[tuple[str, Paragraph, str]]]:
    """Read the sets: the distinct paragraphs, and (set, paragraph, question) of every question."""
    paragraphs: dict[str, Paragraph] = {}
    questions = []
    for language, name in FILES.items():
        family = "cmrc" if language == "cmrc" else "xquad"
        ids: dict[str, str] = {}
        for subject, article in enumerate(json.loads((folder / f"{name}.json").read_text("utf-8"))["data"]):
            for row in article["paragraphs"]:
                number = ids.setdefault(row["context"], f"p{len(ids):05d}")
                one = Paragraph(family, "zh" if family == "cmrc" else language, number, subject, row["context"])
                paragraphs.setdefault(one.article_id, one)
                questions.extend((language, one, question["question"]) for question in row["qas"])
    return list(paragraphs.values()), questions


def make_pools(engine: Engine, paragraphs: Sequence[Paragraph], seed: int = 3) -> list[Pool]:
    """Ingest the pools, each as a collection; those that are there stay."""
    chance = random.Random(seed)
    samples = [
        Paragraph("samples", "sample", row["id"], place, row["text"])
        for place, row in enumerate(map(json.loads, articles_path().read_text("utf-8").splitlines()))
    ]
    chinese = [one for one in paragraphs if one.language == "zh"]
    half = {one.article_id for one in chinese if chance.random() < 1 / 2}
    subjects = {(one.family, one.subject) for one in chinese if chance.random() < 1 / 2}
    shuffled = chance.sample(chinese, len(chinese))
    kept = {one.id for one in chinese if one.family == "xquad" and chance.random() < 1 / 2}
    of_xquad = [one for one in paragraphs if one.family == "xquad"]
    members = {
        "all": chinese,
        "half": [one for one in chinese if one.article_id in half],
        "other-half": [one for one in chinese if one.article_id not in half],
        "subjects": [one for one in chinese if (one.family, one.subject) in subjects],
        **{f"small-{number}": shuffled[number::12] for number in range(4)},
        "english": [one for one in of_xquad if one.language == "en"],
        "russian": [one for one in of_xquad if one.language == "ru"],
        "english-half": [one for one in of_xquad if one.language == "en" and one.id in kept],
        "russian-half": [one for one in of_xquad if one.language == "ru" and one.id in kept],
        **{f"topics-{number}": _topics(of_xquad, number * 8) for number in range(TOPICS)},
        "samples": samples,
        "samples-half": samples[::2],
        "samples-rest": samples[1::2],
        "mixed": [one for one in chinese if one.id in kept or (one.family == "cmrc" and one.subject % 2)]
        + [one for one in of_xquad if one.language == "en" and int(one.id[1:]) % 2],
    }
    there = {collection.name for collection in engine.collections() if collection.articles}
    for name, articles in members.items():
        if name not in there:
            given = (Submission(one.text.encode(), id=one.article_id, charset="utf-8") for one in articles)
            rejected = [outcome.reason for outcome in engine.ingest(given, name) if outcome.outcome == "rejected"]
            assert not rejected, rejected[0]
    return [Pool(name, frozenset(one.article_id for one in articles)) for name, articles in members.items()]


def _topics(of_xquad: Sequence[Paragraph], subject: int) -> list[Paragraph]:
    """Choose the Chinese paragraphs of two subjects, every third one taken out."""
    found = [one for one in of_xquad if one.language == "zh" and one.subject in (subject, subject + 1)]
    return [one for place, one in enumerate(found) if place % 3]


def read_questions(engine: Engine, asked: Sequence[tuple[str, Paragraph, str]], cache: Path) -> list[Question]:
    """Encode all questions: the sets', altered ones of some of them, the samples' and what those do not answer."""
    rows = [(language, "plain", one.family, {one.id}, one.subject, text) for language, one, text in asked]
    for language in FILES:
        own = [row for row in asked if row[0] == language][:: 3 if language == "cmrc" else 1]
        changed = alter([(text, one.text) for _, one, text in own])
        rows.extend(
            (language, "altered", one.family, {one.id}, one.subject, text)
            for (_, one, _), text in zip(own, changed, strict=True)
            if text
        )
    for place, row in enumerate(map(json.loads, questions_path().read_text("utf-8").splitlines())):
        articles = {answer["article"] for answer in row["answers"]}
        rows.append(("samples", "plain", "samples", articles, place, row["question"]))
    for place, row in enumerate(map(json.loads, unanswerable_path().read_text("utf-8").splitlines())):
        rows.append(("samples", "domain", "samples", set(), place, row["question"]))
    vectors = _encoded(engine, [row[-1] for row in rows], cache)
    return [
        Question(
            *(language, kind, family, frozenset(articles), subject),
            Query(text, vector, engine.tokenizer.words(text)),
        )
        for (language, kind, family, articles, subject, text), vector in zip(rows, vectors, strict=True)
    ]


def _encoded(engine: Engine, texts: Sequence[str], cache: Path) -> NDArray[np.float32]:
    if cache.exists():
        stored = np.load(cache)
        if list(stored["texts"]) == list(texts):
            kept: NDArray[np.float32] = stored["vectors"]
            return kept
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    vectors = np.empty((len(texts), engine.encoder.description.dim), dtype=np.float32)
    for batch in _batches(order):
        vectors[batch] = engine.encoder.encode_queries([encoder_fold(texts[place]) for place in batch])
    np.savez(cache, texts=np.array(texts), vectors=vectors)
    return vectors


def _batches(places: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(places), _BATCH):
        yield list(places[start : start + _BATCH])
