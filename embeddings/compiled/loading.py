"""Chooses the precision of the default model for this machine and loads it; falls back with a warning."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from embeddings.compiled.cache import FORMAT, Key, read_record
from embeddings.compiled.encoder import CompiledEncoder
from embeddings.compiled.engine import usable_threads
from embeddings.compiled.library import engine_version, import_openvino
from embeddings.compiled.preparing import Ready, Source, exact_encoder, prepare, prepared_folder
from embeddings.compiled.processor import order_of_precisions, this_processor
from embeddings.compiled.tokens import Tokens
from embeddings.compiled.validation import Validation
from embeddings.compiled.weights import BertWeights
from embeddings.encoder import Encoder
from embeddings.errors import DamagedModel, ModelError
from embeddings.fingerprint import fingerprint, model_checksums
from embeddings.models import ModelDescription, RuntimeInfo
from embeddings.self_test import compare

logger = logging.getLogger(__name__)


def load_compiled(
    folder: Path,
    description: ModelDescription,
    wanted: str = "auto",
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    say: Callable[[str], None] = lambda _line: None,
    check: Callable[[Encoder], None] = compare,
) -> CompiledEncoder:
    """Load a built model in the best precision that gives the vectors it should.

    Args:
        folder: the model's, of an ordinary BERT with mean pooling.
        description: what it is, with its own prompts.
        wanted: "auto", "int8", "bf16" or "fp32"; wider ones are tried when it falls short, with a warning.
        query_prompt, passage_prompt: None takes the model's own.
        say: told in a sentence what is being done, when it takes long.
        check: raises ModelError if the model in float32 does not give the vectors it should on this engine.

    Errors:
        ModelError: the engine is missing, or fails in every precision.
    """
    source = _source(folder, description, check)
    precision, ready, why = _best(source, wanted, say)
    used = replace(
        description,
        query_prompt=description.query_prompt if query_prompt is None else query_prompt,
        passage_prompt=description.passage_prompt if passage_prompt is None else passage_prompt,
    )
    cosine = ready.validation.cosine if ready.validation else None
    runtime = RuntimeInfo("openvino", precision, source.threads, cosine, f"{why}; kept {ready.kept}")
    identity = fingerprint(folder, model_checksums(folder), used)
    return CompiledEncoder(source.weights, source.tokens, ready.graph, used, identity, runtime)


def load_exact(folder: Path, description: ModelDescription) -> CompiledEncoder:
    """Load a model in float32 without reading or writing what is prepared of it; errors as `load_compiled`."""
    return exact_encoder(_source(folder, description, lambda _encoder: None))


@dataclass(frozen=True, slots=True)
class State:
    """What `load_compiled` will run, as far as that is known without loading anything.

    Attributes:
        precision: which it will take, or try first if nothing is prepared.
        why: why that one.
        threads: how many it computes with.
        folder: where it is kept.
        problem: why it has to be prepared first; None when it is ready.
        validation: how it compares with float32; None for float32 itself, or before it is prepared.
    """

    precision: str
    why: str
    threads: int
    folder: Path
    problem: str | None
    validation: Validation | None


def compiled_state(folder: Path, description: ModelDescription, wanted: str) -> State:
    """Describe what runs a built model; ModelError if the engine is not installed."""
    processor, identity = this_processor(), fingerprint(folder, model_checksums(folder), description)
    precisions, why = order_of_precisions(wanted, processor)
    for precision in precisions:
        place = prepared_folder(folder, precision)
        wanted_key = Key(FORMAT, engine_version(), identity, processor.label, precision)
        try:
            record = read_record(place)
        except DamagedModel as error:
            return State(precision, why, usable_threads(), place, error.detail, None)
        if record is None or record.key != wanted_key:
            problem = "not prepared yet" if record is None else "prepared for another engine, processor or model"
            return State(precision, why, usable_threads(), place, problem, None)
        short = record.validation.problem if record.validation else None
        if short is None:
            return State(precision, why, usable_threads(), place, None, record.validation)
        why = f"{precision} falls short: {short}"
    raise ModelError("the model falls short in every precision", "choose QA_RUNTIME=torch")


def _source(folder: Path, description: ModelDescription, check: Callable[[Encoder], None]) -> Source:
    import_openvino()
    identity = fingerprint(folder, model_checksums(folder), description)
    tokens, weights = Tokens(folder, description.max_tokens), BertWeights(folder)
    return Source(folder, description, identity, weights, tokens, this_processor(), usable_threads(), check)


def _best(source: Source, wanted: str, say: Callable[[str], None]) -> tuple[str, Ready, str]:
    """Return the first precision that is good enough, with its graph and why it was taken."""
    precisions, why = order_of_precisions(wanted, source.processor)
    for precision in precisions:
        try:
            ready = prepare(source, precision, say)
        except ModelError as error:
            if precision == precisions[-1]:
                raise
            problem: str | None = error.detail
        else:
            problem = ready.validation.problem if ready.validation else None
            if problem is None:
                return precision, ready, why
        why = f"{precision} falls short: {problem}"
        logger.warning("the model does not run in %s on this machine: %s", precision, problem)
    raise ModelError("the model falls short in every precision", "choose QA_RUNTIME=torch")
