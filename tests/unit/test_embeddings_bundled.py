"""Building the default model into a folder that appears whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import signal
import sys

import pytest

from embeddings import bundled, manifest
from embeddings.errors import DamagedModel, ModelError
from embeddings.model_folder import write_weights
from embeddings.q4_file import Q4File
from tests.unit.q4_sample import HIDDEN, Q4, make_source


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield make_source(tmp_path / "site")
    assert "carrier_of_tests" not in sys.modules


def _carried(source, tmp_path):
    return tmp_path / "site" / source.package / source.path


@pytest.fixture
def small(source, tmp_path, monkeypatch):
    """Let the default model be the small file's; `small` lists the folders that were tested."""
    write_weights(Q4File(_carried(source, tmp_path)), tmp_path / "expected")
    tested: list[str] = []
    monkeypatch.setattr(bundled, "DEFAULT_MODEL_WEIGHTS", source)
    # What the tokenizer's file holds does not matter here, as the self-test does not run.
    monkeypatch.setattr(bundled, "DEFAULT_MODEL_TOKENIZER", source)
    monkeypatch.setattr(bundled, "DEFAULT_MODEL_SHA256", bundled_sha(tmp_path / "expected"))
    monkeypatch.setattr(bundled, "self_test", lambda folder: tested.append(folder.name))
    return tested


def bundled_sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache" / "models"


def _left(cache):
    """What is in the cache besides the model and its lock."""
    return sorted(path.name for path in cache.iterdir() if path.name not in (bundled.FOLDER, f".{bundled.FOLDER}.lock"))


def test_it_is_built_once(small, cache):
    said: list[str] = []
    folder = bundled.ensure_default_model(cache, said.append)
    assert folder == cache / bundled.FOLDER
    assert len(small) == 1
    assert said[0].startswith("checking")
    assert bundled.ensure_default_model(cache, said.append) == folder
    assert len(small) == 1
    assert _left(cache) == []
    bundled.verify(folder, full=True)


def test_the_folder_is_what_sentence_transformers_reads(small, cache):
    folder = bundled.ensure_default_model(cache)
    modules = json.loads((folder / "modules.json").read_text())
    assert [module["type"].rpartition(".")[2] for module in modules] == ["Transformer", "Pooling", "Normalize"]
    prompts = json.loads((folder / "config_sentence_transformers.json").read_text())["prompts"]
    assert prompts == {"query": "query: ", "document": "passage: ", "passage": "passage: "}
    config = json.loads((folder / "config.json").read_text())
    assert (config["hidden_size"], config["hidden_act"], config["layer_norm_eps"]) == (HIDDEN, "gelu", 1e-12)


def _truncate(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


DAMAGE = {
    "truncated": (_truncate, "bytes instead of"),
    "missing file": (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
    "missing manifest": (lambda folder: (folder / "build-manifest.json").unlink(), "no built model"),
    "unreadable manifest": (lambda folder: (folder / "build-manifest.json").write_text("{"), "cannot be read"),
    "another format": (lambda folder: (folder / "build-manifest.json").write_text(_other_format(folder)), "format 0"),
}


def _other_format(folder):
    return json.dumps({**json.loads((folder / "build-manifest.json").read_text()), "format": 0})


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_model_is_noticed_and_built_again(small, cache, case):
    damage, problem = DAMAGE[case]
    folder = bundled.ensure_default_model(cache)
    damage(folder)
    with pytest.raises(DamagedModel, match=problem) as caught:
        bundled.verify(folder)
    assert caught.value.remedy
    assert problem in (bundled.model_info(cache).problem or "")
    said: list[str] = []
    bundled.ensure_default_model(cache, said.append)
    assert any(problem in line for line in said)
    bundled.verify(folder, full=True)
    assert _left(cache) == []


def test_an_altered_byte_in_any_small_file_is_noticed_and_mended(small, cache):
    folder = bundled.ensure_default_model(cache)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size]
    for count, path in enumerate(files, start=2):
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 4]))
        bundled.ensure_default_model(cache)
        assert len(small) == count, path
        bundled.verify(folder, full=True)


def test_altered_bytes_of_what_is_large_are_noticed_by_the_full_check_only(small, cache, monkeypatch):
    monkeypatch.setattr(manifest, "QUICKLY_HASHED", 0)
    folder = bundled.ensure_default_model(cache)
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    bundled.verify(folder)
    with pytest.raises(DamagedModel, match="altered"):
        bundled.verify(folder, full=True)
    bundled.ensure_default_model(cache)
    assert len(small) == 1
    bundled.ensure_default_model(cache, full=True)
    assert len(small) == 2
    bundled.verify(folder, full=True)


def test_a_model_that_fails_its_test_is_not_kept(small, cache, monkeypatch):
    def fail(_folder):
        raise ModelError("wrong vectors", "a remedy")

    monkeypatch.setattr(bundled, "self_test", fail)
    with pytest.raises(ModelError, match="wrong vectors"):
        bundled.ensure_default_model(cache)
    assert not (cache / bundled.FOLDER).exists()
    assert _left(cache) == []


def test_unexpected_weights_are_not_kept(small, cache, monkeypatch):
    monkeypatch.setattr(bundled, "DEFAULT_MODEL_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="not the expected ones"):
        bundled.ensure_default_model(cache)
    assert _left(cache) == []
    assert not (cache / bundled.FOLDER).exists()


def test_a_full_disk_is_a_clear_error(small, cache, monkeypatch):
    def fill(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(bundled, "write_weights", fill)
    with pytest.raises(ModelError, match="No space left") as caught:
        bundled.ensure_default_model(cache)
    assert "QA_MODEL_DIR" in (caught.value.remedy or "")
    assert _left(cache) == []


def test_an_unusable_directory_is_a_clear_error(small, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be used") as caught:
        bundled.ensure_default_model(tmp_path / "file" / "models")
    assert "QA_MODEL_DIR" in (caught.value.remedy or "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_directory_is_a_clear_error(small, tmp_path):
    tmp_path.joinpath("models").mkdir(mode=0o500)
    with pytest.raises(ModelError, match="Permission denied"):
        bundled.ensure_default_model(tmp_path / "models")


def test_info_before_and_after(small, cache):
    info = bundled.model_info(cache)
    assert (info.built, info.problem, info.size, info.fingerprint) == (False, None, 0, None)
    assert [problem for _, problem in info.sources] == [None, None]
    assert not cache.exists()
    bundled.ensure_default_model(cache)
    info = bundled.model_info(cache)
    assert (info.built, info.problem) == (True, None)
    assert info.size > len(Q4)
    assert len(info.fingerprint or "") == 32


def test_info_says_what_is_wrong_with_a_source(small, cache, source, tmp_path):
    _carried(source, tmp_path).unlink()
    assert "has no data.bin" in (bundled.model_info(cache).sources[0][1] or "")


def _run_forked(target, count):
    """Run `target` in `count` processes that start together; return their exit codes."""
    context = multiprocessing.get_context("fork")
    start = context.Barrier(count)
    processes = [context.Process(target=lambda: (start.wait(60), target())) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def test_processes_that_build_at_once_all_end_well(small, cache, tmp_path, monkeypatch):
    log = tmp_path / "tested"
    monkeypatch.setattr(bundled, "self_test", lambda folder: log.open("a").write("x"))

    def build():
        bundled.verify(bundled.ensure_default_model(cache), full=True)

    assert _run_forked(build, 4) == [0] * 4
    assert log.read_text() == "x"
    assert _left(cache) == []


def test_a_killed_build_leaves_nothing_in_the_way(small, cache, monkeypatch):
    def build_and_die():
        monkeypatch.setattr(bundled, "self_test", lambda folder: os.kill(os.getpid(), signal.SIGKILL))
        bundled.ensure_default_model(cache)

    assert _run_forked(build_and_die, 1) == [-signal.SIGKILL]
    assert not (cache / bundled.FOLDER).exists()
    assert len(_left(cache)) == 1
    bundled.verify(bundled.ensure_default_model(cache), full=True)
    assert _left(cache) == []
