#!/usr/bin/env python
"""The encoder's speed on every runtime, beside sentence-transformers on torch and ONNX Runtime, alternating in one run.

    scripts/bench/encoder.py [--model-dir DIR] [--rounds 3] [--systems NAME ...] [--out OUT]

Passages of 155 tokens and questions of about 16, both Chinese, made from the packaged sample articles, prompts and
special tokens counted; and windows with their sentences, as they are ingested. `onnx` and `onnx-int8` are what
fastembed and others run: the graph as torch exports it, in float32 and with dynamic int8 for its matrix products, both
through ONNX Runtime with its defaults. They need `pip install onnx` and are left out without.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from encoder_onnx import export, onnx_encoder
from report import Plot, Table, machine, publish

from embeddings.bundled import ensure_default_model
from embeddings.encoder import Encoder, Vectors
from embeddings.models import DEFAULT_MODEL
from embeddings.runtime import load_encoder
from qa_service.config import load_settings

BASE = "torch"
OURS = ("int8", "bf16", "fp32")
ONNX = ("onnx", "onnx-int8")
TOKENS, PASSAGES, QUESTIONS = 155, 32, 40
Figures = dict[str, dict[str, list[float]]]


def main() -> None:
    """Load every system, let them take turns, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model-dir", type=Path, default=load_settings().model_dir)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--systems", nargs="*", default=[BASE, *ONNX, *OURS])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory() as work:
        systems = load(options.systems, options.model_dir, Path(work))
        base = systems.get(BASE) or next(iter(systems.values()))
        texts = {"155 tokens": passages_of(base), "windows and sentences": windows_and_sentences()}
        questions = [row["question"] for row in sample("questions")][:QUESTIONS]
        figures: Figures = {name: {"question": [], **{kind: [] for kind in texts}} for name in systems}
        vectors = {name: both(encoder, questions, texts["155 tokens"]) for name, encoder in systems.items()}
        for _ in range(options.rounds):
            for name, encoder in systems.items():
                measure(encoder, questions, texts, figures[name])
    exact = vectors.get(BASE, vectors[next(iter(systems))])
    show(figures, {name: float((found * exact).sum(axis=1).mean()) for name, found in vectors.items()}, options.out)


def load(names: Sequence[str], model_dir: Path, work: Path) -> dict[str, Encoder]:
    """Load systems by name, those of ONNX only where its packages are installed."""
    systems: dict[str, Encoder] = {}
    folder = ensure_default_model(model_dir, print)
    if set(names) & set(ONNX) and importlib.util.find_spec("onnx") is None:
        print("onnx is not installed: its systems are left out")
        names = [name for name in names if name not in ONNX]
    if set(names) & set(ONNX):
        export(folder, work)
    for name in names:
        if name in ONNX:
            systems[name] = onnx_encoder(folder, work / f"{name}.onnx")
        else:
            systems[name] = load_encoder("default", model_dir, name, progress=print)
    return systems


def sample(name: str) -> list[dict[str, str]]:
    """Read a packaged file of articles or questions."""
    file = resources.files("qa_service").joinpath(f"samples/{name}.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def windows_and_sentences() -> list[str]:
    """Return the packaged articles' paragraphs and their sentences."""
    texts: list[str] = []
    for row in sample("articles"):
        for paragraph in row["text"].split("\n"):
            sentences = [part for part in paragraph.replace("。", "。\n").split("\n") if part.strip()]
            texts += [paragraph, *sentences] if sentences else []
    return texts[: PASSAGES * 8]


def passages_of(encoder: Encoder) -> list[str]:
    """Cut running text into passages of 155 tokens, the prompt's and the special ones among them."""
    running = "".join(text for text in windows_and_sentences())
    passages: list[str] = []
    extra = encoder.count_tokens([DEFAULT_MODEL.passage_prompt])[0] + 2
    while running and len(passages) < PASSAGES:
        length = TOKENS
        while encoder.count_tokens([running[:length]])[0] < TOKENS - extra and length < len(running):
            length += 1
        passages.append(running[:length])
        running = running[length:]
    return passages


def both(encoder: Encoder, questions: Sequence[str], passages: Sequence[str]) -> Vectors:
    """Encode questions and passages; also warms the system up."""
    return np.concatenate([encoder.encode_queries(questions), encoder.encode_passages(passages)])


def measure(
    encoder: Encoder, questions: Sequence[str], texts: dict[str, list[str]], into: dict[str, list[float]]
) -> None:
    """Time one round: each question by itself in ms, and each kind of passages in texts a second."""
    encoder.encode_queries(questions[:1])
    for question in questions:
        into["question"].append(1000 * timed(lambda text=question: encoder.encode_queries([text])))
    for kind, passages in texts.items():
        into[kind].append(len(passages) / timed(lambda some=passages: encoder.encode_passages(some)))


def timed(call: Callable[[], object]) -> float:
    """Return how many seconds a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def show(figures: Figures, cosines: dict[str, float], out: Path | None) -> None:
    """Print medians over the rounds, and how many times as fast as torch each system is."""
    kinds = [kind for kind in next(iter(figures.values())) if kind != "question"]
    medians = {name: {kind: statistics.median(found[kind]) for kind in found} for name, found in figures.items()}
    base = medians.get(BASE)
    rows: list[list[object]] = []
    for name, found in medians.items():
        times = figures[name]["question"]
        row: list[object] = [name, float(np.percentile(times, 50)), float(np.percentile(times, 99))]
        row += [base["question"] / found["question"] if base else None]
        for kind in kinds:
            row += [found[kind], found[kind] / base[kind] if base else None]
        rows.append([*row, cosines[name]])
    columns = ["system", "question p50 ms", "p99 ms", "x torch"]
    columns += [column for kind in kinds for column in (f"{kind}: texts/s", "x torch")]
    table = Table("The default model on this machine", [*columns, "mean cosine to torch"], rows)
    series = {name: [(1.0, medians[name][kinds[0]])] for name in medians}
    plot = Plot("Passages of 155 tokens", "", "a second", series, "bar")
    publish("encoder", {"machine": machine()}, [table], [plot], out)


if __name__ == "__main__":
    main()
