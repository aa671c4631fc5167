"""A BERT's weights and shape, mapped from its folder without loading a framework."""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.errors import DamagedModel
from embeddings.model_folder import WEIGHTS

_EMBEDDINGS = "embeddings"


@dataclass(frozen=True, slots=True)
class Shape:
    """A BERT's dimensions: of its vectors, its layers, its attention heads; and the epsilon of its norms."""

    hidden: int
    layers: int
    heads: int
    epsilon: float


class BertWeights:
    """Read tensors of a BERT in a sentence-transformers folder; the file stays mapped while this object lives.

    The layout (u64 header length, JSON header, data) is the one the safetensors format documents.

    Args:
        folder: holds `config.json` and `model.safetensors`, float32.

    Errors:
        DamagedModel: a file is missing or is not what it should be.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / WEIGHTS
        try:
            self.shape = _shape(json.loads((folder / "config.json").read_text(encoding="utf-8")))
            self._data, self._table = _map(self._path)
            positions = self.tensor(f"{_EMBEDDINGS}.position_embeddings.weight")
            types = self.tensor(f"{_EMBEDDINGS}.token_type_embeddings.weight")
            self._words = self.tensor(f"{_EMBEDDINGS}.word_embeddings.weight")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedModel(f"the model in {folder} cannot be read: {error}", "build it again") from error
        # One segment is all that a sentence encoder sees, so its vector belongs to each position.
        self._positions = positions + types[0]

    @property
    def vocabulary(self) -> int:
        """How many tokens the model knows."""
        return len(self._words)

    @property
    def positions(self) -> int:
        """How many tokens an input may have."""
        return len(self._positions)

    def tensor(self, name: str) -> Vectors:
        """Return a tensor as a read-only view of the file; KeyError without it, ValueError if it is not float32."""
        entry = self._table[name]
        if entry["dtype"] != "F32":
            raise ValueError(f"tensor {name!r} is {entry['dtype']}, not F32")
        start, end = entry["data_offsets"]
        return self._data[start:end].view("<f4").reshape(entry["shape"])

    def linear(self, name: str) -> tuple[Vectors, Vectors]:
        """Return the weight of shape (out, in) and the bias of shape (out,) below `name`."""
        return self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")

    def embed(self, ids: NDArray[np.int64]) -> Vectors:
        """Look up token, position and segment vectors: ids of shape (n, length) to float32 (n, length, hidden)."""
        embedded = self._words[ids]
        embedded += self._positions[: ids.shape[1]]
        return embedded


def _shape(config: Any) -> Shape:
    if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
        raise ValueError(f"it is a {config['model_type']!r} with {config['hidden_act']!r}, not a BERT with GELU")
    sizes = (config[key] for key in ("hidden_size", "num_hidden_layers", "num_attention_heads"))
    hidden, layers, heads = map(int, sizes)
    return Shape(hidden, layers, heads, float(config["layer_norm_eps"]))


def _map(path: Path) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if hasattr(mmap, "MADV_RANDOM"):
        # Rows of the word table are read here and there; reading ahead would fetch a hundred times what is used.
        mapped.madvise(mmap.MADV_RANDOM)
    raw = np.frombuffer(mapped, dtype=np.uint8)
    length = int.from_bytes(mapped[:8], "little")
    table = json.loads(mapped[8 : 8 + length])
    table.pop("__metadata__", None)
    data = raw[8 + length :]
    if any(entry["data_offsets"][1] > len(data) for entry in table.values()):
        raise ValueError(f"{path.name} ends too early")
    return data, table
