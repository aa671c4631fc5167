"""Loads a sentence-transformers model quietly and finds the folder its files are in."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embeddings.environment import prepare_environment
from embeddings.errors import ModelError
from embeddings.fingerprint import model_checksums

HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_E5 = re.compile(r"(^|[^a-z0-9])e5([^a-z0-9]|$)")
_E5_PROMPTS = ("query: ", "passage: ")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory.

    Attributes:
        model: the SentenceTransformer, ready for inference.
        folder: where its files are.
        checksums: of its weights and tokenizer, as `model_checksums` gives them.
        hub_name: the name it was fetched by; None for a folder.
    """

    model: Any
    folder: Path
    checksums: dict[str, str]
    hub_name: str | None


def load_model(name_or_folder: str | Path) -> Loaded:
    """Load the model from a folder, without any network access, or else from the hub.

    Errors:
        ModelError: it is neither a folder nor like a hub name, or it cannot be loaded.
    """
    name = str(name_or_folder)
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        # Hashing releases the interpreter, so it costs little beside the import of torch.
        with ThreadPoolExecutor(1) as pool:
            checksums = pool.submit(_checksums, folder)
            try:
                model = _open(str(folder), hub=False)
            except ModelError:
                # A built folder that does not match its manifest explains itself better.
                checksums.result()
                raise
            return Loaded(model, folder, checksums.result(), None)
    if not HUB_NAME.fullmatch(name):
        raise ModelError(f"there is no model folder {name!r}", "name an existing folder or a hub model")
    model = _open(name, hub=True)
    folder = _folder_of(name)
    return Loaded(model, folder, _checksums(folder), name)


def declared_prompts(folder: Path, name: str) -> tuple[str, str]:
    """Return the query and the passage prompt that a model declares, "" for none.

    Models of the E5 family are trained with "query: " and "passage: " and often declare nothing; the instruct
    members of the family want something else and get no prompt by default.

    Args:
        folder: the model's folder, whose `config_sentence_transformers.json` may have `prompts`.
        name: the model's name, by which the family is known.
    """
    try:
        settings = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
        prompts = settings.get("prompts")
    except (OSError, ValueError, AttributeError):
        prompts = None
    if isinstance(prompts, Mapping) and any(prompts.values()):
        passage = next((prompts[key] for key in ("document", "passage", "corpus") if prompts.get(key)), "")
        return str(prompts.get("query") or ""), str(passage)
    if _E5.search(name.lower()) and "instruct" not in name.lower():
        return _E5_PROMPTS
    return "", ""


def _checksums(folder: Path) -> dict[str, str]:
    try:
        return model_checksums(folder)
    except OSError as error:
        raise ModelError(f"{error.filename or folder} cannot be read: {error.strerror}") from error


def open_quietly(load: Callable[[], Any], what: str, remedy: str, *, hub: bool) -> Any:
    """Run what imports the libraries and loads a model, without their noise.

    Args:
        load: gives the model.
        what: the model as an error names it.
        remedy: what an error advises.
        hub: whether the network may be used; see `prepare_environment`.

    Errors:
        ModelError: whatever a library raises.
    """
    prepare_environment(hub=hub)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import transformers  # noqa: PLC0415

            transformers.utils.logging.disable_progress_bar()
            return load()
    except ImportError as error:
        raise ModelError(
            f"{error.name or error} is not installed", "install qa-service with its dependencies"
        ) from error
    except Exception as error:  # whatever a library raises about a folder's contents is about that folder
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{what} cannot be loaded: {lines[0]}", remedy) from error


def cached_folder(*names: str) -> Path | None:
    """Find the folder of the first of these hub names that is in the local cache; None when none is."""
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415

    for name in names:
        for file in ("modules.json", "config.json"):
            try:
                path = try_to_load_from_cache(name, file)
            except ValueError:  # no possible name
                break
            if isinstance(path, str):
                return Path(path).parent
    return None


def _open(name: str, *, hub: bool) -> Any:
    def load() -> Any:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        return SentenceTransformer(name, local_files_only=not hub, trust_remote_code=False).eval()

    remedy = "check the name and the network, or name a folder" if hub else "check that the folder is complete"
    return open_quietly(load, f"the model {name!r}", remedy, hub=hub)


def _folder_of(name: str) -> Path:
    # sentence-transformers looks for a name without an owner under its own.
    folder = cached_folder(*((name,) if "/" in name else (name, f"sentence-transformers/{name}")))
    if folder is None:
        raise ModelError(f"the files of the model {name!r} are not in the hub's cache", "name a folder instead")
    return folder
