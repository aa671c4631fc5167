"""Texts to token ids with the model's own tokenizer; nothing in it changes while it works, so threads may share it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embeddings.environment import prepare_environment
from embeddings.errors import DamagedModel, ModelError
from embeddings.model_folder import TOKENIZER


class Tokens:
    """Tokenise for one model.

    Args:
        folder: holds `tokenizer.json`.
        limit: the longest input in tokens, prompt and special tokens included; longer ones lose their end.

    Errors:
        ModelError: the tokenizers library is not installed.
        DamagedModel: the file cannot be read.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        prepare_environment(hub=False)
        try:
            from tokenizers import Tokenizer  # noqa: PLC0415
        except ImportError as error:
            raise ModelError("tokenizers is not installed", "install qa-service with its dependencies") from error
        path = folder / TOKENIZER
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise DamagedModel(f"{path} cannot be read: {error}", "build the model again") from error
        # Cutting is done here, so that counting without a limit needs no change of the tokenizer's settings.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._limit = limit

    def count(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each bare text, without special tokens and without any limit."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(tokens) for tokens in found]

    def ids(self, texts: Sequence[str], prompt: str) -> list[list[int]]:
        """Return the ids of each text behind the prompt, special tokens included, none longer than the limit."""
        found = self._tokenizer.encode_batch_fast([prompt + text for text in texts])
        return [self._cut(tokens.ids) for tokens in found]

    def _cut(self, ids: list[int]) -> list[int]:
        # The last token is the one that ends every input.
        return ids if len(ids) <= self._limit else [*ids[: self._limit - 1], ids[-1]]
