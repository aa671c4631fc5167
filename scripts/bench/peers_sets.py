"""Articles and questions for `peers.py`, and the chunks that other systems are given of the articles."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import regex

from qa_service.evaluation.squad import load_squad

CHUNK_CHARS = 220
SEED = 0
POOLS: Mapping[str, Mapping[str, tuple[str, str | None]]] = {
    "cmrc": {"cmrc": ("cmrc2018_dev", None)},
    "xquad": {"zh": ("xquad.zh", None), "en": ("xquad.zh", "xquad.en"), "ru": ("xquad.zh", "xquad.ru")},
}
"""By pool, its sets of questions: the file of the articles, and the file that asks in another language."""
_SENTENCE = regex.compile(r"[^。！？!?；\n]+[。！？!?；\n]*")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: which set it is of, its text, and the article that answers it."""

    asked: str
    text: str
    article: str


@dataclass(frozen=True, slots=True)
class Pool:
    """Articles by id, and the questions asked of them."""

    name: str
    articles: Mapping[str, str]
    questions: Sequence[Asked]


def read_pools(folder: Path, names: Sequence[str], limit: int) -> list[Pool]:
    """Read pools by name; `pool` is all of them in one. Of each set, at most so many questions are asked."""
    pools = {name: _read(folder, name, limit) for name in POOLS}
    articles = {id_: text for pool in pools.values() for id_, text in pool.articles.items()}
    questions = [question for pool in pools.values() for question in pool.questions]
    pools["pool"] = Pool("pool", articles, questions)
    return [pools[name] for name in names]


def _read(folder: Path, name: str, limit: int) -> Pool:
    articles: dict[str, str] = {}
    questions: list[Asked] = []
    for asked, (file, other) in POOLS[name].items():
        dataset = load_squad(folder / f"{file}.json", folder / f"{other}.json" if other else None)
        articles.update((f"{name}.{one.id}", one.content.decode("utf-8")) for one in dataset.articles)
        found = [Asked(asked, one.text, f"{name}.{next(iter(one.relevance))}") for one in dataset.questions]
        questions += random.Random(SEED).sample(found, min(limit, len(found)))
    return Pool(name, articles, questions)


def chunks_of(texts: Sequence[str], most: int = CHUNK_CHARS) -> tuple[list[str], list[int]]:
    """Cut texts into chunks of whole sentences, as many as fit; a longer sentence is cut where the chunk is full.

    Returns:
        The chunks, and for each the number of its text.
    """
    chunks: list[str] = []
    owners: list[int] = []
    for number, text in enumerate(texts):
        own: list[str] = []
        for sentence in _SENTENCE.findall(text):
            for first in range(0, len(sentence), most):
                piece = sentence[first : first + most]
                if own and len(own[-1]) + len(piece) <= most:
                    own[-1] += piece
                else:
                    own.append(piece)
        kept = [chunk.strip() for chunk in own if chunk.strip()]
        chunks += kept
        owners += [number] * len(kept)
    return chunks, owners
