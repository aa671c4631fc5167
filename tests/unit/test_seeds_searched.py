"""What of the raw articles reaches the search: no furniture; and what comes back is always the original."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from embeddings.encoder import Vectors
from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.readers import Source, list_files
from qa_service.types import Ask

pytestmark = pytest.mark.shared

FURNITURE = (
    "我要回帖",
    "随机推荐",
    "欢迎使用手机浏览",
    "网站地图",
    "版权所有",
    "ICP备",
    "点击:",
    "顶一下",
    "推荐内容",
    "Powered by",
    "All Rights Reserved",
    "责任编辑",
    "必胜,鹤壁战",
    "分享到",
    "相关文章",
)
QUESTIONS = ("必胜鹤壁战疫", "网站地图在哪里", "版权所有者是谁", "点击数是多少", "分享到哪里", "疫情防控工作由谁负责")


class Recording(ToyEncoder):
    """Remembers every window and sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.texts.extend(texts)
        return super().encode_passages(texts)


@pytest.fixture(scope="module")
def encoder() -> Recording:
    return Recording()


@pytest.fixture(scope="module")
def seeded(
    shared: Path, encoder: Recording, cache_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    data = tmp_path_factory.mktemp("seeds")
    engine = Engine.open(Settings(data_dir=data, cache_dir=cache_dir, model="toy", min_confidence=0.0), encoder)
    outcomes = list(engine.ingest(Source(list_files([shared / "seeds"], "name"))))
    assert [outcome.outcome for outcome in outcomes] == ["created"] * 5
    yield engine
    engine.close()


@pytest.mark.parametrize("line", FURNITURE)
def test_no_furniture_is_encoded(seeded: Engine, encoder: Recording, line: str) -> None:
    assert [text for text in encoder.texts if line in text] == []
    assert len(encoder.texts) > 300


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_comes_back_is_the_original(seeded: Engine, question: str) -> None:
    originals = {one.id: seeded.article("default", one.id) for one in seeded.articles("default").articles}
    result = seeded.ask(Ask(question, top_k=50))
    assert result.passages
    for passage in result.passages:
        detail = originals[passage.article_id]
        assert passage.text == detail.text[passage.start : passage.end]
        left_out = {(one.start, one.end) for one in detail.audit.omitted}
        assert {(span.start, span.end) for span in passage.omitted} <= left_out
        for mark in passage.highlights:
            assert not any(mark.start < end and start < mark.end for start, end in left_out)
