"""Gets a model ready in one precision: from the cache, or built, validated and cached."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from embeddings.compiled.cache import FORMAT, Key, preparing, read_prepared, write_prepared
from embeddings.compiled.calibration import plan_sites
from embeddings.compiled.encoder import CompiledEncoder
from embeddings.compiled.engine import CompiledGraph, compile_graph, export_graph
from embeddings.compiled.feed import Feed, make_feed
from embeddings.compiled.graph import GraphBuilder
from embeddings.compiled.library import engine_version
from embeddings.compiled.processor import Processor
from embeddings.compiled.tokens import Tokens
from embeddings.compiled.validation import Validation, calibration_texts, validate, validation_set
from embeddings.compiled.weights import BertWeights
from embeddings.encoder import Encoder
from embeddings.errors import DamagedModel
from embeddings.memory import return_memory
from embeddings.models import ModelDescription, RuntimeInfo

logger = logging.getLogger(__name__)

_CALIBRATION_BATCH = 2


@dataclass(frozen=True, slots=True)
class Source:
    """A built model, and what it is to run on.

    Attributes:
        folder: its sentence-transformers folder; what is prepared from it is kept beside it.
        description: its name, limits and own prompts.
        fingerprint: of its vectors with those prompts.
        weights: its weights.
        tokens: its tokenizer.
        processor, threads: what computes.
        check: raises ModelError if an encoder of it in float32 does not give the vectors it should.
    """

    folder: Path
    description: ModelDescription
    fingerprint: str
    weights: BertWeights
    tokens: Tokens
    processor: Processor
    threads: int
    check: Callable[[Encoder], None]

    def key(self, precision: str) -> Key:
        """Return what a model prepared here and now holds for."""
        return Key(FORMAT, engine_version(), self.fingerprint, self.processor.label, precision)

    def hint(self, precision: str) -> str:
        """Return what floating-point operations run in."""
        return "f32" if precision == "fp32" else self.processor.hint


@dataclass(frozen=True, slots=True)
class Ready:
    """A model in one precision.

    Attributes:
        graph: compiled.
        validation: how it compares with float32; None for float32 itself.
        kept: where it is kept, in words.
    """

    graph: CompiledGraph
    validation: Validation | None
    kept: str


def prepared_folder(folder: Path, precision: str) -> Path:
    """Return where a built model is kept in one precision: beside its folder."""
    return folder.with_name(f"{folder.name}-{precision}")


def prepare(source: Source, precision: str, say: Callable[[str], None]) -> Ready:
    """Return a model's graph in one precision, prepared and cached if that was not done before.

    Two processes may do this at once: the second waits for the first and uses what it built. Where nothing can be
    written it is prepared in memory.

    Errors:
        ModelError: the engine cannot compile it, or does not give the vectors it should in float32.
    """
    place, key = prepared_folder(source.folder, precision), source.key(precision)
    found = _cached(source, place, key, warn=True)
    if found is not None:
        return found
    with ExitStack() as stack:
        try:
            stack.enter_context(preparing(place, lambda: say("waiting for another process to prepare the model")))
        except OSError as error:
            return _unkept(_build(source, precision, say)[0], place, error)
        found = _cached(source, place, key, warn=False)
        if found is not None:
            return found
        built, exported = _build(source, precision, say)
        try:
            write_prepared(place, key, built.validation, exported)
        except OSError as error:
            return _unkept(built, place, error)
    return built


def _cached(source: Source, place: Path, key: Key, *, warn: bool) -> Ready | None:
    try:
        found = read_prepared(place, key)
        if found is None:
            return None
        prepared, exported = found
        graph = CompiledGraph(exported, source.hint(key.precision), source.threads)
    except DamagedModel as error:
        if warn:
            logger.warning("the model is prepared again: %s", error.detail)
        return None
    return Ready(graph, prepared.validation, f"in {place}")


def _unkept(built: Ready, place: Path, error: OSError) -> Ready:
    reason = error.strerror or error
    logger.warning(
        "the prepared model stays in memory and is prepared at each start (name a writable directory as"
        " QA_MODEL_DIR): %s: %s",
        place.parent,
        reason,
    )
    return replace(built, kept="in memory")


def _build(source: Source, precision: str, say: Callable[[str], None]) -> tuple[Ready, bytes]:
    try:
        return _built(source, precision, say)
    finally:
        return_memory()


def exact_encoder(source: Source) -> CompiledEncoder:
    """Build the model in float32, as the weights are, and compile it; ModelError if the engine cannot."""
    graph, _exported = _compiled(source, GraphBuilder(source.weights).build(), "fp32")
    return _encoder(source, graph, "fp32")


def _built(source: Source, precision: str, say: Callable[[str], None]) -> tuple[Ready, bytes]:
    say(f"preparing the model in {precision} for this processor")
    kept = f"in {prepared_folder(source.folder, precision)}"
    exact = GraphBuilder(source.weights).build()
    reference, exported = _compiled(source, exact, "fp32")
    in_float32 = _encoder(source, reference, "fp32")
    source.check(in_float32)
    if precision == "fp32":
        return Ready(reference, None, kept), exported
    graph = exact
    if precision == "int8":
        sites = plan_sites(source.weights, _calibration(source), partial(_compiled_exactly, source))
        graph = GraphBuilder(source.weights, sites).build()
    say(f"comparing {precision} with float32")
    candidate, exported = _compiled(source, graph, precision)
    validation = validate(_encoder(source, candidate, precision), in_float32, validation_set())
    return Ready(candidate, validation, kept), exported


def _compiled(source: Source, graph: Any, precision: str) -> tuple[CompiledGraph, bytes]:
    hint = source.hint(precision)
    exported = export_graph(compile_graph(graph, hint, source.threads))
    return CompiledGraph(exported, hint, source.threads), exported


def _encoder(source: Source, graph: CompiledGraph, precision: str) -> CompiledEncoder:
    runtime = RuntimeInfo("openvino", precision, source.threads, None, "under validation")
    return CompiledEncoder(source.weights, source.tokens, graph, source.description, source.fingerprint, runtime)


def _compiled_exactly(source: Source, graph: Any) -> Any:
    return compile_graph(graph, "f32", source.threads)


def _calibration(source: Source) -> Iterator[Feed]:
    """Give the calibration texts in small batches, each text as a question and as a passage."""
    texts = calibration_texts()
    prompts = (source.description.query_prompt, source.description.passage_prompt)
    ids = sorted((found for prompt in prompts for found in source.tokens.ids(texts, prompt)), key=len)
    for start in range(0, len(ids), _CALIBRATION_BATCH):
        yield make_feed(source.weights, ids[start : start + _CALIBRATION_BATCH])
