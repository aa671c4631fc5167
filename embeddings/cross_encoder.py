"""The reranker for any sentence-transformers CrossEncoder, by folder or by the name of one in the local cache."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.batching import token_budget_batches
from embeddings.environment import prepare_environment
from embeddings.errors import ModelError
from embeddings.loading import HUB_NAME, cached_folder, open_quietly
from embeddings.reranker import Relevance

TOKEN_BUDGET = 1024
MAX_BATCH = 64
"""Tokens, padding included, and pairs per batch; the encoder's figures, which were measured."""
_UNLIMITED = 1 << 20
_SCORING = ("ForSequenceClassification", "ForCausalLM")
_NOT_ONE = "name a sentence-transformers CrossEncoder that gives one score"


class CrossEncoderReranker:
    """Score with a sentence-transformers CrossEncoder on torch.

    A model of one label gives its logit; one of two labels the logit of the second (relevant) over that of the first.
    Questions that arrive together take turns, batch by batch: they would compete for the same cores.

    Args:
        name_or_folder: an existing folder, else a hub name that is in the local cache. Nothing is fetched.

    Errors:
        ModelError: it cannot be found or loaded, or does not score a pair of texts.
    """

    def __init__(self, name_or_folder: str | Path) -> None:
        prepare_environment(hub=False)
        name = str(name_or_folder)
        folder = _folder(name)
        _refuse_others(name, folder)
        self._name = folder.resolve().name if Path(name).expanduser().is_dir() else name
        self._model = _open(name, folder)
        self._limit = min(self._model.max_seq_length or _UNLIMITED, _UNLIMITED)
        self._text_only = list(self._model.modalities) == ["text"]
        self._working = threading.Lock()
        labels = int(self._model.num_labels)
        if labels > 2:
            raise ModelError(f"the reranker {name!r} tells {labels} classes apart", _NOT_ONE)
        try:
            # Also warms torch up: the first call is several times slower than the next.
            self._extra = self._measure_extra()
            sound = bool(np.isfinite(self.score(".", ["."])).all())
        except Exception as error:  # whatever a library raises about a model's first pair is about that model
            raise ModelError(
                f"the reranker {name!r} cannot score a pair of texts: {_first(error)}", _NOT_ONE
            ) from error
        if not sound:
            raise ModelError(f"the reranker {name!r} gives no numbers as scores", "check that the folder is complete")

    @property
    def name(self) -> str:
        """The hub name or the folder's name."""
        return self._name

    def room(self, query: str) -> int:
        """Tell how many tokens of a passage fit beside a question; of a very long question only a half counts."""
        [length] = self.count_tokens([query])
        return self._room(length)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each bare text, without special tokens and without any limit."""
        if not texts:
            return []
        # A tokenizer changes its own settings as it works and refuses a second caller meanwhile.
        with self._working:
            tokens = self._model.tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)
        return [len(ids) for ids in tokens["input_ids"]]

    def score(self, query: str, passages: Sequence[str]) -> Relevance:
        """Score passages by their logits, float32 of shape (len(passages),); see `Reranker.score`."""
        if isinstance(passages, str):
            raise TypeError("passages must be a sequence of strings, not one string")
        scores = np.empty(len(passages), dtype=np.float32)
        if not passages:
            return scores
        asked, *counts = self.count_tokens([query, *passages])
        lengths = [min(asked + count + self._extra, self._limit) for count in counts]
        for batch in token_budget_batches(lengths, TOKEN_BUDGET, MAX_BATCH):
            scores[batch] = self._predict([(query, passages[position]) for position in batch])
        return scores

    def _predict(self, pairs: list[tuple[str, str]]) -> Relevance:
        import torch  # noqa: PLC0415

        # A model that also takes pictures opens a text that is a media address or file name; one that starts with a
        # space is neither.
        given = pairs if self._text_only else [(f" {query}", f" {passage}") for query, passage in pairs]
        with self._working:
            logits = self._model.predict(
                given, batch_size=len(given), activation_fn=torch.nn.Identity(), show_progress_bar=False
            )
        scores = np.asarray(logits, dtype=np.float32).reshape(len(pairs), -1)
        # One label: the logit; two: that of the second over that of the first.
        return scores[:, -1] if scores.shape[1] == 1 else scores[:, 1] - scores[:, 0]

    def _room(self, question_tokens: int) -> int:
        # The model shortens the longer of the two, so that half the space is the passage's whatever is asked.
        space = max(self._limit - self._extra, 2)
        return max(space - question_tokens, space // 2)

    def _measure_extra(self) -> int:
        """Count the tokens that a pair has besides those of its texts: special tokens, prompt, template."""
        prompt = (self._model.prompts or {}).get(self._model.default_prompt_name or "")
        length = self._model.preprocess([(".", ".")], prompt=prompt)["input_ids"].shape[1]
        return max(int(length) - sum(self.count_tokens([".", "."])), 0)


def _folder(name: str) -> Path:
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        return folder
    if not HUB_NAME.fullmatch(name):
        raise ModelError(f"there is no reranker folder {name!r}", "name an existing folder")
    # sentence-transformers looks for a name without an owner under its own.
    found = cached_folder(*((name,) if "/" in name else (name, f"cross-encoder/{name}")))
    if found is None:
        raise ModelError(
            f"the reranker {name!r} is neither a folder nor in the hub's local cache",
            "name its folder; a reranker is never downloaded",
        )
    return found


def _refuse_others(name: str, folder: Path) -> None:
    """Refuse an embedding model, to which the library would add a scoring layer of random weights."""
    kind = _setting(folder / "config_sentence_transformers.json", "model_type")
    if kind == "CrossEncoder":
        return
    architectures = _setting(folder / "config.json", "architectures")
    if kind is None and isinstance(architectures, list) and architectures:
        kind = str(architectures[0])
        if kind.endswith(_SCORING):
            return
    raise ModelError(f"the reranker {name!r} is no cross-encoder but {kind or 'of unknown kind'}", _NOT_ONE)


def _setting(path: Path, key: str) -> Any:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return settings.get(key) if isinstance(settings, dict) else None


def _open(name: str, folder: Path) -> Any:
    def load() -> Any:
        from sentence_transformers import CrossEncoder  # noqa: PLC0415

        return CrossEncoder(str(folder), local_files_only=True, trust_remote_code=False).eval()

    return open_quietly(load, f"the reranker {name!r}", "check that the folder is complete", hub=False)


def _first(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
