"""Identifies the vectors a sentence-transformers folder gives, by what determines them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from embeddings.manifest import check_files, read_manifest, sha256_of
from embeddings.models import ModelDescription

_OTHER_RUNTIMES = {"onnx", "openvino"}
_VOCABULARIES = ("vocab.txt", "vocab.json", "merges.txt", "added_tokens.json", "tokenizer_config.json")


def model_checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of weights and of the tokenizer, by path relative to `folder`.

    A built folder's manifest has them, which costs nothing; other folders are read whole, once per start.

    Errors:
        DamagedModel: the folder has a manifest that its files do not match in size.
        OSError: a file cannot be read.
    """
    names = _weights(folder) + _tokenizer_files(folder)
    manifest = read_manifest(folder)
    if manifest is not None:
        check_files(folder, manifest, full=False)
        return {name: manifest.files[name].sha256 for name in names if name in manifest.files}
    return {name: sha256_of(folder / name) for name in names}


def fingerprint(folder: Path, checksums: dict[str, str], description: ModelDescription) -> str:
    """Hash what determines a model's vectors: weights, tokenizer, pooling, prompts, length limit and dimension.

    Neither the name nor the place of the model counts, so a copy of a folder has the same fingerprint.

    Args:
        folder: the model's folder.
        checksums: as `model_checksums` returns them.
        description: the prompts, limit and dimension in use.

    Returns:
        32 hexadecimal digits.
    """
    basis = {
        "checksums": checksums,
        "modules": _modules(folder),
        "query_prompt": description.query_prompt,
        "passage_prompt": description.passage_prompt,
        "max_tokens": description.max_tokens,
        "dim": description.dim,
    }
    text = json.dumps(basis, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _weights(folder: Path) -> list[str]:
    for suffix in ("*.safetensors", "*.bin"):
        found = (path.relative_to(folder) for path in sorted(folder.rglob(suffix)))
        names = [path.as_posix() for path in found if not _OTHER_RUNTIMES.intersection(path.parts)]
        if names:
            return names
    return []


def _tokenizer_files(folder: Path) -> list[str]:
    # tokenizer.json is complete in itself; without it the older vocabulary files count, whichever there are.
    # A static embedding model keeps its tokenizer in a module's folder.
    found = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("tokenizer.json"))]
    if found:
        return found
    pieces = [path.name for path in sorted(folder.glob("*.model"))]
    return pieces + [name for name in _VOCABULARIES if (folder / name).is_file()]


def _modules(folder: Path) -> list[object]:
    """Return each module's class name and settings, in order; empty for a bare transformers folder."""
    listing = _json(folder / "modules.json")
    if not isinstance(listing, list):
        return []
    modules: list[object] = []
    for module in listing:
        kind = str(module["type"]).rpartition(".")[2]
        path = folder / str(module["path"])
        settings = path / ("sentence_bert_config.json" if kind == "Transformer" else "config.json")
        modules.append([kind, _json(settings)])
    return modules


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
