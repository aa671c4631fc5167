"""The learned weights of `features`, read from the versioned file that `scripts/bench/fit_answer.py` writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from qa_service.retrieval.answering.features import FEATURES, Column

VERSION = 1
FILE = Path(__file__).parents[1] / "answer_weights.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """What a sentence's features are worth, and what length costs.

    Attributes:
        features: one weight for each of `FEATURES`, the same for every language.
        length_price: the probability that one more Chinese character of answer must be worth.
    """

    features: Column
    length_price: float


@cache
def shipped_weights() -> Weights:
    """Read the weights that come with the package.

    Errors:
        ValueError: the file is of another version or names other features than this code computes.
    """
    content = json.loads(FILE.read_text(encoding="utf-8"))
    if content["version"] != VERSION or set(content["weights"]) != set(FEATURES):
        raise ValueError(f"{FILE.name} does not belong to this code; fit it anew with scripts/bench/fit_answer.py")
    values = np.array([content["weights"][name] for name in FEATURES], dtype=np.float64)
    return Weights(values, float(content["length_price"]))
