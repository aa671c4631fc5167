"""Samples go into an empty service only."""

from __future__ import annotations

import json

from qa_service.engine import Engine
from qa_service.samples_loader import SAMPLES, ingest_samples_if_empty
from qa_service.types import Submission


def test_empty_service_gets_every_sample_once(engine: Engine) -> None:
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    assert ingest_samples_if_empty(engine) == len(lines) >= 24
    assert engine.article("default", json.loads(lines[0])["id"]).summary.title == json.loads(lines[0])["title"]
    assert ingest_samples_if_empty(engine) == 0


def test_any_article_anywhere_keeps_the_samples_out(engine: Engine) -> None:
    list(engine.ingest([Submission(b"text.", id="a")], "other"))
    assert ingest_samples_if_empty(engine) == 0
    assert all(info.articles == 0 for info in engine.collections() if info.name == "default")
