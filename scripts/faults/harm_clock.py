"""A clock that jumps by months, back and forth, under a running server and between two starts (with libfaketime)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from checking import unfinished_jobs, wait_until
from harm_case import Case, Outcome
from harm_disk import NotPossible
from harm_template import Template
from shelves_model import NotAcknowledged
from victims import run_command
from workloads import Scene, mixed, replace_large

_LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/local/lib/faketime/libfaketime.so.1")
JUMPS = ("+0", "-400d", "+800d", "-30d")
WRITES = 12


def library(given: Path | None) -> Path:
    """Find libfaketime."""
    found = [given] if given else [path for one in _LIBRARIES for path in Path("/").glob(one[1:])]
    if not found:
        raise NotPossible("libfaketime is not installed (Debian has it as `libfaketime`), or give --faketime")
    return found[0]


def jumps(template: Template, directory: Path, rng: random.Random, faketime: Path | None) -> Iterator[Outcome]:
    """Jump while serving, with writes and a rebuild after each, and restart after the last."""
    preload = library(faketime)
    model = template.copied(directory)
    clock = directory / "clock"
    clock.write_text("+0")
    environment = {
        "LD_PRELOAD": str(preload), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    case = Case(directory, model, template.data, rng, environment)
    if not case.victim.start():
        raise NotPossible(f"the server did not start: {case.victim.state}")
    wait_until(lambda: unfinished_jobs(case.data) == 0, 60)
    scene = Scene(case.victim, case.model, directory)
    for jump in JUMPS:
        clock.write_text(jump)
        yield _written(case, scene, rng, Outcome("clock jump", f"{jump} while serving"))
    case.victim.end()
    clock.write_text("-900d")
    started = Outcome("clock jump", "-900d between two starts")
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
