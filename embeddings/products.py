"""Threads of the library that multiplies numpy's matrices."""

from __future__ import annotations

import os

from threadpoolctl import threadpool_limits

_ASKED_FOR = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def compute_alone() -> None:
    """Have each thread of this process compute its matrix products by itself.

    A question's products take several threads longer to share than one to compute, and between them the others spin:
    on two cores, 17 ms of processor time for a question that takes 16. The library reads its environment variables when
    it is loaded, which may be before or after this, so both ways are gone. They decide instead where they are set.
    """
    if any(name in os.environ for name in _ASKED_FOR):
        return
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    threadpool_limits(1, user_api="blas")
