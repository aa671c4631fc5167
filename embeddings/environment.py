"""Environment that third-party libraries read at import: no telemetry, no noise, no network unless asked for."""

from __future__ import annotations

import os
import sys
from typing import Any, cast

_TELEMETRY_OFF = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
}
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
_QUIET = {
    # A forked child would find the tokenizer's thread pool dead and hang; batches are short enough for one thread.
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
}
# Threads that wait for each other must sleep, not spin: with both cores busy, as when a server ingests while it
# answers, one question took 3,096 ms with the default and 35 ms with this (24 ms on an idle machine either way).
_SHARED_CORES = {"GOMP_SPINCOUNT": "0"}


# OpenVINO's package reports its import to an analytics service unless these are absent: it catches that. The second is
# its converter of other formats, which brings the first along and takes as long to import as the rest.
_TELEMETRY_MODULES = ("openvino_telemetry", "openvino.tools.ovc")


def forbid_telemetry_modules() -> None:
    """Make the import of modules that send usage data fail; call it before the first import of openvino."""
    modules = cast(dict[str, Any], sys.modules)
    for name in _TELEMETRY_MODULES:
        modules.setdefault(name, None)


def prepare_environment(*, hub: bool) -> None:
    """Set the variables; call it before the first import of torch, transformers, sentence_transformers or faiss.

    Args:
        hub: whether the user named a hub model, the only case in which a library may reach the network. What the
            user set about offline mode is then left alone.

    Variables that only concern noise and threads keep a value the user gave them.
    """
    os.environ.update(_TELEMETRY_OFF)
    if not hub:
        os.environ.update(_OFFLINE)
    for name, value in {**_QUIET, **_SHARED_CORES}.items():
        os.environ.setdefault(name, value)
    forbid_telemetry_modules()
