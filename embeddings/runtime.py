"""The seam where model, runtime and precision are chosen; every heavy import is behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from embeddings.encoder import Encoder
from embeddings.errors import ModelError

RUNTIMES = ("auto", "torch")


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
        model: "default" for the bundled model, "toy" for the encoder of the tests, else a folder or a hub name.
        model_dir: where the default model is built.
        runtime: what runs it: "torch", or "auto" for the best there is, which is torch.
        query_prompt, passage_prompt: None takes the model's own. The toy encoder has none and ignores them.
        progress: told in a sentence what is being done, when it takes long.

    Errors:
        ModelError: the runtime is unknown, or the model cannot be found, built or loaded.
    """
    if runtime not in RUNTIMES:
        raise ModelError(f"there is no runtime {runtime!r}", f"choose one of {', '.join(RUNTIMES)}")
    if model == "toy":
        from embeddings.toy import ToyEncoder  # noqa: PLC0415

        return ToyEncoder()
    folder: str | Path = model
    if model == "default":
        from embeddings.bundled import ensure_default_model  # noqa: PLC0415

        folder = ensure_default_model(model_dir, progress)
    from embeddings.sentence_transformer import SentenceTransformerEncoder  # noqa: PLC0415

    return SentenceTransformerEncoder(folder, query_prompt, passage_prompt)
