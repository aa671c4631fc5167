"""A small BERT of random weights in a folder like the default model's, and the same model in numpy."""

from __future__ import annotations

import json
import math

import numpy as np

from embeddings.model_folder import write_settings
from embeddings.models import ModelDescription
from embeddings.q4_file import Q4Header

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS = 32, 2, 4, 64, 24
WORDS = ["<s>", "<pad>", "</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyz图书馆几点开门今天下雨", "query", "passage", ":"]
DESCRIPTION = ModelDescription("small", HIDDEN, POSITIONS, "query : ", "passage : ", "random numbers", "Apache-2.0")

_erf = np.vectorize(math.erf)


def make_folder(folder, seed=0):
    """Write the model's files and return its tensors by name."""
    folder.mkdir(parents=True)
    _write_tokenizer(folder / "words.json")
    header = Q4Header(HIDDEN, LAYERS, HEADS, WIDE, len(WORDS), POSITIONS, 2, 1e-12)
    write_settings(DESCRIPTION, header, folder / "words.json", folder)
    (folder / "words.json").unlink()
    tensors = _tensors(np.random.default_rng(seed))
    write_tensors(folder / "model.safetensors", tensors)
    return tensors


def write_tensors(path, tensors, kind="F32"):
    """Write float32 arrays as a safetensors file."""
    table, at = {}, 0
    for name, values in tensors.items():
        table[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    header = json.dumps(table).encode()
    header += b" " * (-len(header) % 8)
    data = b"".join(values.tobytes() for values in tensors.values())
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)


def forward(tensors, ids):
    """Encode one text, given as ids: the mean of the last layer, float64 of shape (HIDDEN,)."""

    def linear(value, name):
        return value @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(value, name):
        value = value - value.mean(axis=-1, keepdims=True)
        value = value / np.sqrt((value**2).mean(axis=-1, keepdims=True) + 1e-12)
        return value * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    def heads(value):
        return value.reshape(len(ids), HEADS, -1).transpose(1, 0, 2)

    state = tensors["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    state += tensors["embeddings.position_embeddings.weight"][: len(ids)]
    state = norm(state + tensors["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        query, key, value = (
            heads(linear(state, f"{prefix}attention.self.{part}")) for part in ("query", "key", "value")
        )
        logits = query @ key.transpose(0, 2, 1) / math.sqrt(HIDDEN // HEADS)
        shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
        attended = (shares / shares.sum(axis=-1, keepdims=True)) @ value
        attended = linear(attended.transpose(1, 0, 2).reshape(len(ids), HIDDEN), f"{prefix}attention.output.dense")
        state = norm(state + attended, f"{prefix}attention.output.LayerNorm")
        wide = linear(state, f"{prefix}intermediate.dense")
        wide = wide * (1 + _erf(wide / math.sqrt(2))) / 2
        state = norm(state + linear(wide, f"{prefix}output.dense"), f"{prefix}output.LayerNorm")
    return state.mean(axis=0)


def _tensors(rng):
    def random(*shape):
        return (rng.standard_normal(shape) * 0.3).astype("<f4")

    tensors = {
        "embeddings.word_embeddings.weight": random(len(WORDS), HIDDEN),
        "embeddings.position_embeddings.weight": random(POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": random(2, HIDDEN),
    }
    sizes = {
        "attention.self.query": (HIDDEN, HIDDEN),
        "attention.self.key": (HIDDEN, HIDDEN),
        "attention.self.value": (HIDDEN, HIDDEN),
        "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (WIDE, HIDDEN),
        "output.dense": (HIDDEN, WIDE),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for name, shape in sizes.items():
            tensors[f"{prefix}{name}.weight"], tensors[f"{prefix}{name}.bias"] = random(*shape), random(shape[0])
        norms += [f"{prefix}attention.output.LayerNorm", f"{prefix}output.LayerNorm"]
    for name in norms:
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = 1 + random(HIDDEN), random(HIDDEN)
    return tensors


def _write_tokenizer(path):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    # As files in the wild have them; an encoder sets its own.
    tokenizer.enable_truncation(5)
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(path))
