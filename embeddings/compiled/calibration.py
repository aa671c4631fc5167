"""Measures what goes into each matrix product, over texts in many languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from embeddings.compiled.feed import Feed
from embeddings.compiled.graph import MASK, GraphBuilder, site_names, site_weight
from embeddings.compiled.quantisation import Extremes, Site, plan_site
from embeddings.compiled.weights import BertWeights


def plan_sites(weights: BertWeights, feeds: Iterable[Feed], compile_model: Any) -> dict[str, Site]:
    """Run the float32 graph over calibration batches and decide how each product's input is rounded.

    Args:
        weights: the model's.
        feeds: batches as `make_feed` makes them.
        compile_model: turns a graph into a compiled model in float32.
    """
    names = site_names(weights.shape.layers)
    request = compile_model(GraphBuilder(weights).build(tapped=True)).create_infer_request()
    extremes: dict[str, Extremes] = {}
    for feed in feeds:
        _pooled, *taps = request.infer(feed).values()
        given = feed[MASK][:, 0, 0] == 0
        for name, values in zip(names, taps, strict=True):
            tokens = values[given]
            extremes[name] = _widened(extremes.get(name), Extremes(tokens.min(axis=0), tokens.max(axis=0)))
    return {name: plan_site(name, found, site_weight(weights, name)[0]) for name, found in extremes.items()}


def _widened(before: Extremes | None, now: Extremes) -> Extremes:
    if before is None:
        return now
    return Extremes(np.minimum(before.least, now.least), np.maximum(before.greatest, now.greatest))
