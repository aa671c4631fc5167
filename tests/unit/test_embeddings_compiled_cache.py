"""A model is prepared once for a machine; what is damaged, stale or cannot be written costs time and a warning."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("openvino")

from embeddings import runtime
from embeddings.compiled import cache, loading, preparing
from embeddings.compiled.engine import usable_threads
from embeddings.compiled.loading import compiled_state, load_compiled
from embeddings.compiled.processor import Processor
from embeddings.compiled.validation import Validation, ValidationSet
from embeddings.errors import DamagedModel, ModelError
from tests.unit import small_bert

GOOD, BAD = Validation(0.999, 0.99, 0.9, 0.9), Validation(0.99, 0.5, 0.9, 0.9)
PROCESSOR = Processor(frozenset({"avx512_vnni"}), frozenset({"avx512_bf16"}))


@pytest.fixture(autouse=True)
def small_data(monkeypatch):
    monkeypatch.setattr(preparing, "calibration_texts", lambda: ("a b c", "图 书 馆 几 点 开 门", "x y z " * 9))
    monkeypatch.setattr(preparing, "validation_set", lambda: ValidationSet(("a b", "c d"), (("a", 0),)))
    monkeypatch.setattr(loading, "this_processor", lambda: PROCESSOR)


@pytest.fixture
def verdicts(monkeypatch):
    """What validation says of each precision, in turn; good when nothing is left to say."""
    said: list[Validation] = []
    monkeypatch.setattr(preparing, "validate", lambda *_: said.pop(0) if said else GOOD)
    return said


@pytest.fixture
def built(monkeypatch):
    """Lists the precisions that were built."""
    precisions: list[str] = []
    build = preparing._built

    def counted(source, precision, say):
        precisions.append(precision)
        return build(source, precision, say)

    monkeypatch.setattr(preparing, "_built", counted)
    return precisions


@pytest.fixture
def folder(tmp_path):
    small_bert.make_folder(tmp_path / "models" / "small")
    return tmp_path / "models" / "small"


def _load(folder, wanted="auto"):
    return load_compiled(folder, small_bert.DESCRIPTION, wanted, check=lambda _encoder: None)


def _state(folder, wanted="auto"):
    return compiled_state(folder, small_bert.DESCRIPTION, wanted)


def _place(folder):
    return preparing.prepared_folder(folder, "int8")


def _warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_it_is_prepared_once(folder, verdicts, built, caplog):
    assert _state(folder).problem == "not prepared yet"
    first, second = _load(folder), _load(folder)
    assert built == ["int8"]
    assert np.array_equal(first.encode_queries(["a b"]), second.encode_queries(["a b"]))
    assert (second.runtime.engine, second.runtime.precision, second.runtime.cosine) == ("openvino", "int8", 0.999)
    assert str(_place(folder)) in second.runtime.detail
    assert sorted(path.name for path in folder.parent.iterdir()) == [".small-int8.lock", "small", "small-int8"]
    state = _state(folder)
    assert (state.precision, state.problem, state.validation) == ("int8", None, GOOD)
    assert _warnings(caplog) == []


def _change(path, change):
    path.write_bytes(change(path.read_bytes()))


def _alter_key(folder, name, value):
    record = json.loads((folder / cache.RECORD).read_text())
    record["key"][name] = value
    (folder / cache.RECORD).write_text(json.dumps(record))


DAMAGE = {
    "truncated graph": (lambda folder: _change(folder / cache.GRAPH, lambda data: data[:-1]), "bytes instead of"),
    "altered graph": (lambda folder: _change(folder / cache.GRAPH, lambda data: data[:-1] + b"!"), "checksum"),
    "no graph": (lambda folder: (folder / cache.GRAPH).unlink(), "cannot be read"),
    "no record": (lambda folder: (folder / cache.RECORD).unlink(), "is missing"),
    "garbage record": (lambda folder: (folder / cache.RECORD).write_text("{"), "cannot be read"),
    "record of nothing": (lambda folder: (folder / cache.RECORD).write_text("{}"), "cannot be read"),
    "another format": (lambda folder: _alter_key(folder, "format", 0), "format 0 instead of"),
    "another engine": (lambda folder: _alter_key(folder, "engine", "openvino 1"), "engine 'openvino 1' instead of"),
    "another model": (lambda folder: _alter_key(folder, "model", "other"), "model 'other' instead of"),
    "another processor": (lambda folder: _alter_key(folder, "processor", "amx"), "processor 'amx' instead of"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_or_stale_is_prepared_again_with_a_warning(folder, verdicts, built, caplog, damage):
    expected = _load(folder).encode_queries(["a b"])
    spoil, reason = DAMAGE[damage]
    spoil(_place(folder))
    assert np.array_equal(_load(folder).encode_queries(["a b"]), expected)
    assert built == ["int8", "int8"]
    (warning,) = _warnings(caplog)
    assert warning.startswith("the model is prepared again: ")
    assert reason in warning
    assert _state(folder).problem is None
    _load(folder)
    assert len(built) == 2


def test_a_graph_that_the_engine_refuses_is_prepared_again(folder, verdicts, built, caplog):
    _load(folder)
    place = _place(folder)
    prepared = cache.read_record(place)
    cache.write_prepared(place, prepared.key, prepared.validation, b"not a graph")
    assert _load(folder).encode_queries(["a"]).shape == (1, small_bert.HIDDEN)
    assert built == ["int8", "int8"]
    assert "cannot load the prepared model" in _warnings(caplog)[0]


def test_what_is_damaged_shows_in_the_state(folder, verdicts):
    _load(folder)
    _alter_key(_place(folder), "processor", "amx")
    assert "another engine, processor" in _state(folder).problem
    (_place(folder) / cache.RECORD).write_text("{")
    assert "cannot be read" in _state(folder).problem


@pytest.mark.parametrize("failing", ["lock", "write"])
def test_where_nothing_can_be_written_it_stays_in_memory(folder, verdicts, built, caplog, monkeypatch, failing):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(preparing, "preparing" if failing == "lock" else "write_prepared", refuse)
    encoder = _load(folder)
    assert built == ["int8"]
    assert "in memory" in encoder.runtime.detail
    (warning,) = _warnings(caplog)
    assert "stays in memory" in warning
    assert "Permission denied" in warning
    assert not _place(folder).exists()


def test_a_precision_that_falls_short_gives_way_to_the_next(folder, verdicts, built, caplog):
    verdicts += [BAD, BAD]
    encoder = _load(folder)
    assert built == ["int8", "bf16", "fp32"]
    assert (encoder.runtime.precision, encoder.runtime.cosine) == ("fp32", None)
    warnings = _warnings(caplog)
    assert [warning.split(":")[0] for warning in warnings] == [
        "the model does not run in int8 on this machine",
        "the model does not run in bf16 on this machine",
    ]
    assert "0.9900, below 0.997" in warnings[0]
    assert "bf16 falls short" in encoder.runtime.detail
    # The verdict is kept, so that the next start does not try again.
    assert _load(folder).runtime.precision == "fp32"
    assert len(built) == 3
    assert (_state(folder).precision, _state(folder).why[:4]) == ("fp32", "bf16")


def test_a_wanted_precision_is_the_first_tried(folder, verdicts, built):
    assert _load(folder, "bf16").runtime.precision == "bf16"
    assert _load(folder, "fp32").runtime.precision == "fp32"
    assert built == ["bf16", "fp32"]


def test_an_engine_that_fails_the_check_is_not_used(folder, verdicts):
    def check(_encoder):
        raise ModelError("other vectors")

    with pytest.raises(ModelError, match="other vectors"):
        load_compiled(folder, small_bert.DESCRIPTION, check=check)
    assert not _place(folder).exists()


def test_what_a_killed_process_left_is_removed(folder, verdicts):
    leftover = folder.parent / ".small-int8-building-abc"
    leftover.mkdir()
    _load(folder)
    assert not leftover.exists()


def test_without_the_engine_the_default_model_runs_on_torch(folder, monkeypatch, caplog):
    def missing(*_):
        raise ModelError("OpenVINO cannot be loaded: no wheel", "pip install openvino")

    monkeypatch.setattr("embeddings.bundled.ensure_default_model", lambda *_: folder)
    monkeypatch.setattr(loading, "import_openvino", missing)
    monkeypatch.setattr(runtime, "_on_torch", lambda place, *prompts: (place, *prompts))
    assert runtime.load_encoder("default", folder.parent, "auto", "q", "p") == (folder, "q", "p")
    (warning,) = _warnings(caplog)
    assert warning.startswith("the default model runs on torch, several times slower: OpenVINO cannot be loaded")


def test_another_model_runs_on_torch_and_says_so_when_something_else_was_wanted(folder, monkeypatch, caplog):
    monkeypatch.setattr(runtime, "_on_torch", lambda place, *_: place)
    assert runtime.load_encoder(str(folder), folder.parent, "auto") == str(folder)
    assert _warnings(caplog) == []
    assert runtime.load_encoder(str(folder), folder.parent, "int8") == str(folder)
    assert _warnings(caplog) == [f"only the default model runs in int8; {folder} runs on torch"]


def test_an_unreadable_model_is_no_reason_for_torch_to_be_silent(folder):
    (folder / "config.json").write_text("{}")
    with pytest.raises(DamagedModel):
        _load(folder)


def test_nothing_that_sends_usage_data_or_takes_seconds_to_import_is_imported(folder):
    code = (
        "import pathlib, sys\n"
        "from embeddings.compiled import loading\n"
        "from tests.unit.small_bert import DESCRIPTION\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "e = loading.load_compiled(folder, DESCRIPTION, 'fp32', check=lambda e: None)\n"
        "print(e.encode_queries(['a']).shape, e.encode_passages(['a', 'b c']).shape)\n"
        "print([name for name in sys.modules if sys.modules[name] is not None and name.split('.')[0] in\n"
        "       ('torch', 'transformers', 'sentence_transformers', 'openvino_telemetry')\n"
        "       or name == 'openvino.tools.ovc' and sys.modules[name]])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"(1, {small_bert.HIDDEN}) (2, {small_bert.HIDDEN})", "[]"]


@pytest.mark.parametrize(("asked", "threads"), [("1", 1), ("100000", None), ("0", 1), ("many", None), ("", None)])
def test_it_computes_with_no_more_threads_than_openmp_may(monkeypatch, asked, threads):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    all_of_them = usable_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert usable_threads() == (threads or all_of_them)
