"""The encoder for any sentence-transformers model, by folder or by hub name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.batching import restore_order, token_budget_batches
from embeddings.encoder import Vectors
from embeddings.fingerprint import fingerprint
from embeddings.joined_calls import JoinedCalls, are_few
from embeddings.loading import Loaded, declared_prompts, load_model
from embeddings.manifest import read_manifest
from embeddings.models import ModelDescription, RuntimeInfo
from embeddings.vectors import refuse_single, unit

TOKEN_BUDGET = 1024
"""Tokens per batch, padding included. Measured with the default model on 2 cores, torch in float32: 512 and 1024 give
2,900 to 3,300 tokens a second on sentences and on long windows, 256 and 4096 give 2,500 to 2,700."""

MAX_BATCH = 64
"""Texts per batch, so that thousands of very short ones do not make one call."""

_UNLIMITED = 1 << 20
_COUNTED_CHARACTERS = 50_000
"""Characters counted before the tokenizer is given up for a moment to a question that may be waiting."""


class SentenceTransformerEncoder:
    """Encode with a sentence-transformers model on torch.

    Safe to call from several threads: questions that arrive together are encoded together, and passages being
    encoded hold them up for no longer than a tokenizer's call.

    Args:
        name_or_folder: an existing folder, else a hub name; only the latter can cause network traffic.
        query_prompt, passage_prompt: text put before each question or passage; None takes what the model declares
            in its `prompts`, and for E5 models that declare none "query: " and "passage: ".
        name: the name in the description; None takes the built folder's own, the hub name or the folder's name.

    Errors:
        ModelError: there is no such folder, or the model cannot be loaded.
    """

    def __init__(
        self,
        name_or_folder: str | Path,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
        name: str | None = None,
    ) -> None:
        loaded = load_model(name_or_folder)
        self._model: Any = loaded.model
        tokenizer = self._model.tokenizer
        # A static embedding model has the bare tokenizer, others wrap it.
        self._tokenizer: Any = getattr(tokenizer, "backend_tokenizer", tokenizer)
        self._text_only = list(self._model.modalities) == ["text"]
        self._tokenizing = threading.Lock()
        self._joined = JoinedCalls(lambda texts: self._encode(texts, self._description.query_prompt, "query"))
        self._description = _describe(loaded, query_prompt, passage_prompt, name, self._measured_dim())
        self._fingerprint = fingerprint(loaded.folder, loaded.checksums, self._description)

    @property
    def description(self) -> ModelDescription:
        """The model's name, dimension, prompts and limits."""
        return self._description

    @property
    def fingerprint(self) -> str:
        """Identify the vectors: encoders with equal fingerprints give interchangeable ones."""
        return self._fingerprint

    @property
    def runtime(self) -> RuntimeInfo:
        """What runs the model: torch, in the precision of the model's own weights."""
        import torch  # noqa: PLC0415

        kind = str(self._model.dtype).removeprefix("torch.")
        precision = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}.get(kind, kind)
        return RuntimeInfo("torch", precision, torch.get_num_threads(), None, "sentence-transformers")

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions; float32 of shape (len(texts), dim), each row of unit length.

        Joined questions share their padding, so the last digits of a vector may depend on its company.
        """
        refuse_single(texts)
        if are_few(texts):
            return self._joined(texts)
        return self._encode(texts, self._description.query_prompt, "query")

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode windows or sentences; float32 of shape (len(texts), dim), each row of unit length."""
        refuse_single(texts)
        return self._encode(texts, self._description.passage_prompt, "document")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the model tokens of each bare text, without prompt and special tokens and without any limit."""
        refuse_single(texts)
        counts: list[int] = []
        part: list[str] = []
        characters = 0
        for text in texts:
            part.append(text)
            characters += len(text)
            if characters >= _COUNTED_CHARACTERS:
                counts += self._count(part)
                part, characters = [], 0
        return counts + self._count(part) if part else counts

    def _count(self, texts: list[str]) -> list[int]:
        if not hasattr(self._tokenizer, "encode_batch_fast"):
            # A tokenizer without the fast library behind it.
            tokens = self._tokenizer(texts, add_special_tokens=False, truncation=False, verbose=False)
            return [len(ids) for ids in tokens["input_ids"]]
        with self._tokenizing:
            # Encoding leaves its own truncation and padding switched on; it restores them itself.
            self._tokenizer.no_truncation()
            self._tokenizer.no_padding()
            return [len(tokens) for tokens in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def _as_text(self, texts: list[str]) -> list[str]:
        # A model that also takes pictures opens a text that is a media address or file name; one that starts
        # with a space is neither.
        return texts if self._text_only else [f" {text}" for text in texts]

    def _measured_dim(self) -> int:
        # Also warms torch up: the first call is several times slower than the next.
        return int(self._forward(["."], "", "query").shape[1])

    def _encode(self, texts: Sequence[str], prompt: str, task: str) -> Vectors:
        dim = self._description.dim
        if len(texts) <= 1:
            return self._forward(list(texts), prompt, task) if texts else np.empty((0, dim), dtype=np.float32)
        limit = self._description.max_tokens
        extra = self._count([prompt])[0] + 2
        lengths = [min(count + extra, limit) for count in self.count_tokens(texts)]
        batches = token_budget_batches(lengths, TOKEN_BUDGET, MAX_BATCH)
        encoded = (self._forward([texts[position] for position in batch], prompt, task) for batch in batches)
        return restore_order(batches, encoded, dim)

    def _forward(self, texts: list[str], prompt: str, task: str) -> Vectors:
        import torch  # noqa: PLC0415

        with torch.inference_mode():
            # The tokenizer changes its own settings as it works and refuses a second caller meanwhile.
            with self._tokenizing:
                features = self._model.preprocess(self._as_text(texts), prompt=prompt or None, task=task)
            device = self._model.device
            features = {
                key: value.to(device) if isinstance(value, torch.Tensor) else value for key, value in features.items()
            }
            vectors = self._model(features, task=task)["sentence_embedding"].float().cpu().numpy()
        return unit(vectors)


def _describe(
    loaded: Loaded, query_prompt: str | None, passage_prompt: str | None, name: str | None, dim: int
) -> ModelDescription:
    manifest = read_manifest(loaded.folder)
    own_name = manifest.name if manifest else loaded.hub_name or loaded.folder.resolve().name
    declared = declared_prompts(loaded.folder, own_name)
    return ModelDescription(
        name=name or own_name,
        dim=dim,
        max_tokens=min(loaded.model.max_seq_length or _UNLIMITED, _UNLIMITED),
        query_prompt=declared[0] if query_prompt is None else query_prompt,
        passage_prompt=declared[1] if passage_prompt is None else passage_prompt,
        source=manifest.source if manifest else loaded.hub_name or str(loaded.folder),
        licence=manifest.licence if manifest else "unknown",
    )
