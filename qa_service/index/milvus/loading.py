"""Collections that Milvus holds but has not loaded, as Milvus Lite has none when it begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pymilvus import MilvusClient

logger = logging.getLogger(__name__)

NOT_LOADED = 101
"""Milvus's number for it."""
_LOAD_S = 60.0

T = TypeVar("T")


def loaded(client: MilvusClient, name: str, act: Callable[[], T]) -> T:
    """Do something with a collection; where Milvus has not loaded it, have it loaded and do it again."""
    from pymilvus.exceptions import MilvusException  # noqa: PLC0415

    try:
        return act()
    except MilvusException as error:
        if error.code != NOT_LOADED:
            raise
    logger.warning("collection %s was not loaded in Milvus, which is made up for", name)
    client.load_collection(name, timeout=_LOAD_S)
    return act()
