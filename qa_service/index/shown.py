"""Which passages of an index may be shown: live ones, of those that a filter admits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa_service.index.admitted import Admitted, Keys

_MARGIN = 1.5
"""How much deeper than its share suggests a search for admitted passages goes at first."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Live passages, all but `dead` (in increasing order), of those that a filter admits; None admits all."""

    dead: Keys
    admitted: Admitted | None = None

    def mask(self, keys: Keys) -> NDArray[np.bool_]:
        """Tell which of some keys (n,) may be shown."""
        shown = np.ones(len(keys), dtype=bool) if self.admitted is None else self.admitted.mask(keys)
        if not len(self.dead):
            return shown
        places = np.minimum(np.searchsorted(self.dead, keys), len(self.dead) - 1)
        live: NDArray[np.bool_] = shown & (self.dead[places] != keys)
        return live

    def depth(self, limit: int) -> int:
        """Guess how many hits hold `limit` of them."""
        return limit if self.admitted is None else math.ceil(_MARGIN * limit / self.admitted.share)
