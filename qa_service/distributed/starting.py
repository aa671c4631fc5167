"""From options of a command to a loader with Ray behind it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from qa_service.distributed.loading import Loading, usable_cores
from qa_service.distributed.session import ray_session
from qa_service.engine import Engine
from qa_service.readers import Listing

ADDRESS = "RAY_ADDRESS"


@contextlib.contextmanager
def loader(address: str | None, workers: int | None) -> Iterator[Callable[[Engine, Listing, str, int], Loading]]:
    """Have Ray ready; give what makes a load of an engine, a listing, a collection's name and the largest file's bytes.

    Parameters:
        address: of a Ray that runs; None takes `RAY_ADDRESS`, or starts one.
        workers: None takes one for each processor, save one of a cluster's for reading.

    Errors:
        ConfigError, Unavailable: see `ray_session`.
    """
    address = address or os.environ.get(ADDRESS) or None
    with ray_session(address, workers or usable_cores()) as ray:
        count = workers or (max(1, int(ray.cluster_resources().get("CPU", 2)) - 1) if address else usable_cores())
        yield lambda engine, listing, collection, max_bytes: Loading(ray, engine, listing, collection, count, max_bytes)
