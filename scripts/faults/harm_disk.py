"""A disk that is full, and directories that cannot be written: before the start and while the service runs."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from checking import unfinished_jobs, wait_until
from harm_case import SERIOUS, Case, Outcome, short
from harm_template import Template
from made_articles import Made
from shelves_model import Key, Version
from victims import NoAnswer, article_path, problem, run_command

_ROOM_MB = 48
_LEFT_BYTES = 600_000


class NotPossible(Exception):
    """The harm cannot be done here."""


def full_disk(template: Template, directory: Path, rng: random.Random) -> Iterator[Outcome]:
    """Fill the file system under a running server, start one on the full disk, and make room again."""
    model = template.copied(directory)
    case = Case(directory, model, template.data, rng)
    with _mounted(case.data, template.data, "-t", "tmpfs", "-o", f"size={_ROOM_MB}m", "none"):
        _ensure(case.victim.start(), case)
        filler = case.data / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(case.data).free - _LEFT_BYTES))
        yield _while_harmed(case, "disk full", "while serving")
        case.victim.end()
        filler.write_bytes(bytes(filler.stat().st_size + shutil.disk_usage(case.data).free))
        started = Outcome("disk full", "at the start")
        _started(case, started)
        yield started
        filler.unlink()
        yield _afterwards(case, "disk full", "room again, no restart" if started.state.startswith("ready") else "")


def read_only(template: Template, directory: Path, rng: random.Random) -> Iterator[Outcome]:
    """Start a server on a directory that is mounted read-only, and then on one that can be written."""
    model = template.copied(directory)
    case = Case(directory, model, template.data, rng)
    with _mounted(case.data, None, "--bind", str(case.data)):
        _run("mount", "-o", "remount,ro,bind", str(case.data))
        started = Outcome("directory read-only", "at the start")
        _started(case, started)
        yield started
        case.victim.end()
        _run("mount", "-o", "remount,rw,bind", str(case.data))
        yield _afterwards(case, "directory read-only", "")


def indexes_immutable(template: Template, directory: Path, rng: random.Random) -> Iterator[Outcome]:
    """Keep a running server from making files for its indexes: writes commit and cannot be published."""
    model = template.copied(directory)
    case = Case(directory, model, template.data, rng)
    _ensure(case.victim.start(), case)
    folders = [str(path) for path in case.data.glob("indexes/*")]
    _run("chattr", "+i", *folders)
    try:
        yield _while_harmed(case, "index directories immutable", "while serving")
    finally:
        _run("chattr", "-i", *folders)
    yield _afterwards(case, "index directories immutable", "writable again, no restart")


def _while_harmed(case: Case, harm: str, where: str) -> Outcome:
    """Write until it is refused; what was acknowledged is there, and questions are answered."""
    outcome = Outcome(harm, where)
    refusals = []
    for number in range(400):
        made = Made(f"plain-{where[:5]}{number}", 0)
        changes: dict[Key, Version] = {("plain", made.id): 0}
        case.model.begin(changes)
        status, body = case.victim.call("POST", "/v1/articles?collection=plain", {"articles": [made.row()]})
        if status == 200 and body["articles"][0]["outcome"] == "created":
            case.model.settle(changes)
            continue
        refusals.append(f"{status}: {problem(body)}" if status != 200 else str(body["articles"][0]))
        if len(refusals) == 3:
            break
    status, body = case.victim.call("DELETE", article_path("plain-2", "plain"))
    case.model.allowed[("plain", "plain-2")] = {None} if status == 204 else {0, None}
    deletion = "a deletion is done" if status == 204 else f"a deletion gets {status}: {problem(body)}"
    findings = case.compare()
    status, body = case.victim.call("GET", "/readyz")
    outcome.state = "; ".join(dict.fromkeys([*refusals[-1:], deletion])) or "no write was refused"
    outcome.state += f"; /readyz {status}" + "".join(f", warns: {one}" for one in (body or {}).get("warnings", ()))
    outcome.wrong = sum(kind in SERIOUS for kind, _ in findings.wrong)
    outcome.served = (
        "all right" if not findings.wrong else "; ".join(f"{kind}: {what}" for kind, what in findings.wrong[:2])
    )
    outcome.recovery = "see below"
    outcome.recovered = bool(refusals)
    outcome.silent = not refusals
    outcome.details = [f"{kind}: {what}" for kind, what in findings.wrong[:5]]
    return outcome


def _started(case: Case, outcome: Outcome) -> None:
    """Start the service as it is harmed."""
    if case.victim.start():
        findings = case.compare()
        outcome.state = "ready" + "".join(f"; warns: {one}" for one in case.victim.warnings)
        outcome.served = "all right" if not findings.wrong else str(findings.wrong[:2])
        outcome.wrong = sum(kind in SERIOUS for kind, _ in findings.wrong)
    else:
        outcome.state, outcome.served = f"refused: {case.victim.state}", "nothing"
    code, printed = run_command(case.victim.environment, "check")
    outcome.check = f"{code}: {printed.splitlines()[-1] if printed else ''}"
    outcome.recovery = "see below"


def _afterwards(case: Case, harm: str, where: str) -> Outcome:
    """Write again, with the server that runs or another one; all is there, and nothing had to be mended."""
    outcome = Outcome(harm, where or "gone, after a restart")
    if not where:
        case.victim.end()
        _ensure(case.victim.start(), case)
    numbers = count()

    def written() -> bool:
        changes: dict[Key, Version] = {("plain", f"plain-again{next(numbers)}"): 0}
        [(_, article_id)] = changes
        case.model.begin(changes)
        rows = {"articles": [Made(article_id, 0).row()]}
        status, body = case.victim.call("POST", "/v1/articles?collection=plain", rows)
        outcome.state = "a write is taken" if status == 200 else f"{status}: {problem(body)}"
        if status == 200:
            case.model.settle(changes)
        return status == 200

    _settled(written)
    case.victim.wait_ready()
    outcome.state += "".join(f"; warns: {one}" for one in case.victim.warnings)
    findings = case.compare()
    case.victim.end()
    code, printed = run_command(case.victim.environment, "check")
    outcome.served = "all right" if not findings.wrong else str(findings.wrong[:2])
    outcome.wrong = sum(kind in SERIOUS for kind, _ in findings.wrong)
    outcome.check = printed.splitlines()[0] if printed else f"exit code {code}"
    outcome.recovered = not findings.wrong and code == 0
    outcome.recovery = "by itself" if outcome.recovered else "failed"
    return outcome


def _settled(holds: Callable[[], bool]) -> None:
    for _ in range(3):
        with contextlib.suppress(NoAnswer):
            if holds():
                return


def _ensure(well: bool, case: Case) -> None:
    if not well:
        raise NotPossible(f"the server did not start: {short(case.victim.state)}")
    wait_until(lambda: unfinished_jobs(case.data) == 0, 60)


@contextmanager
def _mounted(where: Path, content: Path | None, *arguments: str) -> Iterator[None]:
    _run("mount", *arguments, str(where))
    try:
        if content is not None:
            shutil.copytree(content, where, dirs_exist_ok=True)
        yield
    finally:
        with contextlib.suppress(NotPossible):
            _run("umount", "--lazy", str(where))


def _run(*arguments: str) -> None:
    try:
        subprocess.run(arguments, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NotPossible(f"there is no {arguments[0]}") from error
    except subprocess.CalledProcessError as error:
        raise NotPossible(error.stderr.strip() or str(error)) from error
