"""The encoder for any sentence-transformers model, by folder or by hub name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.batching import JoinedCalls, restore_order, token_budget_batches
from embeddings.encoder import Vectors
from embeddings.fingerprint import fingerprint, model_checksums
from embeddings.loading import Loaded, load_model
from embeddings.models import ModelDescription

TOKEN_BUDGET = 2048
MAX_BATCH = 64
JOINED_TEXTS = 8
"""Calls of more texts than this are not joined with others: they fill batches by themselves."""

_COUNTED_CHARACTERS = 50_000
"""Characters counted before the tokenizer is given up for a moment to a question that may be waiting."""


class SentenceTransformerEncoder:
    """Encode with a sentence-transformers model on torch.

    Safe to call from several threads: questions that arrive together are encoded together, and passages being
    encoded do not hold questions up.

    Args:
        name_or_folder: an existing folder, else a hub name; only the latter can cause network traffic.
        query_prompt, passage_prompt: text put before each question or passage; None takes what the model declares
            in its `prompts`, and for E5 models that declare none "query: " and "passage: ".
        name: the name in the description; None takes the built folder's own, the folder's name or the hub name.

    Errors:
        ModelError: there is no such folder, the model cannot be loaded, or it gives no sentence vectors.
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
        self._tokenizing = threading.Lock()
        self._joined = JoinedCalls(self._encode_joined)
"""
