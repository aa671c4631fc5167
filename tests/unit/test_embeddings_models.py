"""Choosing a model without loading one: prompts, fingerprints, environment, the selector, the self-test's verdicts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from embeddings.environment import prepare_environment
from embeddings.errors import ModelError
from embeddings.fingerprint import fingerprint, model_checksums
from embeddings.loading import declared_prompts
from embeddings.models import DEFAULT_MODEL, ModelDescription
from embeddings.runtime import load_encoder
from embeddings.self_test import compare, references
from embeddings.toy import ToyEncoder


def _with_prompts(folder, settings):
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    return folder


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"query": "q: ", "passage": "p: "}, ("q: ", "p: ")),
        ({"query": "q: ", "document": "d: "}, ("q: ", "d: ")),
        ({"query": "q: ", "document": "", "passage": "p: "}, ("q: ", "p: ")),
        ({"query": "q: "}, ("q: ", "")),
        ({"query": None, "corpus": "c: "}, ("", "c: ")),
    ],
)
def test_declared_prompts_win(tmp_path, declared, expected):
    assert declared_prompts(_with_prompts(tmp_path, {"prompts": declared}), "intfloat/e5-base") == expected


@pytest.mark.parametrize("settings", [{}, {"prompts": {}}, {"prompts": None}, {"prompts": {"query": ""}}, []])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("intfloat/multilingual-e5-small", ("query: ", "passage: ")),
        ("intfloat/e5-base-v2", ("query: ", "passage: ")),
        ("E5_tuned", ("query: ", "passage: ")),
        ("intfloat/multilingual-e5-large-instruct", ("", "")),
        ("BAAI/bge-m3", ("", "")),
        ("some/code5-model", ("", "")),
    ],
)
def test_only_the_e5_family_has_prompts_by_default(tmp_path, settings, name, expected):
    assert declared_prompts(_with_prompts(tmp_path, settings), name) == expected


def test_a_folder_without_settings_declares_nothing(tmp_path):
    assert declared_prompts(tmp_path, "plain") == ("", "")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "model"
    for name, content in {
        "model.safetensors": "weights",
        "pytorch_model.bin": "older weights",
        "onnx/model.safetensors": "not ours",
        "tokenizer.json": "{}",
        "vocab.txt": "words",
        "README.md": "text",
        "modules.json": json.dumps(
            [{"type": "a.b.Transformer", "path": ""}, {"type": "a.b.Pooling", "path": "1_Pooling"}]
        ),
        "sentence_bert_config.json": '{"max_seq_length": 512}',
        "1_Pooling/config.json": '{"pooling_mode_mean_tokens": true}',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def _fingerprint(folder, **changes):
    values = {"name": "m", "dim": 8, "max_tokens": 512, "query_prompt": "q", "passage_prompt": "p"}
    description = ModelDescription(**{**values, "source": "s", "licence": "l", **changes})
    return fingerprint(folder, model_checksums(folder), description)


def test_what_determines_vectors_changes_the_fingerprint(folder):
    seen = {_fingerprint(folder)}
    for change in ({"dim": 9}, {"max_tokens": 9}, {"query_prompt": "x"}, {"passage_prompt": "x"}):
        seen.add(_fingerprint(folder, **change))
    for name in ("model.safetensors", "tokenizer.json"):
        (folder / name).write_text("changed")
        seen.add(_fingerprint(folder))
    (folder / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    seen.add(_fingerprint(folder))
    assert len(seen) == 8


def test_what_does_not_determine_vectors_leaves_the_fingerprint(folder, tmp_path):
    before = _fingerprint(folder)
    for name in ("README.md", "vocab.txt", "pytorch_model.bin", "onnx/model.safetensors"):
        (folder / name).write_text("changed")
    assert _fingerprint(folder, name="other", source="other", licence="MIT") == before
    folder.rename(tmp_path / "moved")
    assert _fingerprint(tmp_path / "moved") == before


def test_older_files_count_where_there_are_no_newer_ones(folder):
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").unlink()
    assert sorted(model_checksums(folder)) == ["pytorch_model.bin", "vocab.txt"]


def test_a_folder_turns_network_and_telemetry_off(monkeypatch):
    monkeypatch.setattr(os, "environ", {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_VERBOSITY": "info"})
    prepare_environment(hub=False)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        assert os.environ[name] == "1"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"
    assert os.environ["TRANSFORMERS_VERBOSITY"] == "info"


def test_a_hub_model_turns_only_telemetry_off(monkeypatch):
    monkeypatch.setattr(os, "environ", {"HF_HUB_DISABLE_TELEMETRY": "0"})
    prepare_environment(hub=True)
    assert "HF_HUB_OFFLINE" not in os.environ
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == os.environ["DO_NOT_TRACK"] == "1"


def test_the_selector_gives_the_toy_encoder():
    assert isinstance(load_encoder("toy", Path("nowhere"), "auto", "q: ", None), ToyEncoder)


def test_an_unknown_runtime_is_refused_with_the_known_ones():
    with pytest.raises(ModelError, match="'abacus'") as caught:
        load_encoder("toy", Path("nowhere"), "abacus")
    assert caught.value.remedy == "choose one of auto, int8, bf16, fp32, torch"


@pytest.mark.parametrize("name", ["/no/such/folder", "a/b/c", "", "not a name"])
def test_neither_folder_nor_hub_name(name):
    with pytest.raises(ModelError, match="no model folder"):
        load_encoder(name, Path("nowhere"))


class _FromReference:
    """An encoder that gives exactly the reference vectors and counts."""

    description = DEFAULT_MODEL
    fingerprint = "reference"

    def __init__(self) -> None:
        self.counts = {reference.text: reference.tokens for reference in references()}
        self.vectors = {(reference.role, reference.text): reference.vector for reference in references()}

    def encode_queries(self, texts):
        return np.stack([self.vectors["query", text] for text in texts])

    def encode_passages(self, texts):
        return np.stack([self.vectors["passage", text] for text in texts])

    def count_tokens(self, texts):
        return [self.counts[text] for text in texts]


def test_references_cover_both_roles_and_are_of_unit_length():
    assert {reference.role for reference in references()} == {"query", "passage"}
    for reference in references():
        assert reference.vector.shape == (DEFAULT_MODEL.dim,)
        assert abs(np.linalg.norm(reference.vector) - 1) < 1e-3


def test_the_self_test_passes_the_reference_itself():
    compare(_FromReference())


def test_the_self_test_notices_another_tokenizer():
    encoder = _FromReference()
    encoder.counts[references()[3].text] += 1
    with pytest.raises(ModelError, match="tokens instead of"):
        compare(encoder)


@pytest.mark.parametrize("spoil", [0.06, np.nan])
def test_the_self_test_notices_other_vectors(spoil):
    encoder = _FromReference()
    last = references()[-1]
    vector = last.vector + np.float32(spoil) * np.eye(1, 384, 7, dtype=np.float32)[0]
    encoder.vectors[last.role, last.text] = vector / np.linalg.norm(vector)
    with pytest.raises(ModelError, match="cosine"):
        compare(encoder)
