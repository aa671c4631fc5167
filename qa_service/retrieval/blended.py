"""Learned weights in two versions, blended by how far a question's words can be trusted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa_service.retrieval.evidence import Scores

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BlendedWeights:
    """A weight for each of n features: for questions in another language than the articles (n,), and in theirs (n,).

    `encoder` names the model whose cosines they were fitted on.
    """

    foreign: Scores
    native: Scores
    encoder: str

    @classmethod
    def read(cls, file: Path, version: int, features: Sequence[str]) -> BlendedWeights:
        """Read the file that `write` wrote.

        Errors:
            ValueError: it is of another version or names other features.
        """
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != version or tuple(content["weights"]) != tuple(features):
            raise ValueError(f"{file.name} does not belong to this code; fit it anew with scripts/bench/fit_ranking.py")
        foreign, native = (
            np.array([content["weights"][name][kind] for name in features], dtype=np.float64)
            for kind in ("foreign", "native")
        )
        return cls(foreign, native, content["encoder"])

    def write(self, file: Path, version: int, features: Sequence[str]) -> None:
        """Write a file to be kept under version control."""
        weights = {
            name: {"foreign": round(float(foreign), 4), "native": round(float(native), 4)}
            for name, foreign, native in zip(features, self.foreign, self.native, strict=True)
        }
        content = {"version": version, "encoder": self.encoder, "weights": weights}
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def at(self, share: float) -> Scores:
        """Blend them: `share` is 0 for a wholly foreign question, 1 for a native one; see `fusion.lexical_share`."""
        return self.foreign * (1 - share) + self.native * share

    def score(self, features: Matrix, share: float) -> Scores:
        """Weigh the features of k things (k, n) into (k,): row by row, so that equal rows score exactly alike."""
        summed: Scores = (features * self.at(share)).sum(axis=1)
        return summed
