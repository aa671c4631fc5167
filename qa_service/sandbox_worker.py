"""The process behind `sandbox`: reads requests from its standard input until that closes."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from qa_service.errors import Rejected
from qa_service.sandbox import read_frame, write_frame

try:
    import resource
except ImportError:  # Windows has no such limits; there only the clock bounds a call.
    resource = None  # type: ignore[assignment]

_CALLS = 2_000
_MOST_MEMORY_KEPT = 512 * 1024 * 1024
_MOST_REPLY_BYTES = 512 * 1024 * 1024
_SPLIT = "split it, or send its text"


def main() -> None:
    """Serve requests; the arguments are the processor seconds of a call and the bytes of memory."""
    cpu_seconds, memory_bytes = int(sys.argv[1]), int(sys.argv[2])
    # What a library prints must not end up among the replies.
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    # An interrupt typed at the terminal reaches every process of it; the one that asked decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit("RLIMIT_AS", memory_bytes)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    write_frame(replies, b"ready")
    replies.flush()
    for served in range(1, _CALLS + 1):
        request, content = read_frame(requests), read_frame(requests)
        if request is None or content is None:
            return
        _limit("RLIMIT_CPU", int(time.process_time()) + cpu_seconds)
        reply = answer(json.loads(request), content)
        del request, content
        reply["retire"] = served == _CALLS or _memory() > _MOST_MEMORY_KEPT
        write_frame(replies, _encoded(reply))
        replies.flush()


def answer(request: dict[str, object], content: bytes) -> dict[str, object]:
    """Run one request; whatever goes wrong with the content becomes a refusal."""
    arguments = request["arguments"]
    assert isinstance(arguments, dict)
    try:
        return {"result": _function(str(request["function"]))(content, **arguments)}
    except Rejected as error:
        refusal = error
    except MemoryError:
        refusal = Rejected("reading it needs too much memory", remedy=_SPLIT)
    except RecursionError:
        refusal = Rejected("it is nested too deeply", remedy="send its text")
    except Exception as error:
        refusal = Rejected(f"it is damaged or malformed ({type(error).__name__})", remedy="repair it, or send its text")
    return {"rejected": {"detail": refusal.detail, "field": refusal.field, "remedy": refusal.remedy}}


def _encoded(reply: dict[str, object]) -> bytes:
    data = json.dumps(reply).encode()
    if len(data) <= _MOST_REPLY_BYTES:
        return data
    refusal = {"detail": f"its text is over {_MOST_REPLY_BYTES:,} bytes", "field": None, "remedy": _SPLIT}
    return json.dumps({"rejected": refusal, "retire": True}).encode()


def _function(name: str) -> Callable[..., dict[str, object]]:
    module, _, attribute = name.partition(":")
    found: Callable[..., dict[str, object]] = getattr(importlib.import_module(module), attribute)
    return found


def _limit(name: str, value: int) -> None:
    """Set the soft limit, where the system knows it and allows it."""
    if resource is not None:
        with contextlib.suppress(AttributeError, ValueError, OSError):
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _memory() -> int:
    """Give the memory this process holds in bytes, 0 where the system does not tell.

    Not the peak that `getrusage` gives: that one starts at the size of the process which started this one.
    """
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
