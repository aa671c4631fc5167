"""The graph of a BERT sentence encoder, built operation by operation for OpenVINO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from embeddings.compiled.library import import_openvino
from embeddings.compiled.quantisation import Site, weight_scales
from embeddings.compiled.weights import BertWeights
from embeddings.encoder import Vectors

EMBEDDED, MASK, POOLING = "embedded", "mask", "pooling"
"""The inputs' names: float32 (n, length, hidden), (n, 1, 1, length) added to the attention's logits, and
(n, 1, length), the share of each token in the mean."""

_PROJECTIONS = ("query", "key", "value")


def site_names(layers: int) -> tuple[str, ...]:
    """Name the inputs of matrix products, in order: of attention, its output, and the two of the feed-forward net."""
    return tuple(f"{layer}.{part}" for layer in range(layers) for part in ("attention", "output", "wide", "narrow"))


def site_weight(weights: BertWeights, site: str) -> tuple[Vectors, Vectors]:
    """Return the matrix of shape (out, in) and the bias that the named input is multiplied with.

    The three projections of attention are one matrix, so that one product does for them. The scale of the logits,
    one over the root of a head's width, is in the query's part of it.
    """
    layer, part = site.split(".")
    prefix = f"encoder.layer.{layer}."
    if part == "attention":
        parts = [weights.linear(f"{prefix}attention.self.{name}") for name in _PROJECTIONS]
        matrix = np.concatenate([matrix for matrix, _ in parts])
        bias = np.concatenate([bias for _, bias in parts])
        scale = np.float32((weights.shape.hidden // weights.shape.heads) ** -0.5)
        matrix[: weights.shape.hidden] *= scale
        bias[: weights.shape.hidden] *= scale
        return matrix, bias
    name = {"output": "attention.output", "wide": "intermediate", "narrow": "output"}[part]
    return weights.linear(f"{prefix}{name}.dense")


class GraphBuilder:
    """Build the graph of one model once.

    Args:
        weights: the model's.
        sites: what each matrix product's input is rounded to, by `site_names`; a product without one stays in
            floating point, as all do by default.

    Attributes:
        taps: the input of each matrix product, by name, once the graph is built.
    """

    def __init__(self, weights: BertWeights, sites: Mapping[str, Site] | None = None) -> None:
        self._library = import_openvino()
        self._ops: Any = self._library.opset13
        self._weights = weights
        self._sites = sites or {}
        self.taps: dict[str, Any] = {}

    def build(self, *, tapped: bool = False) -> Any:
        """Return the model: its first output is the mean of the last layer, float32 of shape (n, hidden), unscaled.

        Args:
            tapped: whether every tap is a further output, in the order of `site_names`.
        """
        ops, shape = self._ops, self._weights.shape
        embedded = ops.parameter([-1, -1, shape.hidden], np.float32, name=EMBEDDED)
        mask = ops.parameter([-1, 1, 1, -1], np.float32, name=MASK)
        pooling = ops.parameter([-1, 1, -1], np.float32, name=POOLING)
        inputs = {EMBEDDED: embedded, MASK: mask, POOLING: pooling}
        for name, node in inputs.items():
            node.output(0).set_names({name})
        state = self._norm(embedded, "embeddings.LayerNorm")
        for layer in range(shape.layers):
            prefix = f"encoder.layer.{layer}."
            attended = self._product(self._attention(state, mask, f"{layer}.attention"), f"{layer}.output")
            state = self._norm(ops.add(attended, state), f"{prefix}attention.output.LayerNorm")
            wide = ops.gelu(self._product(state, f"{layer}.wide"), "erf")
            state = self._norm(ops.add(self._product(wide, f"{layer}.narrow"), state), f"{prefix}output.LayerNorm")
        pooled = ops.squeeze(ops.matmul(pooling, state, False, False), self._integers([1]))
        return self._library.Model([pooled, *(self.taps.values() if tapped else ())], list(inputs.values()), "encoder")

    def _attention(self, state: Any, mask: Any, site: str) -> Any:
        ops, shape = self._ops, self._weights.shape
        projected = ops.split(self._product(state, site), self._integers(2), len(_PROJECTIONS))
        heads = self._integers([0, 0, shape.heads, shape.hidden // shape.heads])
        swap = self._integers([0, 2, 1, 3])
        query, key, value = (ops.transpose(ops.reshape(part, heads, True), swap) for part in projected.outputs())
        attended = ops.scaled_dot_product_attention(query, key, value, mask, self._floats(1.0))
        return ops.reshape(ops.transpose(attended, swap), self._integers([0, 0, shape.hidden]), True)

    def _product(self, value: Any, site: str) -> Any:
        ops = self._ops
        matrix, bias = site_weight(self._weights, site)
        self.taps[site] = value
        rounding = self._sites.get(site)
        if rounding is None:
            return ops.add(ops.matmul(value, self._floats(matrix), False, True), self._floats(bias))
        if rounding.divisors is not None:
            value = ops.multiply(value, self._floats(1 / rounding.divisors))
            matrix = matrix * rounding.divisors
        low, high = self._floats(rounding.low), self._floats(rounding.high)
        value = ops.fake_quantize(value, low, high, low, high, 256)
        scales = weight_scales(matrix)
        integers = ops.constant(np.rint(matrix / scales).astype(np.int8))
        restored = ops.multiply(ops.convert(integers, np.float32), self._floats(scales))
        return ops.add(ops.matmul(value, restored, False, True), self._floats(bias))

    def _norm(self, value: Any, name: str) -> Any:
        ops = self._ops
        weight, bias = self._weights.linear(name)
        normal = ops.mvn(value, self._integers([-1]), True, self._weights.shape.epsilon, "inside_sqrt")
        return ops.add(ops.multiply(normal, self._floats(weight)), self._floats(bias))

    def _floats(self, value: Any) -> Any:
        return self._ops.constant(np.asarray(value, dtype=np.float32))

    def _integers(self, value: Any) -> Any:
        return self._ops.constant(np.asarray(value, dtype=np.int64))
