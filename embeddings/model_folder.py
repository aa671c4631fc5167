"""Writes the default model as an ordinary BERT in a sentence-transformers folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from embeddings.errors import DamagedModel
from embeddings.models import ModelDescription
from embeddings.q4_file import Q4File, Q4Header

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"

Shape = tuple[int, ...]
_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def write_weights(source: Q4File, path: Path) -> str:
    """Write every tensor of `source` as float32 to a safetensors file, and return its SHA-256.

    The layout (u64 header length, JSON header, data) is the one the safetensors format documents. It is written
    here, in a fixed order, because the library's own order may change from version to version and the result is
    compared with a known checksum.

    Errors:
        DamagedModel: a tensor has not the size that the file's header implies.
        OSError: the file cannot be written.
    """
    tensors = _tensor_names(source.header)
    table: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, (origin, shape) in tensors.items():
        size = _values(shape)
        if origin and source.count(origin) != size:
            raise DamagedModel(f"tensor {origin!r} has {source.count(origin)} values, not {size}")
        table[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + 4 * size]}
        at += 4 * size
    header = json.dumps(table, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for piece in (len(header).to_bytes(8, "little"), header):
            file.write(piece)
            digest.update(piece)
        for origin, shape in tensors.values():
            pieces = (chunk.astype("<f4").data for chunk in source.chunks(origin)) if origin else (_zeros(shape),)
            for data in pieces:
                file.write(data)
                digest.update(data)
    return digest.hexdigest()


def write_settings(model: ModelDescription, header: Q4Header, tokenizer: Path, folder: Path) -> None:
    """Write the tokenizer and every configuration file that sentence-transformers reads into `folder`."""
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    settings = {
        "config.json": _bert_config(header),
        "tokenizer_config.json": _tokenizer_config(model),
        "sentence_bert_config.json": {"max_seq_length": model.max_tokens, "do_lower_case": False},
        "config_sentence_transformers.json": _prompts(model),
        "modules.json": _modules(),
        "1_Pooling/config.json": {"word_embedding_dimension": model.dim, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
    }
    for name, value in settings.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _tensor_names(header: Q4Header) -> dict[str, tuple[str, Shape]]:
    """Map each BERT tensor name to its name in the 4-bit file ("" for none) and its shape."""
    hidden, wide = header.hidden, header.intermediate
    names: dict[str, tuple[str, Shape]] = {
        "embeddings.word_embeddings.weight": ("emb.word", (header.vocabulary, hidden)),
        "embeddings.position_embeddings.weight": ("emb.pos", (header.positions, hidden)),
        "embeddings.token_type_embeddings.weight": ("emb.type", (header.types, hidden)),
        "embeddings.LayerNorm.weight": ("emb.ln.w", (hidden,)),
        "embeddings.LayerNorm.bias": ("emb.ln.b", (hidden,)),
    }
    matrices: Mapping[str, Shape] = {"fi": (wide, hidden), "fo": (hidden, wide), "aln": (hidden,), "oln": (hidden,)}
    for layer in range(header.layers):
        for short, long in _LAYER_PARTS.items():
            shape = matrices.get(short, (hidden, hidden))
            prefix = f"encoder.layer.{layer}.{long}"
            names[f"{prefix}.weight"] = (f"l{layer}.{short}.w", shape)
            names[f"{prefix}.bias"] = (f"l{layer}.{short}.b", shape[:1])
    # Mean pooling never reads BERT's pooler and the source leaves it out; zeros keep loaders from inventing one.
    names["pooler.dense.weight"] = ("", (hidden, hidden))
    names["pooler.dense.bias"] = ("", (hidden,))
    return names


def _values(shape: Shape) -> int:
    return shape[0] * (shape[1] if len(shape) > 1 else 1)


def _zeros(shape: Shape) -> memoryview:
    return memoryview(bytes(4 * _values(shape)))


def _bert_config(header: Q4Header) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": header.hidden,
        "num_hidden_layers": header.layers,
        "num_attention_heads": header.heads,
        "intermediate_size": header.intermediate,
        "hidden_act": "gelu",
        "vocab_size": header.vocabulary,
        "max_position_embeddings": header.positions,
        "type_vocab_size": header.types,
        # The file holds 1e-12 as a float32; the rounding keeps that noise out of the configuration.
        "layer_norm_eps": float(f"{header.layer_norm_eps:.6g}"),
        "pad_token_id": 1,
        "torch_dtype": "float32",
    }


def _tokenizer_config(model: ModelDescription) -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": model.max_tokens,
        "model_input_names": ["input_ids", "attention_mask"],
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": "<mask>",
        "clean_up_tokenization_spaces": False,
    }


def _prompts(model: ModelDescription) -> dict[str, object]:
    # sentence-transformers looks for "document" first and takes an absent one for empty.
    passage = {"document": model.passage_prompt, "passage": model.passage_prompt}
    return {
        "model_type": "SentenceTransformer",
        "prompts": {"query": model.query_prompt, **passage},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }


def _modules() -> list[dict[str, object]]:
    kinds = (("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize"))
    return [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, (kind, path) in enumerate(kinds)
    ]
