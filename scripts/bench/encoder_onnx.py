"""The default model through ONNX Runtime, exported by torch: what libraries on that runtime do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.batching import restore_order, token_budget_batches
from embeddings.compiled.tokens import Tokens
from embeddings.encoder import Vectors
from embeddings.fingerprint import fingerprint, model_checksums
from embeddings.models import DEFAULT_MODEL, ModelDescription, RuntimeInfo
from embeddings.vectors import unit

_BATCH_TOKENS, _BATCH = 1024, 64
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export(folder: Path, work: Path) -> None:
    """Write `onnx.onnx` and, with dynamic int8 per output channel, `onnx-int8.onnx` into `work`."""
    import torch  # noqa: PLC0415
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415
    from transformers import AutoModel  # noqa: PLC0415

    class Hidden(torch.nn.Module):
        """The model with positional inputs, as the export calls it, and one output."""

        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(str(folder), attn_implementation="eager").eval()

        def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state

    given = tuple(torch.ones((2, 8), dtype=torch.int64) for _ in _INPUTS)
    axes = {name: {0: "n", 1: "length"} for name in (*_INPUTS, "last_hidden_state")}
    plain = work / "onnx.onnx"
    torch.onnx.export(
        Hidden().eval(),
        given,
        str(plain),
        input_names=list(_INPUTS),
        output_names=["last_hidden_state"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    int8 = work / "onnx-int8.onnx"
    quantize_dynamic(plain, int8, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8)


def onnx_encoder(folder: Path, path: Path) -> _OnnxEncoder:
    """Open an exported model with ONNX Runtime's defaults."""
    return _OnnxEncoder(folder, path)


class _OnnxEncoder:
    description: ModelDescription = DEFAULT_MODEL

    def __init__(self, folder: Path, path: Path) -> None:
        import onnxruntime  # noqa: PLC0415

        self._tokens = Tokens(folder, DEFAULT_MODEL.max_tokens)
        self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self._asked = {given.name for given in self._session.get_inputs()}
        self.fingerprint = fingerprint(folder, model_checksums(folder), DEFAULT_MODEL)
        precision = "int8" if path.stem.endswith("int8") else "fp32"
        self.runtime = RuntimeInfo("onnxruntime", precision, 0, None, "for comparison")

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, DEFAULT_MODEL.query_prompt)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, DEFAULT_MODEL.passage_prompt)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._tokens.count(texts)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        ids = self._tokens.ids(texts, prompt)
        batches = token_budget_batches([len(found) for found in ids], _BATCH_TOKENS, _BATCH)
        encoded = (self._run([ids[place] for place in batch]) for batch in batches)
        return unit(restore_order(batches, encoded, DEFAULT_MODEL.dim))

    def _run(self, ids: Sequence[Sequence[int]]) -> Vectors:
        lengths = np.array([len(found) for found in ids])
        given = np.arange(lengths.max()) < lengths[:, None]
        padded = np.ones(given.shape, dtype=np.int64)
        padded[given] = np.concatenate([np.array(found) for found in ids])
        values = dict(zip(_INPUTS, (padded, given.astype(np.int64), np.zeros_like(padded)), strict=True))
        [hidden] = self._session.run(None, {name: value for name, value in values.items() if name in self._asked})
        means: Vectors = (hidden * given[:, :, None]).sum(axis=1) / lengths[:, None]
        return means.astype(np.float32)
