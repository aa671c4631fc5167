#!/usr/bin/env python3
"""Measure follow-up questions: the last turns of the sample conversations, and questions after unrelated ones.

Usage: python scripts/bench/follow_ups.py [--half tune|report|all] [--per-question] [--data DIR]
       python scripts/bench/follow_ups.py --public FILE [--questions OTHER] [--limit N] [--data DIR --collection NAME]

Without --public: the sample conversations. A last turn is right when the first passage, or a copy it stands for,
covers an anchor. It is asked alone, joined to all earlier turns of the user, and with its history; the history also
without its assistant's turns. Intervals: 95%, bootstrap over conversations.
With --public: FILE is a set in SQuAD layout, asked in the words of OTHER where given. nDCG@10 of its questions alone
and after one or two random other questions of the set, each followed by the sentence that answers it.
--data: a data directory with the articles in it, else they are ingested into a temporary one.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from noise_retrieval import Remembering

from qa_service.assembly import load_model
from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.datasets import JudgedQuestion, RankingSet
from qa_service.evaluation.measuring import fresh_engine
from qa_service.evaluation.metrics import mean_measures
from qa_service.evaluation.squad import load_squad
from qa_service.samples import conversations_path
from qa_service.samples_loader import ingest_samples_if_empty
from qa_service.types import Ask, RankedPassage, Turn

RESAMPLES, SEED = 2000, 7
TOP_K = 50
SELF_CONTAINED = "self_contained"


@dataclass(frozen=True)
class Conversation:
    """Turns, the last of them asked, and the (article, anchor) pairs that answer it."""

    id: str
    lang: str
    kind: str
    half: str
    turns: tuple[Turn, ...]
    anchors: tuple[tuple[str, str], ...]

    @property
    def question(self) -> str:
        return self.turns[-1].content

    @property
    def users(self) -> tuple[Turn, ...]:
        """What the user said before."""
        return tuple(turn for turn in self.turns[:-1] if turn.role == "user")


Way = Callable[[Conversation], Ask]
WAYS: dict[str, Way] = {
    "alone": lambda one: Ask(one.question),
    "joined": lambda one: Ask(" ".join(turn.content for turn in (*one.users, one.turns[-1]))),
    "history": lambda one: Ask(one.question, history=one.turns[:-1], explain=True),
    "questions only": lambda one: Ask(one.question, history=one.users, explain=True),
}


def read_conversations(half: str) -> list[Conversation]:
    """Read those of a half, or all."""
    rows = [json.loads(line) for line in conversations_path().read_text(encoding="utf-8").splitlines()]
    return [
        Conversation(
            row["id"],
            row["lang"],
            row["kind"],
            row["half"],
            tuple(Turn(turn["role"], turn["content"]) for turn in row["turns"]),
            tuple((answer["article"], answer["anchor"]) for answer in row["answers"]),
        )
        for row in rows
        if half in (row["half"], "all")
    ]


def is_right(engine: Engine, passage: RankedPassage, anchors: Sequence[tuple[str, str]]) -> bool:
    """Whether a passage or one of its copies covers an occurrence of an anchor."""
    places = [(passage.article_id, passage.start, passage.end)]
    places += [(copy.article_id, copy.start, copy.end) for copy in passage.also_in]
    for article, anchor in anchors:
        found = [(start, end) for name, start, end in places if name == article]
        if found:
            original = engine.article("default", article).text
            if any(anchor in original[start:end] for start, end in found):
                return True
    return False


def samples(engine: Engine, half: str, per_question: bool) -> None:
    """Print the share of right last turns, by way of asking, kind and language."""
    chosen = read_conversations(half)
    right: dict[str, list[bool]] = {}
    timings: dict[str, list[float]] = {}
    for name, way in WAYS.items():
        right[name], timings[name] = [], []
        for one in chosen:
            result = engine.ask(way(one))
            right[name].append(is_right(engine, result.passages[0], one.anchors))
            timings[name].append(result.timings_ms["total"])
            if per_question and name == "history":
                reading = (result.explain or {}).get("reading", {})
                first, mark = result.passages[0].article_id, "+" if right[name][-1] else "-"
                print(f"{mark} {one.id} {one.kind}: {one.question} -> {first} {result.confidence:.2f} {reading}")
    print(f"{'':28}" + "".join(f"{name:>24}" for name in WAYS))
    groups: list[tuple[str, Callable[[Conversation], bool]]] = [
        ("all", lambda _: True),
        ("follow-ups", lambda one: one.kind != SELF_CONTAINED),
        *((kind, lambda one, kind=kind: one.kind == kind) for kind in sorted({one.kind for one in chosen})),
        *((lang, lambda one, lang=lang: one.lang == lang) for lang in sorted({one.lang for one in chosen})),
    ]
    for label, holds in groups:
        members = [place for place, one in enumerate(chosen) if holds(one)]
        cells = [interval([right[name][place] for place in members]) for name in WAYS]
        print(f"{label:20} {len(members):6} " + "".join(f"{cell:>24}" for cell in cells))
    print(f"{'p50 ms':28}" + "".join(f"{np.median(timings[name]):>24.1f}" for name in WAYS))


def interval(values: Sequence[bool]) -> str:
    """Give a share with its 95% interval."""
    array = np.array(values, dtype=float)
    drawn = np.random.default_rng(SEED).integers(0, len(array), size=(RESAMPLES, len(array)))
    low, high = np.percentile(array[drawn].mean(axis=1), [2.5, 97.5])
    return f"{array.mean():.3f} [{low:.3f}, {high:.3f}]"


def public(engine: Engine, dataset: RankingSet, collection: str, limit: int | None) -> None:
    """Print nDCG@10 alone and after unrelated questions, and their difference."""
    texts = {one.id: one.content.decode("utf-8") for one in dataset.articles}
    generator = random.Random(SEED)
    questions = list(dataset.questions)
    asked = questions if limit is None else generator.sample(questions, min(limit, len(questions)))
    orders: dict[str, dict[str, list[str]]] = {"alone": {}, "after others": {}}
    for question in asked:
        history = tuple(misleading(questions, question, texts, generator))
        orders["alone"][question.id] = order(engine, Ask(question.text, collection, TOP_K))
        orders["after others"][question.id] = order(engine, Ask(question.text, collection, TOP_K, history=history))
    qrels = {question.id: question.relevance for question in asked}
    found = {name: mean_measures(ranked, qrels)["nDCG@10"] for name, ranked in orders.items()}
    changed = sum(orders["alone"][one.id] != orders["after others"][one.id] for one in asked)
    print(
        f"{dataset.name}: {len(asked)} questions, nDCG@10 alone {found['alone']:.4f}, after others"
        f" {found['after others']:.4f} ({found['after others'] - found['alone']:+.4f}), {changed} ordered otherwise"
    )


def misleading(
    questions: Sequence[JudgedQuestion], question: JudgedQuestion, texts: dict[str, str], generator: random.Random
) -> Iterator[Turn]:
    """Make a history of one or two questions about other articles, answered in a sentence each."""
    others = [
        one for one in generator.sample(list(questions), 10) if one.relevance.keys().isdisjoint(question.relevance)
    ]
    for other in others[: generator.choice((1, 2))]:
        yield Turn("user", other.text)
        yield Turn("assistant", sentence_of(texts[next(iter(other.relevance))], other.gold))


def sentence_of(text: str, gold: Sequence[str]) -> str:
    """Give the sentence that holds an answer, or else the first."""
    sentences = [part for part in re.split(r"(?<=[。！？!?])|(?<=\.)\s", text) if part.strip()]
    return next((part for part in sentences if any(answer in part for answer in gold)), sentences[0]).strip()


def order(engine: Engine, ask: Ask) -> list[str]:
    """Rank articles by their first passage, copies right after the one that stands for them."""
    passages = engine.ask(ask).passages
    names = (name for one in passages for name in (one.article_id, *(copy.article_id for copy in one.also_in)))
    return list(dict.fromkeys(names))


@contextmanager
def opened(data: Path | None) -> Iterator[Engine]:
    """Open a data directory, or a temporary one."""
    encoder = Remembering(load_model(load_settings()))
    if data is None:
        with fresh_engine(load_settings(), lambda settings: Engine.open(settings, encoder)) as engine:
            yield engine
        return
    engine = Engine.open(load_settings(data_dir=data), encoder)
    yield engine
    engine.close()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="tune")
    parser.add_argument("--per-question", action="store_true")
    parser.add_argument("--public", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--collection", default="default")
    given = parser.parse_args()
    with opened(given.data) as engine:
        if given.public is None:
            ingest_samples_if_empty(engine)
            samples(engine, given.half, given.per_question)
        else:
            dataset = load_squad(given.public, given.questions)
            if given.data is None:
                list(engine.ingest(dataset.articles, given.collection))
            public(engine, dataset, given.collection, given.limit)


if __name__ == "__main__":
    main()
