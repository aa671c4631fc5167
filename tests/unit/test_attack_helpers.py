"""What attacks the service does attack it: targets take good inputs, changes change, hard inputs are hard."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import patterns
import pytest
import regex
from mutating import Mutator
from targets import REFUSED, TAKEN, Broken, Target, all_targets, ours, promise, signature

from tests.unit.attack_targets import CHANGES

ROOT = Path(__file__).parents[2]
TARGETS = all_targets()
LEAST_PATTERNS = 200


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[list[str], list[str]]]:
    """Run all targets in one process of their own; give what each said to good inputs and to changed ones."""
    paths = os.pathsep.join(str(one) for one in (ROOT, ROOT / "scripts" / "attack"))
    child = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "unit" / "attack_targets.py")],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in child.stdout.splitlines()]
    assert child.returncode == 0, f"after {[line[0] for line in lines][-1:]}: {child.stderr[-2000:]}"
    return {name: (good, changed) for name, good, changed in lines}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_target_takes_a_good_input_and_says_so(name: str, said: dict[str, tuple[list[str], list[str]]]) -> None:
    good, _ = said[name]
    assert TAKEN in good
    assert set(good) <= {TAKEN, REFUSED}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_target_survives_some_changes(name: str, said: dict[str, tuple[list[str], list[str]]]) -> None:
    _, changed = said[name]
    assert len(changed) == CHANGES
    assert set(changed) <= {TAKEN, REFUSED}


def test_changes_are_the_same_for_the_same_chance_and_reach_far() -> None:
    def some(seed: int) -> list[bytes]:
        mutator = Mutator([b"seed one", b"the second"], [b"<word>"], random.Random(seed), 100)
        return [mutator.next() for _ in range(200)]

    assert some(1) == some(1)
    assert some(1) != some(2)
    made = some(1)
    assert len(set(made)) > 150
    assert all(len(data) <= 100 for data in made)
    assert any(b"<word>" in data for data in made)


def test_a_broken_promise_is_named_by_what_was_promised() -> None:
    def check(_data: bytes) -> str:
        promise(0, "there is one")
        return TAKEN

    target = Target("x", list, check)
    with pytest.raises(Broken) as caught:
        target.check(b"")
    assert "there is one" in signature(caught.value)
    assert not ours(caught.value)


def test_a_fault_of_the_project_is_told_from_one_of_a_library() -> None:
    from qa_service.text.offsets import MappedText

    with pytest.raises(ValueError, match="no span") as caught:
        MappedText.identity("a").to_source(0, 5)
    assert ours(caught.value)
    assert signature(caught.value).startswith("ValueError offsets.py:")
    with pytest.raises(ValueError, match="invalid literal") as foreign:
        int("x")
    assert not ours(foreign.value)


def test_the_patterns_of_the_package_are_found() -> None:
    found = patterns.patterns()
    assert len(found) > LEAST_PATTERNS
    sources = {one.pattern.pattern for one in found}
    assert "[A-Za-z0-9][A-Za-z0-9._-]{0,63}" in sources
    assert any(isinstance(source, bytes) for source in sources)
    assert any(isinstance(one.pattern, regex.Pattern) for one in found)


@pytest.mark.parametrize("source", [r"(a+)+$", r"\s+x", "(?:字|[字的])*。"])
def test_inputs_are_made_of_what_a_pattern_speaks_of(source: str) -> None:
    pieces = list(patterns.pieces(re.compile(source)))
    assert pieces
    wanted = {"(a+)+$": "a", r"\s+x": " ", "(?:字|[字的])*。": "字的"}[source]
    assert wanted in pieces


def test_a_pattern_that_backtracks_without_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_GIVE_UP_SECONDS", 0.5)
    timed = patterns.slowest(patterns.Found("here", re.compile("(?:a|a)+b")), 40)
    assert timed.piece.startswith("a")
    assert timed.once_s >= 0.5


def test_scripts_say_how_they_are_used() -> None:
    folder = ROOT / "scripts" / "attack"
    for path in folder.iterdir():
        text = path.read_text("utf-8")
        if text.startswith("#!"):
            assert path.stat().st_mode & 0o100, path
            assert f"{path.name}" in text.split('"""')[1] if path.suffix == ".py" else path.name in text, path
