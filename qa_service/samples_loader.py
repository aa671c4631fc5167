"""Puts the sample articles into a service that has none, so that a first visitor has something to ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qa_service.readers import Source, list_files

if TYPE_CHECKING:
    from qa_service.engine import Engine

SAMPLES = Path(__file__).parent / "samples" / "articles.jsonl"


def ingest_samples_if_empty(engine: Engine) -> int:
    """Ingest the sample articles into the default collection when no collection holds any article.

    Returns:
        How many articles were taken; 0 when the service already had some.
    """
    if any(collection.articles for collection in engine.collections()):
        return 0
    outcomes = engine.ingest(Source(list_files([SAMPLES])))
    return sum(outcome.outcome != "rejected" for outcome in outcomes)
