#!/usr/bin/env python
"""Lists the licence of every package that scripts/constraints.txt pins, and refuses one that is not allowed.

    scripts/deploy/licences.py [--write] [--constraints FILE]

Reads the metadata of the installed packages. `--write` makes LICENCES.md beside this file anew. Exit code 1 when a
package has a licence that is not allowed or not known, or is not installed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
CONSTRAINTS = HERE.parent / "constraints.txt"
LISTED = HERE / "LICENCES.md"
PYPROJECT = HERE.parents[1] / "pyproject.toml"
SERVING = ("bundled-model", "formats", "mcp", "otel")
"""Extras that a service is installed with; what only the others need is for tests."""

ALLOWED = frozenset(
    (
        *("0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0"),
        *("CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Unlicense", "Zlib"),
        # Copyleft of the file, not of what uses it: nothing of theirs is altered here.
        *("MPL-1.1", "MPL-2.0"),
    )
)
"""SPDX identifiers, and BSD for one that does not say which of the BSD licences it is."""

AS_A_LIBRARY: Mapping[str, str] = {
    # Of an extra; imported as it is, so that whoever installs it can put another version in its place.
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
}
"""Packages whose licence is allowed for a library that is used unaltered, of these packages alone."""

KNOWN: Mapping[str, str] = {
    # No licence in the metadata; the file LICENSE in the package is the MIT licence.
    "axe-playwright-python": "MIT",
    # Its metadata names two; its file LICENSE.txt is the MIT licence.
    "dirtyjson": "MIT",
    # No licence in the metadata; its file LICENSE is the MIT licence.
    "promql-parser": "MIT",
    # Its metadata has the whole text, which is the three-clause BSD licence.
    "scipy": "BSD-3-Clause",
}
"""Packages whose metadata does not say it, and where it was read instead."""

_WORDED = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd license": "BSD",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "the bsd 2-clause license": "BSD-2-Clause",
}
_PREFIXES = re.compile(r"^(?:License :: )?(?:OSI Approved :: )?")
_PIN = re.compile(r"([A-Za-z0-9._-]+)==(\S+)")


class Described(Protocol):
    """The part of a package's metadata that is read here."""

    def get(self, name: str) -> str | None:
        """Give a header, None without it."""

    def get_all(self, name: str) -> list[str] | None:
        """Give a header that may stand several times."""


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned package; `licence` is None where it is not installed or does not say."""

    name: str
    version: str
    licence: str | None
    serves: bool

    @property
    def problem(self) -> str | None:
        """Say what is wrong with it, if anything."""
        if self.licence is None:
            return f"{self.name}: no licence is known; is it installed? If it is, read its files and add it to KNOWN"
        allowed = is_allowed(self.licence) or AS_A_LIBRARY.get(self.name) == self.licence
        return None if allowed else f"{self.name}: {self.licence} is not an allowed licence"


def pins(text: str) -> list[tuple[str, str]]:
    """Read the (name, version) pairs of a constraints file."""
    return [(found[1], found[2]) for line in text.splitlines() if (found := _PIN.match(line))]


def licence_of(name: str, described: Described) -> str | None:
    """Find the licence that a package's metadata states: an SPDX expression, a wording that is known, a classifier."""
    expression = described.get("License-Expression")
    if expression:
        return expression
    if known := KNOWN.get(canonicalize_name(name)):
        return known
    # Some give the whole text there, with its name in the first line.
    worded = _worded(next(iter((described.get("License") or "").strip().splitlines()), ""))
    if worded is not None and worded != "BSD":
        return worded
    classified = {_worded(one) for one in described.get_all("Classifier") or () if one.startswith("License :: ")}
    if len(classified) == 1:
        return classified.pop() or worded
    return worded


def is_allowed(expression: str) -> bool:
    """Tell whether an SPDX expression can be met with allowed licences: of OR one side, of AND both."""
    tokens = re.findall(r"\(|\)|[^\s()]+(?:\s+WITH\s+[^\s()]+)?", expression)
    place = 0

    def one() -> bool:
        nonlocal place
        token = tokens[place] if place < len(tokens) else ""
        place += 1
        if token != "(":
            return re.sub(r"\s+", " ", token) in ALLOWED
        inside = either()
        place += 1
        return inside

    def both() -> bool:
        nonlocal place
        met = one()
        while place < len(tokens) and tokens[place].upper() == "AND":
            place += 1
            met = one() and met
        return met

    def either() -> bool:
        nonlocal place
        met = both()
        while place < len(tokens) and tokens[place].upper() == "OR":
            place += 1
            met = both() or met
        return met

    met = either()
    return met and place == len(tokens)


def needed(extras: Iterable[str], pyproject: Path = PYPROJECT) -> set[str]:
    """Collect the canonical names of what the project needs with some extras, and what that needs in turn."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    optional: Mapping[str, list[str]] = project["optional-dependencies"]
    waiting = [(project["name"], frozenset(extras))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        if name == project["name"]:
            lines = [*project["dependencies"], *(line for extra in wanted for line in optional.get(extra, []))]
        else:
            lines = _requires(name)
        for requirement in map(Requirement, lines):
            environments = [{**default_environment(), "extra": extra} for extra in (*wanted, "")]
            if requirement.marker is None or any(requirement.marker.evaluate(one) for one in environments):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {name for name, _ in seen} - {project["name"]}


def _requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def packages(constraints: str) -> list[Package]:
    """Describe every pinned package, in the order of the pins."""
    serving = needed(SERVING)
    found = []
    for name, version in pins(constraints):
        try:
            licence = licence_of(name, metadata.metadata(name))
        except metadata.PackageNotFoundError:
            licence = None
        found.append(Package(name, version, licence, canonicalize_name(name) in serving))
    return found


def as_markdown(listed: Sequence[Package]) -> str:
    """Write the list as a page."""
    lines = [
        "# Licences of the packages that are installed with qa-service",
        "",
        "Made by `scripts/deploy/licences.py --write` from the packages' own metadata; `scripts/test` checks it.",
        "The default model, intfloat/multilingual-e5-small, is MIT.",
    ]
    for serves, title in ((True, "To serve"), (False, "To test only")):
        rows = [f"| {one.name} | {one.version} | {one.licence} |" for one in listed if one.serves is serves]
        lines += ["", f"## {title}", "", "| package | version | licence |", "|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the licences, write the list where that is asked for, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--constraints", type=Path, default=CONSTRAINTS)
    parser.add_argument("--write", action="store_true", help=f"write {LISTED.name}")
    options = parser.parse_args(arguments)
    listed = packages(options.constraints.read_text(encoding="utf-8"))
    problems = [one.problem for one in listed if one.problem]
    for problem in problems:
        print(problem, file=sys.stderr)
    if options.write and not problems:
        LISTED.write_text(as_markdown(listed), encoding="utf-8")
    print(f"{len(listed)} packages, {len(problems)} problems")
    return 1 if problems else 0


def _worded(text: str) -> str | None:
    bare = _PREFIXES.sub("", text).strip()
    if bare in ALLOWED:
        return bare
    if bare.lower() in _WORDED:
        return _WORDED[bare.lower()]
    parts = re.split(r"\s+(?:AND|OR|WITH)\s+", bare)
    return bare if len(parts) > 1 and all(part in ALLOWED for part in parts) else None


if __name__ == "__main__":
    sys.exit(main())
