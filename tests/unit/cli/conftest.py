"""Runs command lines in this process, on a real engine with the toy encoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.cli import main
from qa_service.config import Settings
from qa_service.engine import Engine


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class Runner:
    """Call it with arguments; `encoder` counts what was encoded, `data` is the data directory."""

    def __init__(self, data: Path, encoder: ToyEncoder, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self.encoder = encoder
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ran:
        self._capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def failed(self, *arguments: object) -> Ran:
        """Run what must fail, and check the shape of every failure: one `error:` line, at the end of stderr."""
        ran = self(*arguments)
        assert ran.code in (1, 2), ran
        *warnings, last = ran.err.splitlines()
        assert last.startswith("error: "), ran
        assert all(line.startswith("warning: ") for line in warnings), ran
        return ran

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        engine = Engine.open(Settings(data_dir=self.data))
        try:
            yield engine
        finally:
            engine.close()

    def ids(self, collection: str = "default") -> list[str]:
        with self.engine() as engine:
            return [article.id for article in engine.articles(collection).articles]


@pytest.fixture
def run(tmp_path: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    encoder = ToyEncoder()
    monkeypatch.setattr("qa_service.assembly.load_encoder", lambda *_: encoder)
    monkeypatch.setenv("QA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("QA_CACHE_DIR", str(cache_dir))
    monkeypatch.setenv("QA_MIN_CONFIDENCE", "0")
    monkeypatch.delenv("QA_DEBUG", raising=False)
    return Runner(tmp_path / "data", encoder, capsys)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A directory of two articles."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "flu.txt").write_text("流感疫苗接种从十月八日开始。全市共设四十一个接种门诊。", encoding="utf-8")
    (folder / "bus.txt").write_text("公交二路自九月起延长到火车站。首班车六点发车。", encoding="utf-8")
    return folder
