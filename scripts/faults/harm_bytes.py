"""One corrupt byte: in every kind of file of the data directory, and in chosen fields of the catalogue."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from harm_case import Case, Outcome
from harm_template import Template
from made_articles import Made


def in_every_kind(template: Template, directory: Path, rng: random.Random, places: int) -> Iterator[Outcome]:
    """Alter a byte of a file of each kind: near its start, near its end, and between."""
    kinds: defaultdict[str, list[Path]] = defaultdict(list)
    current = _in_use(template.data)
    for root in (template.data, template.cache):
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.stat().st_size and not path.name.endswith(".lock") and _counts(path, current):
                kinds[_kind(path.relative_to(template.root))].append(path)
    for kind, paths in sorted(kinds.items()):
        for place in range(places):
            path = rng.choice(paths)
            offset = _offset(path.stat().st_size, place, places, rng)
            yield one_byte(template, directory, path.relative_to(template.root), offset, rng, kind)


def in_fields(template: Template, directory: Path, rng: random.Random) -> Iterator[Outcome]:
    """Alter a byte within a field of the catalogue that is shown or decides what is shown."""
    plain, site, job = Made("plain-3", 0), Made("site-2", 0), Made("job-1", 0)
    fields = {
        "text of an article": plain.code.encode(),
        "title of an article": plain.title.encode(),
        "URL of an article": str(site.url).encode(),
        "id of an article": b"plain-3",
        "text of a waiting job": job.code.encode(),
        "title of a waiting job": json.dumps(job.title)[1:-1].encode(),
        "a word of the statistics": plain.word.encode(),
    }
    for name, wanted in fields.items():
        for in_wal in (False, True):
            model = template.copied(directory)
            path = directory / "data" / ("catalog.sqlite3-wal" if in_wal else "catalog.sqlite3")
            if not in_wal:
                _checkpoint(path)
            found = [one.start() for one in re.finditer(re.escape(wanted), path.read_bytes())]
            if not found:
                shutil.rmtree(directory)
                continue
            offset = rng.choice(found) + len(wanted) // 2
            outcome = _altered(path, offset, rng, f"{name} ({path.name})")
            yield Case(directory, model, template.data, rng).examine(outcome)


def _checkpoint(catalogue: Path) -> None:
    """Have the catalogue hold all itself: what its WAL holds too is read from there."""
    connection = sqlite3.connect(catalogue)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def one_byte(template: Template, directory: Path, name: Path, offset: int, rng: random.Random, where: str) -> Outcome:
    """Alter one bit or all bits of a byte in a copy, and examine that."""
    model = template.copied(directory)
    outcome = _altered(directory / name, offset, rng, where)
    return Case(directory, model, template.data, rng).examine(outcome)


def _altered(path: Path, offset: int, rng: random.Random, where: str) -> Outcome:
    data = bytearray(path.read_bytes())
    data[offset] ^= rng.choice((0x01, 0x04, 0x20, 0xFF))
    path.write_bytes(data)
    return Outcome("a corrupt byte", f"{where} at {offset:,} of {len(data):,}")


def _in_use(data: Path) -> set[str]:
    """Name the files of the generations that are open: others are there for readers that just open them."""
    names = set()
    for current in data.glob("indexes/*/CURRENT"):
        manifest = current.read_text().split()[0]
        raw = json.loads((current.parent / manifest).read_bytes())
        found = {manifest, raw["delta"]["name"], "CURRENT"} | ({raw["base"]["directory"]} if raw["base"] else set())
        names |= {f"{current.parent.name}/{name}" for name in found}
    return names


def _counts(path: Path, current: set[str]) -> bool:
    if "indexes" not in path.parts:
        return True
    place = path.parts.index("indexes")
    return "/".join(path.parts[place + 1 : place + 3]) in current


def _kind(path: Path) -> str:
    """Name a file's kind: its path without what differs among those of one kind."""
    text = re.sub(r"[0-9a-f]{32}", "#", str(path))
    text = re.sub(r"base-[^/]*", "base", text)
    return re.sub(r"\d[\dT-]*", "#", text.replace("sqlite3", "sqlite"))


def _offset(size: int, place: int, places: int, rng: random.Random) -> int:
    if place == 0:
        return rng.randrange(min(size, 64))
    if place == places - 1:
        return size - 1 - rng.randrange(min(size, 64))
    return rng.randrange(size)
