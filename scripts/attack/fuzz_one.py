#!/usr/bin/env python
"""Fuzzes one target in this process until the time is over; `fuzz.py` starts it.

    fuzz_one.py TARGET --seconds N --folder DIR [--blind]

With atheris, inputs are changed so that they reach code that none before did; blindly, by chance alone. An input that
makes the target raise is kept once for each place it raises at, and the rest goes on; one that crashes, hangs or eats
all memory ends the process, and is kept too.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from mutating import Mutator  # noqa: E402
from targets import TAKEN, Target, all_targets, signature  # noqa: E402

HANG_SECONDS = 25
MOST_BYTES = 4096
MEMORY_MIB = 3072
_NOTE_EVERY = 2.0


class Hung(BaseException):
    """An input took too long; no handler of ordinary errors stops it."""


class Run:
    """Counts what became of inputs, and keeps those that fail."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target, self._folder = target, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._note = folder / "run.json"
        self._began = self._noted = time.monotonic()
        self.inputs = self.taken = 0
        self.slowest = 0.0
        self.warm = False
        self.failures: dict[str, int] = {}

    def one(self, data: bytes) -> None:
        """Check an input."""
        began = time.monotonic()
        try:
            self.taken += self._target.check(data) == TAKEN
        except (KeyboardInterrupt, Hung):
            raise
        except BaseException as error:  # panics of native code are no Exception
            self._keep(data, signature(error), repr(error))
        ended = time.monotonic()
        self.inputs += 1
        if self.warm and ended - began > self.slowest:
            self.slowest = ended - began
            (self._folder / "slowest").write_bytes(data)
        if ended - self._noted > _NOTE_EVERY:
            self._noted = ended
            self.note()

    def note(self) -> None:
        """Write down how far it is."""
        facts = {
            "inputs": self.inputs,
            "taken": self.taken,
            "seconds": time.monotonic() - self._began,
            "slowest_s": self.slowest,
            "failures": self.failures,
        }
        draft = self._note.with_suffix(".draft")
        draft.write_text(json.dumps(facts, ensure_ascii=False, indent=1))
        draft.replace(self._note)

    def _keep(self, data: bytes, name: str, shown: str) -> None:
        if name not in self.failures:
            stem = "raises-" + hashlib.sha256(name.encode()).hexdigest()[:12]
            (self._folder / stem).write_bytes(data)
            (self._folder / f"{stem}.txt").write_text(f"{name}\n{shown[:2000]}\n", errors="replace")
        self.failures[name] = self.failures.get(name, 0) + 1
        self.note()


def main() -> None:
    """Fuzz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--blind", action="store_true")
    options = parser.parse_args()
    if options.blind or importlib.util.find_spec("atheris") is None:
        _blindly(options)
    _guided(options)


def _guided(options: argparse.Namespace) -> NoReturn:
    import atheris  # noqa: PLC0415

    with atheris.instrument_imports(include=["qa_service", "embeddings"]):
        target = all_targets()[options.target]
    run = Run(target, options.folder)
    corpus = options.folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for seed in target.seeds():
        # What is loaded at the first use is no part of the time of an input.
        run.one(seed)
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    arguments = [
        *(f"-max_total_time={options.seconds}", f"-max_len={MOST_BYTES}", f"-timeout={HANG_SECONDS}"),
        *(
            f"-rss_limit_mb={MEMORY_MIB}",
            f"-artifact_prefix={options.folder}/",
            "-print_final_stats=1",
            "-len_control=0",
        ),
    ]
    if target.words:
        words = options.folder / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
        arguments.append(f"-dict={words}")
    run.warm = True
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], run.one)
    atheris.Fuzz()
    raise SystemExit(0)


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _blindly(options: argparse.Namespace) -> NoReturn:
    target = all_targets()[options.target]
    run = Run(target, options.folder)
    for seed in target.seeds():
        run.one(seed)
    run.warm = True
    mutator = Mutator(list(target.seeds()), target.words, random.Random(time.time_ns()), MOST_BYTES)

    def late(_number: int, _frame: FrameType | None) -> None:
        raise Hung

    signal.signal(signal.SIGALRM, late)
    current = options.folder / "current"
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        data = mutator.next()
        # What ends the process leaves its input behind.
        current.write_bytes(data)
        signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
        try:
            run.one(data)
        except Hung:
            current.rename(options.folder / f"timeout-{hashlib.sha256(data).hexdigest()[:16]}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    with contextlib.suppress(FileNotFoundError):
        current.unlink()
    run.note()
    # Native libraries that read damaged files need not end well.
    os._exit(0)


if __name__ == "__main__":
    main()
