"""The seam where model, runtime and precision are chosen; every heavy import is behind it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

from embeddings.encoder import Encoder
from embeddings.errors import ModelError

RUNTIMES = ("auto", "int8", "bf16", "fp32", "torch")

_TOY = re.compile(r"toy(?:-([1-9][0-9]{0,3}))?")
logger = logging.getLogger(__name__)


def load_encoder(
    model: str,
    model_dir: Path,
    runtime: str = "auto",
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Encoder:
    """Load the encoder that the settings name.

    Args:
        model: "default" for the bundled model, "toy" for the encoder of the tests ("toy-64" for
            one with vectors of 64 numbers), else a folder or a hub name.
        model_dir: where the default model is built and kept as prepared for this machine.
        runtime: what runs the default model: "int8", "bf16" or "fp32" on the compiled engine, "torch", or "auto" for
            the best of these that the machine has. Every other model runs on torch.
        query_prompt, passage_prompt: None takes the model's own. The toy encoder has none and ignores them.
        progress: told in a sentence what is being done, when it takes long.

    Errors:
        ModelError: the runtime is unknown, or the model cannot be found, built or loaded.
    """
    if runtime not in RUNTIMES:
        raise ModelError(f"there is no runtime {runtime!r}", f"choose one of {', '.join(RUNTIMES)}")
    toy = _TOY.fullmatch(model)
    if toy:
        from embeddings.toy import ToyEncoder  # noqa: PLC0415

        return ToyEncoder(int(toy[1]), model) if toy[1] else ToyEncoder()
    if model == "default":
        return _default(model_dir, runtime, query_prompt, passage_prompt, progress)
    if runtime not in ("auto", "torch"):
        logger.warning("only the default model runs in %s; %s runs on torch", runtime, model)
    return _on_torch(model, query_prompt, passage_prompt)


def _default(
    model_dir: Path,
    runtime: str,
    query_prompt: str | None,
    passage_prompt: str | None,
    progress: Callable[[str], None] | None,
) -> Encoder:
    from embeddings.bundled import ensure_default_model  # noqa: PLC0415
    from embeddings.models import DEFAULT_MODEL  # noqa: PLC0415

    folder = ensure_default_model(model_dir, progress)
    if runtime != "torch":
        from embeddings.compiled.loading import load_compiled  # noqa: PLC0415

        try:
            say = progress or _silent
            return load_compiled(folder, DEFAULT_MODEL, runtime, query_prompt, passage_prompt, say)
        except ModelError as error:
            logger.warning("the default model runs on torch, several times slower: %s", error)
    return _on_torch(folder, query_prompt, passage_prompt)


def _on_torch(folder: str | Path, query_prompt: str | None, passage_prompt: str | None) -> Encoder:
    from embeddings.sentence_transformer import SentenceTransformerEncoder  # noqa: PLC0415

    return SentenceTransformerEncoder(folder, query_prompt, passage_prompt)


def _silent(_message: str) -> None:
    pass
