"""Collections that Milvus holds but has not loaded, as Milvus Lite has none when it begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from qa_service.errors import Overloaded

if TYPE_CHECKING:
    from pymilvus import MilvusClient

logger = logging.getLogger(__name__)

NOT_LOADED = {101, 103}
"""Milvus's numbers for it: not at all, and not yet as a whole."""
_RETRY_S = 5

T = TypeVar("T")


def loaded(client: MilvusClient, name: str, act: Callable[[], T], seconds: float) -> T:
    """Do something with a collection; where Milvus has not loaded it, have it loaded and do it again.

    Parameters:
        seconds: how long loading is waited for; Milvus goes on with it.

    Errors:
        Overloaded: it is still being loaded.
    """
    from pymilvus.exceptions import MilvusException  # noqa: PLC0415

    try:
        return act()
    except MilvusException as error:
        if error.code not in NOT_LOADED:
            raise
    logger.info("collection %s was not loaded in Milvus, which is made up for", name)
    try:
        client.load_collection(name, timeout=seconds)
    except MilvusException as error:
        if "timeout" in str(error.message).lower():
            raise Overloaded(
                f"Milvus is still loading {name}", retry_after=_RETRY_S, remedy="try again when it has; see its memory"
            ) from error
        raise
    return act()
