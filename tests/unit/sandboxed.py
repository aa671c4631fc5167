"""What the tests of the sandbox run in it."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path

from qa_service.errors import Rejected


def echo(content: bytes, note: str | None) -> dict[str, object]:
    return {"length": len(content), "start": content[:20].decode("latin-1"), "note": note, "pid": os.getpid()}


def misbehave(content: bytes, how: str) -> dict[str, object]:
    actions = {
        "refuse": _refuse,
        "raise": lambda: 1 // 0,
        "recurse": _recurse,
        "hoard": lambda: bytearray(8 * 1024**3),
        "spin": _spin,
        "sleep": lambda: time.sleep(600),
        "crash": lambda: ctypes.string_at(0),
        "exit": lambda: os._exit(3),
        "write": lambda: Path(content.decode()).write_bytes(b"x" * 100),
        "print": lambda: (print("noise", flush=True), sys.stderr.write("noise"), os.write(1, b"noise")),
    }
    actions[how]()
    return {"done": how}


def _refuse() -> None:
    raise Rejected("no", field="f", remedy="r")


def _recurse() -> None:
    _recurse()


def _spin() -> None:
    while True:
        pass
