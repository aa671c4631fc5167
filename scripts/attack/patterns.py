#!/usr/bin/env python
"""Times every compiled regular expression of the package on inputs made to be hard for it.

    scripts/attack/patterns.py [--length 20000] [--limit 0.5] [--out DIR]

For each pattern the characters that it speaks of are repeated, alone, in pairs and after its literal beginnings, and
followed by what does not match. A time that grows with the square of the length, or worse, shows at twice the length.
Ends with exit code 1 when a pattern takes longer than the limit for an input of the length given.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import itertools
import multiprocessing
import pkgutil
import re
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "bench"), str(HERE.parents[1])]

import regex  # noqa: E402
from report import Table, publish  # noqa: E402

PACKAGES = ("qa_service", "embeddings")
NOT_IMPORTED = ("qa_service.__main__",)
BOUNDED = {
    "qa_service.text.furniture": "units of at most 400 characters",
    "qa_service.retrieval.answering": "a passage of at most 480 tokens",
    "qa_service.evaluation": "a sentence, and its owner's own articles",
    "qa_service.text.units._LINE_AFTER": "matched at one place, not searched for",
    "qa_service.http.fields._CONTENT_TYPE": "matched as a whole, not searched for",
    "qa_service.text.extraction.sniff": "the first bytes of a file",
    "qa_service.client": "the address of one's own service",
    "qa_service.http.chat.citations": "the last 2,000 characters of what a generator has said",
}
"""What slow patterns are used on, by the beginning of where they are: those are reported and no findings."""
_GIVE_UP_SECONDS = 10.0
_MOST_PIECES = 14
_COMMON = " \t\n\"'<>&;.-_/=:()[]{}0aA,，。！“”（）一的年月日\u00e9\u0301"
Pattern = re.Pattern[Any] | regex.Pattern


@dataclass(frozen=True, slots=True)
class Found:
    """A pattern and the first place at which it was seen."""

    where: str
    pattern: Any


@dataclass(frozen=True, slots=True)
class Timed:
    """The slowest of a pattern's inputs: seconds at the length and at twice the length."""

    where: str
    source: str
    piece: str
    once_s: float
    twice_s: float


def main() -> int:
    """Find, time and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=20_000, help="characters of an input")
    parser.add_argument("--limit", type=float, default=0.5, help="seconds that a search of one may take")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found = patterns()
    timed = sorted((slowest(one, options.length) for one in found), key=lambda one: -one.once_s)
    slow = [one for one in timed if one.once_s > options.limit and not one.where.startswith(tuple(BOUNDED))]
    columns = ["where", "pattern", "repeated", "seconds", "seconds at twice the length"]
    rows = [[one.where, one.source[:70], one.piece, one.once_s, one.twice_s] for one in timed[: max(20, len(slow))]]
    title = f"The slowest of {len(timed)} patterns, inputs of {options.length:,} characters"
    publish("patterns", {"patterns": len(timed), "over": len(slow)}, [Table(title, columns, rows)], [], options.out)
    print(f"{len(slow)} patterns take over {options.limit} s on inputs of any length")
    return int(bool(slow))


def patterns() -> list[Found]:
    """Give every compiled pattern that a module, a class or a container in one holds, and those in functions."""
    found: dict[tuple[str, int], Found] = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        names = [package, *(one.name for one in pkgutil.walk_packages(module.__path__, f"{package}."))]
        for name in (name for name in names if name not in NOT_IMPORTED):
            loaded = importlib.import_module(name)
            for where, pattern in itertools.chain(_held(vars(loaded), name), _written(loaded)):
                found.setdefault((str(pattern.pattern), pattern.flags), Found(where, pattern))
    return list(found.values())


def _held(value: object, where: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, re.Pattern | regex.Pattern):
        yield where, value
    elif depth < 4 and isinstance(value, dict | types.MappingProxyType):
        for key, inner in list(value.items()):
            if not isinstance(inner, types.ModuleType) and not str(key).startswith("__"):
                yield from _held(inner, f"{where}.{key}", depth + 1)
    elif depth < 4 and isinstance(value, list | tuple | set | frozenset) and len(value) < 500:
        for inner in value:
            yield from _held(inner, where, depth + 1)
    elif depth < 4 and isinstance(value, type) and value.__module__.startswith(PACKAGES):
        yield from _held(vars(value), where, depth + 1)
    elif hasattr(value, "__slots__") and type(value).__module__.startswith(PACKAGES) and depth < 4:
        for slot in type(value).__slots__:
            yield from _held(getattr(value, slot, None), f"{where}.{slot}", depth + 1)


def _written(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """Compile the patterns that stand as texts in calls of re and regex, which no name holds."""
    source = Path(module.__file__ or "").read_text("utf-8") if module.__file__ else ""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        library = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        first = node.args[0]
        if library in ("re", "regex") and isinstance(first, ast.Constant) and isinstance(first.value, str | bytes):
            compile_: Any = re.compile if library == "re" else regex.compile
            # One with named lists is found where it is held.
            with contextlib.suppress(re.error, regex.error):
                yield f"{module.__name__}:{node.lineno}", compile_(first.value)


def slowest(found: Found, length: int) -> Timed:
    """Find the input that is hardest for a pattern, in a process that can be killed.

    A search cannot be left by an exception: one raised by a signal in the midst of it has harmed the interpreter.
    """
    receiving, sending = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_time, args=(found.pattern, length, sending))
    child.start()
    sending.close()
    times: list[tuple[str, float]] = []
    try:
        while receiving.poll(_GIVE_UP_SECONDS + 1):
            piece = receiving.recv()
            seconds = receiving.recv() if receiving.poll(_GIVE_UP_SECONDS) else _GIVE_UP_SECONDS
            times.append((piece, seconds))
            if seconds >= _GIVE_UP_SECONDS:
                break
    except EOFError:
        pass
    finally:
        child.kill()
        child.join()
    source = found.pattern.pattern
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    if times[-1][1] >= _GIVE_UP_SECONDS:
        return Timed(found.where, text, *times[-1], _GIVE_UP_SECONDS)
    # The last is the worst of the others once more, twice as long.
    worst = max(times[:-1], key=lambda one: one[1])
    return Timed(found.where, text, *worst, times[-1][1])


def _time(pattern: Any, length: int, told: Connection) -> None:
    """Tell each piece and the seconds of its input, and of the worst once more at twice the length."""
    is_bytes = isinstance(pattern.pattern, bytes)
    worst, worst_s = "", -1.0
    for piece in pieces(pattern):
        told.send(piece)
        seconds = _seconds(pattern, _input(piece, length, is_bytes))
        told.send(seconds)
        if seconds > worst_s:
            worst, worst_s = piece, seconds
    told.send(worst)
    told.send(_seconds(pattern, _input(worst, 2 * length, is_bytes)))


def pieces(pattern: Any) -> Iterator[str]:
    """Give what a pattern's inputs are made of: what it speaks of, alone, in pairs and after its beginning."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    literal = re.sub(r"\\[a-zA-Z](?:\{[^}]*\})?|[\\^$.*+?{}()\[\]|]", " ", source)
    chars = list(dict.fromkeys(char for char in literal if not char.isspace()))
    # What can match is likelier among the pattern's own characters and the common ones.
    chosen = list(dict.fromkeys([*chars[:_MOST_PIECES], *(char for char in _COMMON)]))
    matching = [char for char in chosen if _touches(pattern, char)] or chosen[:4]
    yield from matching
    yield from (one + other for one, other in itertools.permutations(matching[:_MOST_PIECES], 2))
    words = [word for word in literal.split() if 1 < len(word) <= 20][:_MOST_PIECES]
    yield from words
    yield from (word + char for word in words[:6] for char in matching[:6])


def _touches(pattern: Any, char: str) -> bool:
    text = char.encode("utf-8") if isinstance(pattern.pattern, bytes) else char
    try:
        return any(found is not None for found in (pattern.search(text), pattern.search(text * 3)))
    except (UnicodeError, ValueError):
        return False


def _input(piece: str, length: int, is_bytes: bool) -> str | bytes:
    text = (piece * (length // max(len(piece), 1) + 1))[:length] + "\u0000"
    return text.encode("utf-8") if is_bytes else text


def _seconds(pattern: Any, text: str | bytes) -> float:
    began = time.perf_counter()
    # Every match, as finditer and sub look for them; search alone stops at the first.
    for _ in pattern.finditer(text):
        pass
    pattern.fullmatch(text)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
