"""Earlier questions that the collection says nothing about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa_service.engine import Engine
from qa_service.retrieval.following import locating
from qa_service.retrieval.following.scene import Scene
from qa_service.retrieval.query import QueryReader
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.store import collections
from qa_service.types import Submission


@pytest.mark.parametrize(("confidence", "located"), [(0.9, True), (0.0, False)])
def test_they_have_no_say_in_the_next_one(engine: Engine, confidence: float, located: bool) -> None:
    list(engine.ingest([Submission("市图书馆周一闭馆。".encode(), id="library", charset="utf-8")], "c"))
    snapshot = engine.opened.snapshot("c")
    assert snapshot is not None
    query = QueryReader(engine.encoder, engine.tokenizer).read("图书馆哪天闭馆？", Stopwatch())
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "c")
        watch, texts = Stopwatch(), Texts(connection)
        scene = Scene(connection, engine.segments, collection, snapshot, texts, watch, lambda _: confidence)
        assert bool(locating.asked(scene, query)) is located
        assert locating.asked(replace(scene, confidence=lambda _: 0.0), query) == {}
