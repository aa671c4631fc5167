"""A clock that jumps by months, back and forth, under a running server and between two starts."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from checking import unfinished_jobs, wait_until
from harm_case import Case, Outcome
from harm_disk import NotPossible
from harm_template import Template
from shelves_model import NotAcknowledged
from victims import run_command
from workloads import Scene, mixed, replace_large

JUMPS = (0, -400, 800, -30)
"""Days off at each jump, one after the other."""
BETWEEN_STARTS = -900
WRITES = 12
_DAY_S = 24 * 3600
_SOURCE = Path(__file__).with_name("jumping_clock.c")


def library(directory: Path) -> Path:
    """Compile what is put before the C library. (libfaketime moves the monotonic clock too, or breaks waits by it.)"""
    compiler = shutil.which("cc")
    if compiler is None:
        raise NotPossible("there is no C compiler `cc`")
    made = directory / "jumping_clock.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", made, _SOURCE]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        raise NotPossible(f"jumping_clock.c was not compiled: {said.stderr[-200:]}")
    return made


def jumps(template: Template, directory: Path, rng: random.Random) -> Iterator[Outcome]:
    """Jump while serving, with writes and a rebuild after each, and restart after the last."""
    model = template.copied(directory)
    clock = directory / "clock"
    clock.write_text("0")
    environment = {"LD_PRELOAD": str(library(directory)), "JUMPING_CLOCK": str(clock)}
    case = Case(directory, model, template.data, rng, environment)
    if not case.victim.start():
        raise NotPossible(f"the server did not start: {case.victim.state}")
    wait_until(lambda: unfinished_jobs(case.data) == 0, 60)
    # New articles are none of those the directory holds already.
    scene = Scene(case.victim, case.model, directory, numbers=count(10_000))
    for jump in JUMPS:
        clock.write_text(str(jump * _DAY_S))
        yield _written(case, scene, rng, Outcome("clock jump", f"{jump:+} days, while serving"))
    case.victim.end()
    clock.write_text(str(BETWEEN_STARTS * _DAY_S))
    started = Outcome("clock jump", f"{BETWEEN_STARTS:+} days, between two starts")
    if case.victim.start():
        yield _written(case, scene, rng, started)
    else:
        started.state, started.recovered = case.victim.state, False
        yield started
    case.victim.end()


def _written(case: Case, scene: Scene, rng: random.Random, outcome: Outcome) -> Outcome:
    """Write after a jump, and compare."""
    for _ in range(WRITES):
        try:
            mixed(scene, "plain", rng)
            replace_large(scene, "large", rng)
        except NotAcknowledged as error:
            scene.unexpected.append(str(error))
    code, printed = run_command(case.victim.environment, "rebuild")
    if code != 0:
        scene.unexpected.append(f"rebuild: {printed[-200:]}")
    findings = case.compare()
    case.victim.wait_ready()
    code, checked = run_command(case.victim.environment, "check")
    outcome.state = "ready" + "".join(f"; warns: {one}" for one in case.victim.warnings)
    outcome.served = (
        "all right"
        if not findings.wrong and not scene.unexpected
        else str([*findings.wrong[:2], *scene.unexpected[:2]])
    )
    outcome.wrong = sum(1 for _ in findings.wrong)
    outcome.check = checked.splitlines()[0] if checked else f"exit code {code}"
    outcome.recovered = code == 0 and not scene.unexpected
    outcome.recovery = "none needed" if outcome.recovered else "failed"
    scene.unexpected.clear()
    return outcome
