"""The graph of a BERT against numpy, its rounding to 8 bits, its tokenizer and its weights."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("openvino")

from embeddings.compiled.calibration import plan_sites
from embeddings.compiled.engine import CompiledGraph, compile_graph, export_graph
from embeddings.compiled.feed import make_feed, padded_length
from embeddings.compiled.graph import GraphBuilder, site_names
from embeddings.compiled.quantisation import Extremes, plan_site, weight_scales
from embeddings.compiled.tokens import Tokens
from embeddings.compiled.weights import BertWeights
from embeddings.errors import DamagedModel
from tests.unit import small_bert

TEXTS = [[0, 5, 2], [0, 9, 9, 30, 12, 2], [0, *range(4, 26), 2]]


@pytest.fixture
def tensors(tmp_path):
    return small_bert.make_folder(tmp_path / "small")


@pytest.fixture
def weights(tensors, tmp_path):
    return BertWeights(tmp_path / "small")


def _run(graph, feed, hint="f32"):
    compiled = CompiledGraph(export_graph(compile_graph(graph, hint, 2)), hint, 2)
    (passages,) = compiled.passages([lambda: feed])
    assert np.allclose(passages, compiled.question(feed), atol=1e-5)
    return passages


def _cosines(ours, theirs):
    return (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)


def test_the_graph_is_the_model_whatever_stands_beside_a_text(tensors, weights):
    found = _run(GraphBuilder(weights).build(), make_feed(weights, TEXTS))
    expected = np.stack([small_bert.forward(tensors, ids) for ids in TEXTS])
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-4


def test_rounded_to_8_bits_it_stays_close(weights):
    feed = make_feed(weights, TEXTS)
    sites = plan_sites(weights, [feed], lambda graph: compile_graph(graph, "f32", 1))
    assert tuple(sites) == site_names(small_bert.LAYERS)
    exact = _run(GraphBuilder(weights).build(), feed)
    rounded = _run(GraphBuilder(weights, sites).build(), feed)
    assert not np.allclose(rounded, exact, atol=1e-5)
    assert _cosines(rounded, exact).min() > 0.998


def test_a_site_that_is_left_out_stays_exact(weights):
    feed = make_feed(weights, TEXTS)
    sites = plan_sites(weights, [feed], lambda graph: compile_graph(graph, "f32", 1))
    exact = _run(GraphBuilder(weights).build(), feed)
    one = _run(GraphBuilder(weights, {"0.wide": sites["0.wide"]}).build(), feed)
    all_of_them = _run(GraphBuilder(weights, sites).build(), feed)
    assert 0 < np.abs(one - exact).mean() < np.abs(all_of_them - exact).mean()


@pytest.mark.parametrize(("least", "greatest"), [(-3.0, 5.0), (0.5, 2.0), (-4.0, -1.0), (0.0, 0.0)])
def test_zero_is_one_of_the_steps(least, greatest):
    extremes = Extremes(np.full(8, least, np.float32), np.full(8, greatest, np.float32))
    site = plan_site("0.wide", extremes, np.ones((4, 8), np.float32))
    assert site.low <= 0 <= site.high
    assert site.low < site.high
    step = (site.high - site.low) / 255
    assert abs(site.low / step - round(site.low / step)) < 1e-4


def test_one_channel_after_gelu_does_not_take_all_steps():
    greatest = np.ones(64, np.float32)
    greatest[7] = 50
    site = plan_site("3.narrow", Extremes(-0.2 * np.ones(64, np.float32), greatest), np.ones((4, 64), np.float32))
    assert site.high < 1.1
    assert site.divisors[7] == 50
    assert (np.delete(site.divisors, 7) == 1).all()


def test_weights_of_a_row_share_a_step_and_a_row_of_zeros_has_one_too():
    assert weight_scales(np.array([[127, -254], [0, 0]], np.float32)).tolist() == [[2], [1]]


def test_ids_are_the_tokenizers_own_cut_to_the_limit(tensors, tmp_path):
    tokens = Tokens(tmp_path / "small", 7)
    short, long = tokens.ids(["a b", "c " * 40], "query : ")
    word = small_bert.WORDS.index
    assert short == [0, word("query"), word(":"), word("a"), word("b"), 2]
    assert long == [0, word("query"), word(":"), *[word("c")] * 3, 2]
    assert tokens.count(["a b", "c " * 40, ""]) == [2, 40, 0]


def test_what_stands_for_padding_is_not_read(weights):
    alone, beside = make_feed(weights, TEXTS[:1]), make_feed(weights, TEXTS)
    graph = GraphBuilder(weights).build()
    assert np.allclose(_run(graph, alone)[0], _run(graph, beside)[0], atol=1e-5)


def test_a_tokenizer_that_cannot_be_read_is_a_damaged_model(tensors, tmp_path):
    (tmp_path / "small" / "tokenizer.json").write_text("{")
    with pytest.raises(DamagedModel, match=r"tokenizer\.json"):
        Tokens(tmp_path / "small", 7)


def _truncate(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def _other_kind(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_act": "relu"}))


DAMAGE = {
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "empty weights": lambda folder: (folder / "model.safetensors").write_bytes(b""),
    "no header": lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 100),
    "truncated weights": _truncate,
    "no settings": lambda folder: (folder / "config.json").unlink(),
    "settings of another model": _other_kind,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_weights_that_cannot_be_read_are_a_damaged_model(tensors, tmp_path, damage):
    DAMAGE[damage](tmp_path / "small")
    with pytest.raises(DamagedModel, match="small"):
        BertWeights(tmp_path / "small")


def test_weights_of_another_type_are_refused(tensors, tmp_path):
    small_bert.write_tensors(tmp_path / "small" / "model.safetensors", tensors, kind="I32")
    with pytest.raises(DamagedModel, match="I32"):
        BertWeights(tmp_path / "small")


def test_lengths_are_rounded_up_so_that_few_shapes_are_compiled():
    lengths = range(1, 513)
    padded = [padded_length(length) for length in lengths]
    assert all(length <= found < length + 32 for length, found in zip(lengths, padded, strict=True))
    assert [padded_length(length) for length in (1, 8, 9, 64, 65, 257, 512)] == [8, 8, 16, 64, 80, 288, 512]
    assert len(set(padded)) < 30


def test_no_text_is_padded_beyond_what_the_model_has_positions_for(tensors, weights, tmp_path):
    small_bert.write_tensors(
        tmp_path / "small" / "model.safetensors",
        {name: values[:21] if "position" in name else values for name, values in tensors.items()},
    )
    assert make_feed(BertWeights(tmp_path / "small"), [[0] * 20]).get("mask").shape[-1] == 21
    assert make_feed(weights, [[0] * 20]).get("mask").shape[-1] == 24
