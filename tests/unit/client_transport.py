"""Connects the Python client to an application without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2


def over(application: Callable[..., Any]) -> httpx2.WSGITransport:
    """Connect to an application directly; a path's bytes reach it as a server would hand them on (PEP 3333)."""

    def served(environ: dict[str, Any], start: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].encode("utf-8").decode("latin-1")
        return application(environ, start)

    return httpx2.WSGITransport(served)
