"""Compares a freshly built default model with reference vectors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np

from embeddings.encoder import Encoder, Vectors
from embeddings.errors import ModelError
from embeddings.models import DEFAULT_MODEL

MIN_COSINE = 0.999


@dataclass(frozen=True, slots=True)
class Reference:
    """A text with the vector the default model gives it.

    Attributes:
        role: whether it is encoded as a question or as a passage.
        text: the bare text, without prompt.
        tokens: what `count_tokens` says of it.
        vector: float32 of shape (384,), of unit length up to the rounding of the file.
    """

    role: Literal["query", "passage"]
    text: str
    tokens: int
    vector: Vectors


def references() -> tuple[Reference, ...]:
    """Return the reference texts: several languages and scripts, both roles, full-width and accented characters.

    The vectors are the rebuilt model's own; before they were written down, each was compared with the engine of the
    package that carries the weights (cosine above 0.9998).
    """
    text = resources.files("embeddings").joinpath("data/reference.json").read_text(encoding="utf-8")
    return tuple(
        Reference(item["role"], item["text"], item["tokens"], np.array(item["vector"], dtype=np.float32))
        for item in json.loads(text)["references"]
    )


def self_test(folder: Path) -> None:
    """Load the model in `folder` and check that it tokenises and encodes the reference texts as it should.

    Errors:
        ModelError: it cannot be loaded, counts other tokens, or gives a vector whose cosine with the reference is
            below 0.999; the error names the text.
    """
    compare(_load(folder))


def compare(encoder: Encoder) -> None:
    """Check an encoder of the default model, on any runtime, against the references; errors as `self_test`."""
    for reference in references():
        (tokens,) = encoder.count_tokens([reference.text])
        if tokens != reference.tokens:
            raise _failed(f"{reference.text!r} has {tokens} tokens instead of {reference.tokens}")
        encode = encoder.encode_queries if reference.role == "query" else encoder.encode_passages
        (vector,) = encode([reference.text])
        cosine = float(vector @ reference.vector / np.linalg.norm(reference.vector))
        if not cosine >= MIN_COSINE:
            raise _failed(f"the vector of {reference.text!r} has cosine {cosine:.4f} to its reference")


def _load(folder: Path) -> Encoder:
    """Load the model in float32, on the compiled engine if there is one, whose import is the faster by far."""
    from embeddings.compiled.library import import_openvino  # noqa: PLC0415

    try:
        import_openvino()
    except ModelError:
        from embeddings.sentence_transformer import SentenceTransformerEncoder  # noqa: PLC0415

        return SentenceTransformerEncoder(folder)
    from embeddings.compiled.loading import load_exact  # noqa: PLC0415

    return load_exact(folder, DEFAULT_MODEL)


def _failed(problem: str) -> ModelError:
    return ModelError(
        f"the default model does not work as it should on this machine: {problem}",
        "install the versions of openvino, torch and tokenizers in scripts/constraints.txt",
    )
