"""Runs every target of the fuzzer in a process of its own: what reads harmed files natively may end or harm it."""

from __future__ import annotations

import json
import random

from mutating import Mutator
from targets import Target, all_targets, signature

CHANGES = 40


def outcomes_of(target: Target) -> tuple[list[str], list[str]]:
    """Give what a target says to its good inputs, and to some changed ones; a broken promise by its signature."""
    mutator = Mutator(list(target.seeds()), target.words, random.Random(11), 2000)
    good = [_said(target, seed) for seed in target.seeds()]
    return good, [_said(target, mutator.next()) for _ in range(CHANGES)]


def _said(target: Target, data: bytes) -> str:
    try:
        return target.check(data)
    except Exception as error:
        return signature(error)


def main() -> None:
    """Write a line of JSON for each target as soon as it is done."""
    for name, target in all_targets().items():
        print(json.dumps([name, *outcomes_of(target)]), flush=True)


if __name__ == "__main__":
    main()
