"""The adjustment of confidences: its file, how an engine takes it up, and what it never changes."""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Damaged, Unavailable
from qa_service.retrieval import adjustment as module
from qa_service.retrieval.adjustment import AdjustmentFile, weights_id
from qa_service.retrieval.calibration import Adjustment
from qa_service.retrieval.log_odds import log_odds_of
from qa_service.retrieval.saved_adjustment import NAME, Fitted, Saved, read_saved, remove, write_saved
from qa_service.types import Ask
from tests.conftest import add

STORES = {f"a{n}": f"第{n}号仓库存放着{n * 7}箱货物。仓库管理员的电话是{n}。" for n in range(12)}
QUESTION = "第7号仓库有多少箱货物?"
HALF = Adjustment(0.5, -0.25)


def fitted(file: AdjustmentFile) -> Fitted:
    return file.fitted(
        at="2026-01-02T03:04:05+00:00", collection="default", questions=30, unanswered=31, min_confidence=0.4
    )


def write(data_dir: Path, adjustment: Adjustment = HALF, encoder: ToyEncoder | None = None) -> AdjustmentFile:
    file = AdjustmentFile(data_dir, encoder or ToyEncoder())
    file.write(adjustment, fitted(file))
    return file


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = AdjustmentFile(tmp_path, ToyEncoder())
    assert (file.read(), file.warnings(), file.applies) == (Adjustment(), [], False)
    file.write(HALF, fitted(file))
    assert (file.read(), file.warnings(), file.applies) == (HALF, [], True)
    assert read_saved(tmp_path / NAME) == Saved(HALF, fitted(file))
    assert AdjustmentFile(tmp_path, ToyEncoder()).read() == HALF
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert remove(tmp_path / NAME)
    assert not remove(tmp_path / NAME)
    assert file.read() == Adjustment()


def test_it_is_read_once_and_again_when_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def counting(path: Path) -> Saved | None:
        reads.append(path)
        return read_saved(path)

    monkeypatch.setattr(module, "read_saved", counting)
    file = write(tmp_path)
    assert [file.read() for _ in range(5)] == [HALF] * 5
    assert len(reads) == 1
    write(tmp_path, Adjustment(2.0, 1.0))
    assert file.read() == Adjustment(2.0, 1.0)
    assert len(reads) == 2


def _edit(**changes: object) -> Any:
    def edit(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **changes}).encode()

    return edit


def _signed(**changes: object) -> Any:
    """Change the content and make the checksum fit, as another program might."""
    from qa_service.retrieval.saved_adjustment import _checksum

    def edit(content: bytes) -> bytes:
        body = {**json.loads(content), **changes}
        body.pop("sha256")
        return json.dumps({**body, "sha256": _checksum(body)}).encode()

    return edit


DAMAGE = {
    "empty": lambda content: b"",
    "cut": lambda content: content[:-20],
    "no JSON": lambda content: b"\xff\xfe not JSON",
    "another value": lambda content: content.replace(b"0.5", b"0.6"),
    "no checksum": _edit(sha256=None),
    "list": lambda content: b"[]",
    "deep": lambda content: b"[" * 60_000,
    "other format": _signed(format=2),
    "slope 0": _signed(slope=0.0),
    "falling": _signed(slope=-1.0),
    "steep": _signed(slope=1e9),
    "whole number": _signed(slope=1),
    "true": _signed(offset=True),
    "far": _signed(offset=1e6),
    "not finite": lambda content: content.replace(b"-0.25", b"NaN"),
    "infinite": _signed(offset=float("inf")),
    "text": _signed(offset="0"),
    "more": _signed(more=1),
    "no fit": _signed(fitted=None),
    "half a fit": _signed(fitted={"at": "now"}),
    "huge": lambda content: content + b" " * 100_000 + b"x",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_an_error_at_open_and_a_warning_later(
    tmp_path: Path, damage: Any, caplog: pytest.LogCaptureFixture
) -> None:
    running = write(tmp_path)
    assert running.read() == HALF
    path = tmp_path / NAME
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Damaged, match="qa-service calibrate") as raised:
        AdjustmentFile(tmp_path, ToyEncoder()).check()
    assert raised.value.field == str(path)
    with caplog.at_level(logging.WARNING):
        assert [running.read() for _ in range(3)] == [HALF] * 3
        [warning] = running.warnings()
    assert warning.startswith(f"{NAME} is damaged: ")
    assert "qa-service calibrate --reset" in warning
    assert "\n" not in warning
    assert len(caplog.records) == 1
    assert running.problems()
    write(tmp_path, Adjustment(3.0, 0.0))
    assert (running.read(), running.warnings(), running.problems()) == (Adjustment(3.0, 0.0), [], [])


def test_text_that_a_terminal_would_obey_is_refused(tmp_path: Path) -> None:
    file = AdjustmentFile(tmp_path, ToyEncoder(name="evil\x1b[2J"))
    with pytest.raises(ValueError, match="cannot be shown"):
        file.write(HALF, fitted(file))
    assert not file.path.exists()


@pytest.mark.parametrize("wrong", [Adjustment(-1.0, 0.0), Adjustment(1.0, 1e9), Adjustment(float("nan"), 0.0)])
def test_nonsense_is_not_written(tmp_path: Path, wrong: Adjustment) -> None:
    file = write(tmp_path)
    with pytest.raises(ValueError):
        file.write(wrong, fitted(file))
    assert file.read() == HALF


def test_what_cannot_be_written_leaves_the_file_before(tmp_path: Path) -> None:
    file = AdjustmentFile(tmp_path / "nowhere", ToyEncoder())
    with pytest.raises(Unavailable, match="cannot be written") as raised:
        file.write(HALF, fitted(file))
    assert raised.value.field == str(tmp_path / "nowhere" / NAME)


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    file = AdjustmentFile(tmp_path, ToyEncoder())
    with pytest.raises(Damaged, match="cannot be read"):
        file.check()
    assert file.read() == Adjustment()


def test_another_model_or_calibration_is_ignored_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    other = AdjustmentFile(tmp_path, ToyEncoder(name="other"))
    assert (other.read(), other.applies) == (Adjustment(), False)
    [warning] = other.warnings()
    assert "was fitted with the model toy and is ignored" in warning
    [warning] = AdjustmentFile(tmp_path, ToyEncoder(dim=8)).warnings()
    assert "was fitted with other settings of the model" in warning
    other.write(HALF, fitted(other))
    assert (other.read(), other.warnings()) == (HALF, [])
    mine = AdjustmentFile(tmp_path, ToyEncoder(name="other"))
    saved = read_saved(tmp_path / NAME)
    assert saved is not None
    assert saved.fitted.weights == weights_id()
    monkeypatch.setattr(module, "weights_id", lambda: "another")
    [warning] = mine.warnings()
    assert "another version of qa-service" in warning
    assert mine.read() == Adjustment()


def test_a_model_that_nothing_was_fitted_on_is_warned_of(tmp_path: Path) -> None:
    file = AdjustmentFile(tmp_path, ToyEncoder(name="other"))
    assert not file.calibrated
    [warning] = file.warnings()
    assert warning == (
        "confidences are not calibrated for the model other: run `qa-service calibrate` with questions of your own"
    )


@pytest.fixture
def filled(engine: Engine) -> Engine:
    add(engine, STORES)
    return engine


def test_a_running_engine_takes_it_up_and_keeps_the_order(filled: Engine, settings: Settings) -> None:
    before = filled.ask(Ask(QUESTION, top_k=50, explain=True))
    log_odds = log_odds_of(before)
    assert log_odds is not None
    assert before.confidence == round(Adjustment().probability(log_odds), 6)
    for adjustment in (Adjustment(0.05, 0.3), Adjustment(3.0, 55.0), Adjustment(0.5, 90.0)):
        write(settings.data_dir, adjustment)
        after = filled.ask(Ask(QUESTION, top_k=50, explain=True))
        scores = [passage.score for passage in after.passages]
        assert [p.passage_id for p in after.passages] == [p.passage_id for p in before.passages]
        assert scores == sorted(scores, reverse=True)
        assert after.confidence == round(adjustment.probability(log_odds), 6) != before.confidence
        assert log_odds_of(after) == log_odds
        described = dict(after.explain or {})["confidence"]
        assert described == {"log_odds": log_odds, "slope": adjustment.slope, "offset": adjustment.offset}
    remove(settings.data_dir / NAME)
    assert filled.ask(Ask(QUESTION, top_k=50, explain=True)).passages == before.passages


def test_an_engine_tells_of_damage_and_refuses_to_open_with_it(filled: Engine, settings: Settings) -> None:
    write(settings.data_dir)
    confidence = filled.ask(Ask(QUESTION)).confidence
    (settings.data_dir / NAME).write_bytes(b"{}")
    assert filled.ask(Ask(QUESTION)).confidence == confidence
    assert filled.readiness().ready
    [warning] = filled.readiness().warnings
    assert warning.startswith(f"{NAME} is damaged")
    assert any(NAME in problem for problem in filled.check())
    with pytest.raises(Damaged, match=NAME):
        Engine.open(settings, ToyEncoder())
    for given in ({"asking": False}, {"adjusted": False}):
        opened = Engine.open(settings, ToyEncoder(), **given)
        opened.close()
    remove(settings.data_dir / NAME)
    assert (filled.readiness().warnings, filled.check()) == ((), [])


def test_an_engine_without_adjustment_leaves_confidences_as_shipped(filled: Engine, settings: Settings) -> None:
    shipped = filled.ask(Ask(QUESTION)).confidence
    write(settings.data_dir)
    opened = Engine.open(settings, ToyEncoder(), adjusted=False)
    assert opened.ask(Ask(QUESTION)).confidence == shipped != filled.ask(Ask(QUESTION)).confidence
    opened.close()


def test_readers_beside_a_writer_see_whole_files(tmp_path: Path) -> None:
    write(tmp_path, Adjustment(1.0, 0.0))
    reader, seen, done = AdjustmentFile(tmp_path, ToyEncoder()), set[Adjustment](), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(reader.read())
            assert reader.warnings() == []

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    given = [Adjustment(float(n), float(n)) for n in range(1, 40)]
    for one in given:
        write(tmp_path, one)
    done.set()
    for thread in threads:
        thread.join()
    assert seen <= {Adjustment(1.0, 0.0), *given}
    assert reader.read() == given[-1]


def test_a_draft_that_a_crash_left_is_not_read(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / f".{NAME}.{os.getpid()}.draft").write_bytes(b"half")
    assert AdjustmentFile(tmp_path, ToyEncoder()).read() == HALF
    write_saved(tmp_path / NAME, Saved(Adjustment(2.0, 0.0), fitted(AdjustmentFile(tmp_path, ToyEncoder()))))
    assert AdjustmentFile(tmp_path, ToyEncoder()).read() == Adjustment(2.0, 0.0)
