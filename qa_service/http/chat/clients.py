"""What is known of the client at the other end: whether it is still there, and how it shows sources."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# Functions that Open WebUI offers to a model by itself with every question typed in its page.
_OPEN_WEBUI_TOOLS = {"get_current_timestamp", "calculate_timestamp"}


def gone_check(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """Give a function that tells whether the client of a request has closed the connection; never, where unknown."""
    connection = environ.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        return lambda: False

    def is_gone() -> bool:
        try:
            # Not select.select, which knows no descriptor above 1023: a thousand idle connections have all below.
            events = select.poll()
            events.register(connection, select.POLLIN)
            # A connection that is readable and has nothing to read has been closed.
            return bool(events.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
        except (BlockingIOError, InterruptedError):
            return False
        except (OSError, ValueError):
            return True

    return is_gone


def is_open_webui(tools: Sequence[object] | None) -> bool:
    """Tell Open WebUI by the functions it offers; its page shows sources from events alone as they are meant."""
    names = set()
    for tool in tools or ():
        function = tool.get("function") if isinstance(tool, Mapping) else None
        name = function.get("name") if isinstance(function, Mapping) else None
        if isinstance(name, str):
            names.add(name)
    return names >= _OPEN_WEBUI_TOOLS
