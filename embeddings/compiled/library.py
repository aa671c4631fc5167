"""The one place that imports OpenVINO."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from embeddings.environment import forbid_telemetry_modules
from embeddings.errors import ModelError


def import_openvino() -> Any:
    """Import OpenVINO without the modules that send usage data.

    Errors:
        ModelError: it is not installed or does not load on this machine.
    """
    forbid_telemetry_modules()
    try:
        import openvino  # noqa: PLC0415
    except Exception as error:  # a processor it does not know raises a RuntimeError
        raise ModelError(f"OpenVINO cannot be loaded: {error}", "pip install openvino") from error
    return openvino


def engine_version() -> str:
    """Return OpenVINO's name and version without importing it; ModelError if it is not installed."""
    try:
        return f"openvino {metadata.version('openvino')}"
    except metadata.PackageNotFoundError:
        raise ModelError("OpenVINO is not installed", "pip install openvino") from None
