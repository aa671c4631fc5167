"""What is fuzzed: each target takes any bytes, and says what became of them or fails."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TAKEN, REFUSED = "taken", "refused"


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads what others wrote.

    Attributes:
        name: on the command line and in reports.
        seeds: makes inputs that are good, to begin with.
        check: reads an input; returns TAKEN or REFUSED, and raises for whatever should not happen.
        words: pieces that inputs are made of.
    """

    name: str
    seeds: Callable[[], Iterable[bytes]]
    check: Callable[[bytes], str]
    words: Sequence[bytes] = ()


class Broken(AssertionError):
    """A promise that was not kept."""


def promise(kept: object, what: str) -> None:
    """Fail unless something holds."""
    if not kept:
        raise Broken(what)


def resealed(content: bytes) -> bytes:
    """Make the checksum of a changed JSON object right, so that what is behind it is read too; else leave it."""
    try:
        body = json.loads(content)
        body.pop("sha256", None)
        body["sha256"] = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        return json.dumps(body).encode()
    except (ValueError, AttributeError, TypeError, RecursionError):
        return content


def ours(error: BaseException) -> bool:
    """Tell whether an error arose in the project's own code, and not in a library that it calls."""
    frames = traceback.extract_tb(error.__traceback__)
    last = Path(frames[-1].filename) if frames else Path()
    return any(ROOT / part in last.parents for part in ("qa_service", "embeddings"))


def signature(error: BaseException) -> str:
    """Name an error by its type and the last place of the project that it passed: the same fault, the same name."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if str(ROOT) in frame.filename]
    inner = [frame for frame in frames if "/scripts/" not in frame.filename] or frames
    place = f"{Path(inner[-1].filename).name}:{inner[-1].lineno}" if inner else "?"
    detail = str(error)[:80] if isinstance(error, Broken) else ""
    return " ".join(part for part in (type(error).__name__, place, detail) if part)


def all_targets() -> Mapping[str, Target]:
    """Give every target by name."""
    import targets_files  # noqa: PLC0415
    import targets_input  # noqa: PLC0415
    import targets_models  # noqa: PLC0415
    import targets_text  # noqa: PLC0415

    found = [*targets_text.TARGETS, *targets_input.TARGETS, *targets_files.TARGETS, *targets_models.TARGETS]
    if importlib.util.find_spec("qa_service.backup") is not None:
        import targets_backup  # noqa: PLC0415

        found += targets_backup.TARGETS
    return {target.name: target for target in found}
