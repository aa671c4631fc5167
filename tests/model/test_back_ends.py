"""The real model's answers are the same whether passages are searched in files or in Milvus."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from qa_service.config import Settings
from qa_service.evaluation.run import evaluate
from qa_service.evaluation.squad import load_squad
from tests.milvus_server import MilvusTestServer

pytestmark = [pytest.mark.model, pytest.mark.shared]
ARTICLES, QUESTIONS = 40, 25


def test_quality_is_equal_between_back_ends(shared: Path, cache_dir: Path) -> None:
    # Few of them: Milvus Lite takes a tenth of a second for a search. `scripts/bench/backends.py` asks all.
    found = load_squad(shared / "eval" / "xquad.zh.json")
    articles = list(found.articles)[:ARTICLES]
    kept = {article.id for article in articles}
    asked = tuple(one for one in found.questions if one.relevance.keys() <= kept)[::4][:QUESTIONS]
    with closing(MilvusTestServer.of_tests()) as server:
        values = [
            evaluate(replace(found, articles=articles, questions=asked), settings).measures["nDCG@10"]
            for settings in (Settings(cache_dir=cache_dir), Settings(cache_dir=cache_dir, index=server.database()))
        ]
    assert values[0] > 0.9
    assert values[0] == pytest.approx(values[1], abs=0.002)
