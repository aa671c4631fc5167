"""Kinds of dirt, laid on clean text cell by cell, so that what each repair should give back is known.

A text is a list of cells, one to a clean character at first. A kind of dirt rewrites what some cells show; a cell that
was dirtied once is left alone by the kinds after it. All draw from one seeded generator.
"""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import opencc
from pypinyin import pinyin

from qa_service.text.fold import lexical_fold

PAIRS = Path(__file__).with_name("noise_pairs.tsv")
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(slots=True)
class Cell:
    """A piece of clean text and what stands for it in the dirty one."""

    clean: str
    shown: str
    kind: str = ""


def cells_of(text: str) -> list[Cell]:
    """Give a clean text, a cell for each character."""
    return [Cell(char, char) for char in text]


def shown(cells: list[Cell]) -> str:
    """Give the dirty text."""
    return "".join(cell.shown for cell in cells)


def is_common(glyph: str) -> bool:
    """Whether a glyph is of GB 2312's first level, the 3,755 characters in common use."""
    try:
        raw = glyph.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(raw) == 2 and 0xB0 <= raw[0] <= 0xD7


@cache
def pairs() -> tuple[tuple[str, str], ...]:
    """Read (glyph, intended); forms that search folds into one anyway, such as traditional ones, are no swaps."""
    found: dict[tuple[str, str], None] = {}
    with PAIRS.open(encoding="utf-8", newline="") as file:
        for intended, glyphs in (row for row in csv.reader(file, delimiter="\t") if not row[0].startswith("#")):
            for glyph in glyphs:
                if lexical_fold(glyph) != lexical_fold(intended):
                    found[glyph, intended] = None
    return tuple(found)


def _glyphs(common: bool) -> Callable[[list[Cell], random.Random, float], None]:
    def lay(cells: list[Cell], rng: random.Random, strength: float) -> None:
        swap([pair for pair in pairs() if is_common(pair[0]) == common], cells, rng, 0.02 * strength)

    return lay


def swap(
    chosen: list[tuple[str, str]], cells: list[Cell], rng: random.Random, share: float, even: bool = False
) -> None:
    """Swap a share of all characters: wherever one of the pairs fits, or spread evenly over the pairs' characters."""
    by_intended: dict[str, list[str]] = {}
    for glyph, intended in chosen:
        by_intended.setdefault(intended, []).append(glyph)
    fitting = [place for place, cell in enumerate(cells) if not cell.kind and cell.clean in by_intended]
    rng.shuffle(fitting)
    if even:
        rounds: Counter[str] = Counter()
        turn = {}
        for place in fitting:
            rounds[cells[place].clean] += 1
            turn[place] = rounds[cells[place].clean]
        fitting.sort(key=turn.__getitem__)
    for place in fitting[: _count(len(cells) * share, rng)]:
        glyph = rng.choice(by_intended[cells[place].clean])
        cells[place].shown, cells[place].kind = glyph, f"glyph {'common' if is_common(glyph) else 'rare'}"


def _count(expected: float, rng: random.Random) -> int:
    return int(expected) + (rng.random() < expected - int(expected))


def lay_pinyin(cells: list[Cell], rng: random.Random, strength: float) -> None:
    """Turn the text traditional, with pinyin in brackets after `strength` times half of the converted characters."""
    convert = opencc.OpenCC("s2t").convert
    for cell in cells:
        if cell.kind or not _HAN.match(cell.clean):
            continue
        traditional = convert(cell.clean)
        if len(traditional) == 1 and traditional != cell.clean:
            glossed = rng.random() < 0.5 * strength
            cell.shown = f"{traditional}({pinyin(cell.clean)[0][0]})" if glossed else traditional
            cell.clean, cell.kind = traditional, "pinyin" if glossed else ""


def lay_spaces(cells: list[Cell], rng: random.Random, strength: float) -> None:
    """Put zero-width characters into 1% of the places, and blanks beside 5% of the marks; search never sees these."""
    for cell, following in pairwise(cells):
        if cell.kind or following.kind:
            continue
        if cell.clean in "，。、；" and rng.random() < 0.05 * strength:
            cell.clean = cell.shown = cell.clean + rng.choice(["\u3000", "  "])
        elif _HAN.match(cell.clean) and _HAN.match(following.clean) and rng.random() < 0.01 * strength:
            cell.shown, cell.kind = cell.clean + rng.choice("\u200b\ufeff\u00ad\u2060"), "space"


def lay_doubles(cells: list[Cell], rng: random.Random, strength: float) -> None:
    """Write 0.3% of the characters twice."""
    for cell in cells:
        if not cell.kind and _HAN.match(cell.clean) and rng.random() < 0.003 * strength:
            cell.shown, cell.kind = cell.clean * 2, "doubled"


def lay_welds(cells: list[Cell], rng: random.Random, strength: float) -> None:
    """Lose 30% of the full stops within a paragraph."""
    for cell in cells[:-1]:
        if not cell.kind and cell.clean == "。" and rng.random() < 0.3 * strength:
            cell.shown, cell.kind = "", "welded"


def lay_markup(cells: list[Cell], rng: random.Random, strength: float) -> None:
    """Leave entities for 20% of the quotation marks, and tags after 3% of the other marks."""
    entities = {"“": "&ldquo;", "”": "&rdquo;", "·": "&middot;", "《": "&#12298;", "》": "&#x300B;"}
    for cell in cells:
        if cell.kind:
            continue
        if cell.clean in entities and rng.random() < 0.2 * strength:
            cell.shown, cell.kind = entities[cell.clean], "markup"
        elif cell.clean in "，。、；" and rng.random() < 0.03 * strength:
            tag = rng.choice(["</span>", "<b>", "&nbsp;", "</strong>", '<a href="/x.html">', "/p>"])
            clean = cell.clean + (" " if tag == "&nbsp;" else "")
            cell.clean, cell.shown, cell.kind = clean.strip(), cell.clean + tag, "markup"


def lay_mojibake(cells: list[Cell], rng: random.Random, strength: float) -> None:
    """Decode 1% of the text wrongly, in runs of 6 to 20 characters."""
    ways = [("utf-8", "latin-1"), ("gbk", "latin-1"), ("utf-8", "gbk")]
    for _ in range(_count(len(cells) * 0.01 * strength / 13, rng)):
        length = rng.randrange(6, 21)
        start = rng.randrange(max(1, len(cells) - length))
        run = cells[start : start + length]
        true, wrong = rng.choice(ways)
        clean = "".join(cell.clean for cell in run)
        try:
            dirty = clean.encode(true).decode(wrong)
        except UnicodeError:
            continue
        if all(not cell.kind and _HAN.match(cell.clean) for cell in run):
            cells[start : start + length] = [Cell(clean, dirty, "mojibake")]


Lay = Callable[[list[Cell], random.Random, float], None]
KINDS: Mapping[str, Lay] = {
    "mojibake": lay_mojibake,
    "glyph rare": _glyphs(common=False),
    "glyph common": _glyphs(common=True),
    "doubled": lay_doubles,
    "welded": lay_welds,
    "markup": lay_markup,
    "space": lay_spaces,
    "pinyin": lay_pinyin,
}
"""By name; strength 1 is about what the worst page of its kind shows."""


def dirty(text: str, kinds: list[str], strength: float, seed: str) -> list[Cell]:
    """Dirty a text with the kinds given, in the order of `KINDS`; the same seed gives the same dirt."""
    rng = random.Random(seed)
    cells = cells_of(text)
    for name, lay in KINDS.items():
        if name in kinds:
            lay(cells, rng, strength)
    return cells
