"""Kill servers and commands at random moments of every kind of write, and compare what is left with a model.

    python scripts/faults/kills.py --count 500 --out FOLDER

After each kill: every acknowledged article is there with its text, no deleted one is back, every passage shown is what
its article says at those offsets, `check` finds nothing, and nobody had to mend anything. A write that was cut off may
have happened or not. The toy encoder serves; everything else is as it is for users, processes for errands included.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from checking import LATE_S, Comparison, Findings, unfinished_jobs, wait_until
from report import Table, publish
from served import percentile
from shelves_model import Key, NotAcknowledged, ShelvesModel, Version
from victims import Aim, NoAnswer, Victim, run_command, start_command
from workloads import WRITES, Scene, ingest_command, settle_jobs, writing

from embeddings.toy import ToyEncoder
from qa_service import assembly
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.store.sqlite_catalog import SqliteCatalog

SPANS_S = {"jobs": 2.5, "replace, compaction": 1.0, "collections": 1.0}
"""How long a write of some kind goes on at most before the kill; others half a second."""
WEIGHTS = {
    "add, replace, delete": 5,
    "add, replace, delete with furniture": 3,
    "delete": 2,
    "replace, compaction": 4,
    "collections": 3,
    "jobs": 4,
    "command ingest": 3,
    "command rebuild": 2,
}
RECOVERY = "start, recovery"
RECOVERY_SHARE, RECOVERY_SPAN_S = 0.4, 3.0
"""How often a server that starts after a kill is killed once more before it is ready, or shortly after."""
AIMS: dict[Aim, int] = {"group": 6, "worker": 2, "master": 1, "errand": 1}
AIMS_WITH_ERRANDS: dict[Aim, int] = {"group": 5, "worker": 1, "master": 1, "errand": 4}
JOBS_WITHIN_S = 120.0
_LONGEST_LINE = 1000


@dataclass
class Run:
    """All kills of one run."""

    scene: Scene
    data: Path
    rng: random.Random
    findings: Findings = field(default_factory=Findings)
    kills: Counter[str] = field(default_factory=Counter)
    aims: Counter[str] = field(default_factory=Counter)
    wrong: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    ready_s: list[float] = field(default_factory=list)
    left_running: int = 0

    def __post_init__(self) -> None:
        self.settings = Settings(data_dir=self.data, cache_dir=self.scene.directory / "cache", model="toy")
        self._tokenizer = assembly.load_tokenizer(self.settings)
        self.findings.tell = self._tell
        self.scene.tell = partial(self._tell, "unexpected")

    def _tell(self, kind: str, what: str) -> None:
        """Print what was found at once, on one line: a long run can be looked into while it goes on, or if it dies."""
        line = " ".join(what.split())[:_LONGEST_LINE]
        print(f"after {sum(self.kills.values())} kills: {kind}: {line}", file=sys.stderr, flush=True)

    def once(self) -> bool:
        """Kill once and compare; False when the service did not come back by itself."""
        name = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        before = len(self.findings.wrong) + len(self.scene.unexpected)
        restart = self._command(name) if name.startswith("command") else self._server(name)
        self.kills[name] += 1
        while restart and self.rng.random() < RECOVERY_SHARE:
            self.scene.victim.start_and_kill(self.rng.uniform(0.2, RECOVERY_SPAN_S))
            self.kills[RECOVERY] += 1
            self.aims["group"] += 1
        back = self.scene.victim.start() if restart else self.scene.victim.wait_ready()
        if back:
            self.ready_s.append(self.scene.victim.ready_s)
            try:
                self._compare()
            except NoAnswer as error:
                self.findings.add("repair", f"after a kill during {name} the server went: {error}")
                back = False
        else:
            self.findings.add("repair", f"after a kill during {name}: {self.scene.victim.state}")
        self.wrong[name] += len(self.findings.wrong) + len(self.scene.unexpected) - before
        return back

    def _server(self, name: str) -> bool:
        """Kill the server, or a part of it, during writes of one kind and others."""
        errands = name in ("jobs", "replace, compaction")
        aims = AIMS_WITH_ERRANDS if errands else AIMS
        aim = self.rng.choices(list(aims), list(aims.values()))[0]
        beside = self.rng.choice(list(WRITES))
        with ExitStack() as writes:
            for write in dict.fromkeys((name, beside)):
                writes.enter_context(writing(self.scene, write, self.rng))
            if errands and self.rng.random() < 0.8:
                _wait(self._building if name == "replace, compaction" else self.scene.victim.errand_runs, 20)
                time.sleep(self.rng.uniform(0, 0.3 if name == "replace, compaction" else 2))
            else:
                time.sleep(self.rng.uniform(0, SPANS_S.get(name, 0.5)))
            self.aims[aim] += 1
            return self.scene.victim.kill(aim, self.rng)

    def _command(self, name: str) -> bool:
        """Kill a command, at times the server beside it, during writes over HTTP."""
        victim, changes = self.scene.victim, dict[Key, Version]()
        with writing(self.scene, self.rng.choice(("add, replace, delete", "collections")), self.rng):
            if name == "command ingest":
                command, changes = ingest_command(self.scene, self.rng)
            else:
                command = start_command(victim.environment, "rebuild")
            if name == "command rebuild" and self.rng.random() < 0.5:
                _wait(lambda: self._building() or command.poll() is not None, 30)
                time.sleep(self.rng.uniform(0, 0.2))
            else:
                _wait(lambda: command.poll() is not None, self.rng.uniform(0.5, 5))
            restart = self.rng.random() < 0.4
            if restart:
                victim.end()
                self.aims["server, not the command"] += 1
                printed, _ = command.communicate(timeout=300)
            else:
                self.aims["command"] += 1
                command.kill()
                printed, _ = command.communicate()
        self._ended(command, printed, changes)
        return restart

    def _ended(self, command: subprocess.Popen[str], printed: str, changes: dict[Key, Version]) -> None:
        if command.returncode == 0:
            self.scene.model.settle(changes)
        elif command.returncode > 0:
            # Without an article to take, it says so and changes nothing.
            well = "no article was taken" in printed
            self.scene.expect(well, f"the command ended with {command.returncode}: {printed[-300:]}")

    def _compare(self) -> None:
        """Compare at once, and again once the jobs are done that a kill left, unless they are left for the next."""
        waiting = self._jobs_wait()
        self._comparison().run(self.scene.model.touched)
        if waiting:
            if self.rng.random() < 0.3:
                self.left_running += 1
                return
            if not wait_until(lambda: not self._jobs_wait(), JOBS_WITHIN_S):
                self.findings.add("repair", "a job did not end")
                return
        comparison = self._comparison()
        comparison.run(self.scene.model.touched if waiting else set())
        self.scene.model.see(comparison.seen, comparison.collections)
        self._check()

    def _comparison(self) -> Comparison:
        return Comparison(self.scene.victim, self.scene.model, self.findings, self.rng)

    def _jobs_wait(self) -> bool:
        try:
            return not settle_jobs(self.scene) or unfinished_jobs(self.data) > 0
        except NotAcknowledged:
            return True

    def _check(self) -> None:
        """Verify everything stored, as `qa-service check` does, while the server runs."""
        problems: list[str] = []

        def well() -> bool:
            engine = Engine(self.settings, ToyEncoder(), SqliteCatalog(self.data), tokenizer=self._tokenizer)
            problems[:] = engine.check()
            engine.close()
            return not problems

        self.findings.checked["checks"] += 1
        if not wait_until(well, LATE_S):
            self.findings.add("repair", f"check: {problems[:3]}")

    def _building(self) -> bool:
        try:
            return any(self.data.glob("indexes/*/base-*.tmp"))
        except FileNotFoundError:  # a collection was deleted while its directory was looked into
            return False


def _wait(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.004)


def kill(count: int, minutes: float | None, seed: int, directory: Path) -> tuple[Run, float]:
    """Kill so many times, or for so long, as directed by the command line."""
    data = directory / "data"
    environment = {
        "QA_DATA_DIR": str(data), "QA_CACHE_DIR": str(directory / "cache"), "QA_MODEL": "toy", "QA_QUESTION_CACHE": "0",
    }  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    victim = Victim(directory, environment)
    run = Run(Scene(victim, ShelvesModel(), directory), data, random.Random(seed))
    began, shown = time.monotonic(), 0
    if not victim.start():
        sys.exit(f"the server did not start: {victim.state}")
    try:
        while sum(run.kills.values()) < count and (minutes is None or time.monotonic() - began < 60 * minutes):
            if not run.once():
                break
            done = sum(run.kills.values())
            if done // 25 > shown:
                shown = done // 25
                acknowledged = run.scene.model.acknowledged
                bad = len(run.findings.wrong) + len(run.scene.unexpected)
                print(f"{done} kills, {acknowledged:,} changes acknowledged, {bad} wrong", file=sys.stderr, flush=True)
        finish(run)
    finally:
        victim.end()
    return run, time.monotonic() - began


def finish(run: Run) -> None:
    """Compare every text once more, and run the command `check`."""
    try:
        if not wait_until(lambda: not run._jobs_wait(), JOBS_WITHIN_S):
            run.findings.add("repair", "a job did not end")
        Comparison(run.scene.victim, run.scene.model, run.findings, run.rng, sample=1_000_000).run(set())
    except NoAnswer as error:
        run.findings.add("repair", f"the server is gone: {error}")
    code, printed = run_command(run.scene.victim.environment, "check")
    if code != 0:
        run.findings.add("repair", f"check: {printed[-500:]}")


def report(run: Run, seconds: float, out: Path | None) -> bool:
    """Show what came of it; tell whether all was well."""
    wrong = Counter(kind for kind, _ in run.findings.wrong)
    wrong["unexpected"] += len(run.scene.unexpected)
    total = sum(run.kills.values())
    by_kind = Table("Kills by what was being done", ("write", "kills", "wrong"), [
        (name, run.kills[name], run.wrong[name]) for name in (*WEIGHTS, RECOVERY)
    ])  # fmt: skip
    by_aim = Table("Kills by what was killed", ("killed", "times"), sorted(run.aims.items(), key=lambda one: -one[1]))
    sums = Table("In all", ("what", "count"), [
        ("kills", total),
        ("minutes", round(seconds / 60, 1)),
        ("changes of articles acknowledged", run.scene.model.acknowledged),
        ("changes cut off, each there or not", run.scene.model.cut_off),
        ("articles compared in listings", run.findings.checked["listed"]),
        ("texts compared", run.findings.checked["texts"]),
        ("questions asked", run.findings.checked["answers"]),
        ("times everything stored was verified", run.findings.checked["checks"]),
        ("kills while jobs of an earlier kill went on", run.left_running),
        ("seconds until ready, p50", percentile(run.ready_s, 0.5) if run.ready_s else None),
        ("seconds until ready, longest", max(run.ready_s, default=None)),
        ("acknowledged articles lost", wrong["lost"]),
        ("deleted articles back", wrong["back"]),
        ("wrong texts", wrong["wrong text"]),
        ("articles not found by their word", wrong["not found by its word"]),
        ("deletions of a collection half done", wrong["torn"]),
        ("repairs by hand needed", wrong["repair"]),
        ("unexpected answers", wrong["unexpected"]),
    ])  # fmt: skip
    details = [(kind, what) for kind, what in run.findings.wrong] + [
        ("unexpected", what) for what in run.scene.unexpected
    ]
    tables = [by_kind, by_aim, sums]
    if details:
        tables.append(Table("What was wrong", ("kind", "what"), details[:100]))
    publish("kills", {"seconds": seconds}, tables, [], out)
    return not details


def main() -> int:
    """Kill as often as asked and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=500, help="how many kills")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes")
    parser.add_argument("--seed", type=int, default=1, help="other seeds, other kills")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder for data and log, which is kept")
    parser.add_argument("--out", type=Path, help="a folder for kills.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = given.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        run, seconds = kill(given.count, given.minutes, given.seed, directory)
    return 0 if report(run, seconds, given.out) else 1


if __name__ == "__main__":
    sys.exit(main())
