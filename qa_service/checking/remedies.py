"""What is said to be run when something is found wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator

logger = logging.getLogger(__name__)

RESTORE = "restore the data directory from a backup, or ingest the article again"
REBUILD = "run `qa-service rebuild`"


def all_told(problems: Iterator[str], what: str) -> Iterator[str]:
    """Give problems; what the damage keeps from being verified is one more of them, not the end of the check."""
    try:
        yield from problems
    except Exception as error:
        logger.debug("%s cannot be verified", what, exc_info=True)
        yield f"{what} cannot be verified: {error} ({RESTORE})"
