"""Compares an encoder with the same model in float32, on texts that were not used to prepare it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from embeddings.encoder import Encoder, Vectors

MIN_COSINE = 0.997
MAX_LOSS = 0.002
_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Validation:
    """What the comparison gave.

    Attributes:
        cosine: mean over texts of the cosine between both vectors.
        least: the lowest of them.
        ndcg: mean nDCG@10 of each question's passage.
        reference_ndcg: the same in float32.
    """

    cosine: float
    least: float
    ndcg: float
    reference_ndcg: float

    @property
    def problem(self) -> str | None:
        """Say in which respect it falls short, if it does."""
        # Written so that NaN falls short too.
        if not self.cosine >= MIN_COSINE:
            return f"the mean cosine to float32 is {self.cosine:.4f}, below {MIN_COSINE}"
        if not self.ndcg >= self.reference_ndcg - MAX_LOSS:
            return f"nDCG@10 is {self.ndcg:.4f}, more than {MAX_LOSS} below the {self.reference_ndcg:.4f} of float32"
        return None


@dataclass(frozen=True, slots=True)
class ValidationSet:
    """Passages in many languages, and questions of which each is answered by the passage at its position."""

    passages: tuple[str, ...]
    questions: tuple[tuple[str, int], ...]


def calibration_texts() -> tuple[str, ...]:
    """Return the texts over which ranges are measured: prose, lists and figures in many languages."""
    return tuple(_data("calibration.json")["texts"])


def validation_set() -> ValidationSet:
    """Return the held-out passages and questions."""
    data = _data("validation.json")
    return ValidationSet(tuple(data["passages"]), tuple((text, int(place)) for text, place in data["questions"]))


def validate(candidate: Encoder, reference: Encoder, texts: ValidationSet) -> Validation:
    """Encode the set with both and compare."""
    questions = [text for text, _ in texts.questions]
    answers = np.array([place for _, place in texts.questions])
    ours = candidate.encode_queries(questions), candidate.encode_passages(texts.passages)
    theirs = reference.encode_queries(questions), reference.encode_passages(texts.passages)
    cosines = np.concatenate([(mine * other).sum(axis=1) for mine, other in zip(ours, theirs, strict=True)])
    return Validation(
        float(cosines.mean()), float(cosines.min()), _mean_ndcg(*ours, answers), _mean_ndcg(*theirs, answers)
    )


def _mean_ndcg(questions: Vectors, passages: Vectors, answers: np.ndarray) -> float:
    """Return the mean of 1 / log2(1 + rank) of the one right passage within the first ten, ties against it."""
    scores = questions @ passages.T
    right = scores[np.arange(len(answers)), answers]
    ranks = (scores >= right[:, None]).sum(axis=1)
    return float(np.where(ranks <= _DEPTH, 1 / np.log2(1 + ranks), 0).mean())


def _data(name: str) -> Any:
    text = resources.files("embeddings").joinpath(f"data/{name}").read_text(encoding="utf-8")
    return json.loads(text)
