#!/usr/bin/env python3
"""Measure what the repair gives back of text dirtied on purpose.

Usage: python scripts/bench/noise.py FILE... [--strengths 0.5,1,2] [--kinds NAME,...] [--seed N] [--limit N]
           [--retrieval [--questions N] [--unrepaired NAME,...]] [--hold-out] [--changes OUT]

FILE is a set in SQuAD layout. Each paragraph is dirtied with every kind of noise_kinds.py and with all together, at
each strength, and repaired. Printed: characters dirtied, precision (of the characters changed, how many then stand as
in the clean text) and recall (of the characters dirtied, how many do), MB/s of CPU time. First comes what the repair
changes in the set as it is; dirt is then laid on the outcome, so that dirt of the set's own counts neither for nor
against.
--hold-out drops every row that names both characters of a seeded third of the glyph pairs from the tables that the
repair reads, and measures the glyph step alone on that third and on all pairs.
--retrieval prints nDCG@10 of the clean set, and of the dirty one without and with repair.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import platformdirs
from noise_kinds import KINDS, Cell, cells_of, dirty, pairs, shown, swap

from qa_service.evaluation.squad import load_squad
from qa_service.text.repair import Repaired, load_repairer
from qa_service.text.repair.glyphs.step import GlyphRepair
from qa_service.text.repair.glyphs.tables import Tables
from qa_service.text.repair.glyphs.words import load_words

Item = TypeVar("Item")
CACHE = Path(platformdirs.user_cache_path("qa-service"))


@dataclass
class Tally:
    """Characters dirtied, changed, and brought back to what they were; `wrong` has the changes that were not right."""

    dirtied: int = 0
    changed: int = 0
    right: int = 0
    back: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    back_by_kind: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    size: int = 0
    seconds: float = 0.0

    @property
    def precision(self) -> float:
        return self.right / self.changed if self.changed else 1.0

    @property
    def recall(self) -> float:
        return self.back / self.dirtied if self.dirtied else 1.0


def outputs(cells: list[Cell], repaired: Repaired) -> list[str]:
    """Give what the repair left in each cell's place."""
    mapped = repaired.mapped
    if mapped.starts is None or mapped.ends is None:
        found = iter(mapped.text)
        return ["".join(next(found) for _ in cell.shown) for cell in cells]
    owner: list[int] = []
    empty: dict[int, int] = {}
    for number, cell in enumerate(cells):
        if not cell.shown:
            empty[len(owner)] = number
        owner.extend([number] * len(cell.shown))
    result = [""] * len(cells)
    for char, start, end in zip(mapped.text, mapped.starts.tolist(), mapped.ends.tolist(), strict=True):
        if start < end:
            result[owner[start]] += char
        else:
            result[empty[end] if end in empty else owner[max(0, end - 1)]] += char
    return result


def count(tally: Tally, cells: list[Cell], repaired: Repaired) -> None:
    """Compare cell by cell."""
    for number, (cell, output) in enumerate(zip(cells, outputs(cells, repaired), strict=True)):
        size = max(1, len(cell.clean))
        if cell.kind:
            tally.dirtied += size
            tally.by_kind[cell.kind] += size
            if output == cell.clean:
                tally.back += size
                tally.back_by_kind[cell.kind] += size
        if output != cell.shown:
            tally.changed += size
            if output == cell.clean:
                tally.right += size
            else:
                around = shown(cells[max(0, number - 6) : number + 7])
                tally.wrong.append(f"{cell.kind or 'clean'}\t{around}\t{cell.shown} -> {output} not {cell.clean}")


def measure(texts: list[str], lay: Callable[[str, int], list[Cell]], repair: Callable[[str], Repaired]) -> Tally:
    """Dirty, repair and count every text."""
    tally = Tally()
    for number, text in enumerate(texts):
        cells = lay(text, number)
        dirty_text = shown(cells)
        started = time.process_time()
        repaired = repair(dirty_text)
        tally.seconds += time.process_time() - started
        tally.size += len(dirty_text.encode())
        count(tally, cells, repaired)
    return tally


def held_out(texts: list[str], seed: int, share: float) -> None:
    """Measure on a third of the pairs, unlinked in every table."""
    every = list(pairs())
    third = sorted(random.Random(seed).sample(every, len(every) // 3))
    words = load_words(CACHE)
    step = GlyphRepair(words, Tables(words, third))

    def repair(text: str) -> Repaired:
        outcome = step(text)
        return Repaired(outcome.mapped, outcome.changes)

    for name, chosen in (("the third left out", third), ("all pairs", every)):

        def lay(text: str, number: int, chosen: list[tuple[str, str]] = chosen) -> list[Cell]:
            cells = cells_of(text)
            swap(chosen, cells, random.Random(f"{seed} {number}"), share)
            return cells

        report(f"glyphs, {name} ({len(chosen)})", "2%", measure(texts, lay, repair))


def report(name: str, strength: str, tally: Tally) -> None:
    """Print one line of figures."""
    took = f"{tally.size / max(tally.seconds, 1e-9) / 1e6:7.3f} MB/s"
    figures = f"{tally.dirtied:7} {tally.changed:7} {tally.precision:9.4f} {tally.recall:7.4f}"
    print(f"{name:34} {strength:>5} {figures} {took}", flush=True)
    if len(tally.by_kind) > 1:
        parts = (f"{kind} {tally.back_by_kind[kind] / size:.3f}" for kind, size in sorted(tally.by_kind.items()))
        print("    recall by kind:", ", ".join(parts), flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--strengths", default="0.5,1,2")
    parser.add_argument("--kinds", default=",".join([*KINDS, "all"]))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--limit", type=int, help="only so many paragraphs of each file, spread evenly")
    parser.add_argument("--hold-out", action="store_true")
    parser.add_argument("--retrieval", action="store_true")
    parser.add_argument("--questions", type=int, help="ask only so many questions of each file, spread evenly")
    parser.add_argument("--unrepaired", metavar="NAMES", help="kinds also ranked without repair; by default all")
    parser.add_argument("--changes", type=Path, help="write every wrong change, and every one in clean text, here")
    return parser.parse_args()


def spread(items: list[Item], limit: int | None) -> list[Item]:
    """Take so many items, spread evenly; all without a limit."""
    step = max(1, len(items) // limit) if limit else 1
    return items[::step][:limit]


def clean_run(texts: list[str], repair: Callable[[str], Repaired]) -> list[str]:
    """Repair the clean text; give one line for each change."""
    started = time.process_time()
    size = changed = 0
    lines: list[str] = []
    for text in texts:
        size += len(text)
        for change in repair(text).changes:
            changed += max(1, change.end - change.start)
            around = (
                f"{text[max(0, change.start - 10) : change.start]}[{change.before}]{text[change.end : change.end + 10]}"
            )
            what = f"{change.before!r} -> {change.after!r}"
            lines.append(f"clean\t{change.kind}\t{around!r}\t{what}\t{change.reason}")
    seconds = time.process_time() - started
    rate = sum(len(text.encode()) for text in texts) / seconds / 1e6
    print(f"clean: {changed} of {size} characters changed, {changed / size * 1e4:.2f} in 10,000; {rate:.2f} MB/s")
    return lines


def run(path: Path, options: argparse.Namespace) -> Iterable[str]:
    """Measure a set; yield a line for each change worth judging."""
    dataset = load_squad(path)
    ranked = replace(dataset, questions=tuple(spread(list(dataset.questions), options.questions)))
    texts = spread([article.content.decode() for article in dataset.articles], options.limit)
    repair = load_repairer(CACHE)
    print(f"{path.name}: {len(texts)} paragraphs, {sum(map(len, texts))} characters; {len(pairs())} glyph pairs")
    yield from clean_run(texts, repair)
    texts = [repair(text).mapped.text for text in texts]
    print(f"{'noise':34} {'str.':>5} {'dirtied':>7} {'changed':>7} {'precision':>9} {'recall':>7}")
    for strength in map(float, options.strengths.split(",")):
        for name in options.kinds.split(","):
            kinds = list(KINDS) if name == "all" else [name]

            def lay(text: str, number: int, kinds: list[str] = kinds, strength: float = strength) -> list[Cell]:
                return dirty(text, kinds, strength, f"{options.seed} {number}")

            tally = measure(texts, lay, repair)
            report(name, f"{strength:g}", tally)
            yield from (f"{name} {strength:g}\t{line}" for line in tally.wrong)
            if options.retrieval:
                # Needs the whole service and its model; the repair alone does not.
                from noise_retrieval import retrieval  # noqa: PLC0415

                unrepaired = options.unrepaired is None or name in options.unrepaired.split(",")
                retrieval(ranked, kinds, strength, options.seed, without=unrepaired)
    if options.hold_out:
        held_out(texts, options.seed, 0.02)


def main() -> None:
    """Measure every file."""
    options = arguments()
    lines = [line for path in options.files for line in run(path, options)]
    if options.changes:
        options.changes.write_text("".join(line.replace("\n", "\\n") + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
