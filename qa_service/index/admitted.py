"""The passages that a filter admits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Admitted:
    """Keys of admitted passages, in increasing order, of `total` in the collection, some of them dead maybe.

    `articles` are the rows of the articles that are admitted, `others` those of the rest.
    """

    keys: Keys
    total: int
    articles: Keys = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    others: Keys = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def share(self) -> float:
        """How much of the collection is admitted, above 0 and at most 1."""
        return max(len(self.keys), 1) / max(self.total, 1)

    def mask(self, keys: Keys) -> NDArray[np.bool_]:
        """Tell which of some keys (n,) are admitted."""
        if not len(self.keys):
            return np.zeros(len(keys), dtype=bool)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        same: NDArray[np.bool_] = self.keys[places] == keys
        return same

    def only(self, keys: Sequence[int]) -> list[int]:
        """Leave out the keys that are not admitted."""
        return [key for key, kept in zip(keys, self.mask(np.array(keys, dtype=np.int64)).tolist(), strict=True) if kept]
