"""One harm done to a data directory: what the server says, what it serves, and what brings all back."""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from checking import Comparison, Findings, unfinished_jobs, wait_until
from shelves_model import ShelvesModel
from victims import NoAnswer, Victim, run_command

SERIOUS = ("wrong text", "back", "torn")
"""What must never be, whatever was harmed."""
_BUILT_AGAIN = re.compile(r"delete (\S+); it is built again")


@dataclass
class Outcome:
    """What came of one harm.

    Attributes:
        harm, where: what was done, and to what.
        state: how the server came up, with its message or its warnings.
        served: what answers were like.
        check: what `qa-service check` said first.
        recovery: what was done to mend it, and whether all was there again then.
        wrong: wrong texts or deleted articles that were served.
        silent: whether something was missing or wrong and neither the server nor `check` said so.
    """

    harm: str
    where: str
    state: str = ""
    served: str = ""
    check: str = ""
    recovery: str = ""
    wrong: int = 0
    silent: bool = False
    recovered: bool = True
    details: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether nothing wrong was served, nothing was silent, and all came back."""
        return not self.wrong and not self.silent and self.recovered


@dataclass
class Case:
    """A harmed copy of the template and what the service makes of it.

    Attributes:
        backup: a sound data directory of the same content.
    """

    directory: Path
    model: ShelvesModel
    backup: Path
    rng: random.Random
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = self.directory / "data"
        mine = {"QA_DATA_DIR": str(self.data), "QA_CACHE_DIR": str(self.directory / "cache"), "QA_MODEL": "toy"}
        self.victim = Victim(self.directory, {**mine, **self.environment})

    def examine(self, outcome: Outcome) -> Outcome:
        """Start the service over what was harmed, look at it from all sides, and mend it as it says."""
        started = self.victim.start()
        findings = self.compare() if started else Findings()
        if started:
            self.victim.wait_ready()  # for warnings that came since
        warnings = list(self.victim.warnings) if started else []
        self.victim.end()
        code, printed = run_command(self.victim.environment, "check")
        serious = [one for one in findings.wrong if one[0] in SERIOUS]
        outcome.state = "ready" if started else f"refused: {self.victim.state}"
        outcome.state += "".join(f"; warns: {warning}" for warning in warnings)
        outcome.served = _served(findings) if started else "nothing"
        outcome.check = printed.splitlines()[0] if printed else f"exit code {code}"
        outcome.wrong = len(serious)
        outcome.details = [f"{kind}: {what}" for kind, what in findings.wrong[:5]]
        complained = [what for kind, what in findings.wrong if kind == "unexpected"]
        outcome.silent = bool(findings.wrong) and code == 0 and not warnings and not complained
        if findings.wrong or code != 0 or not started:
            self.mend(outcome, " ".join((outcome.state, printed, *complained)))
        else:
            outcome.recovery = "none needed" if "mending" not in self.victim.log() else "by itself"
        return outcome

    def compare(self) -> Findings:
        """Compare all there is with the model, after the jobs that were left are done."""
        findings = Findings()
        try:
            if not wait_until(lambda: unfinished_jobs(self.data) == 0, 180):
                findings.add("unexpected", "the job that was left is not done")
            sample = 1_000_000
            Comparison(self.victim, self.model, findings, self.rng, sample, patience_s=0).run(set())
        except (NoAnswer, TypeError, KeyError) as error:
            findings.add("unexpected", f"no answer: {error!r}")
        return findings

    def mend(self, outcome: Outcome, said: str) -> None:
        """Do what was said, the least first, until all is well: delete what is built again, rebuild, or restore."""
        tries: list[tuple[str, Callable[[], object]]] = []
        if built := _BUILT_AGAIN.search(said):
            folder = Path(self.victim.environment["QA_MODEL_DIR"], Path(built[1]).name)
            tries.append(("delete the model", lambda: shutil.rmtree(folder)))
        if "calibrate --reset" in said:
            tries.append(("calibrate --reset", lambda: run_command(self.victim.environment, "calibrate", "--reset")))
        if "rebuild" in said:
            tries.append(("rebuild", lambda: run_command(self.victim.environment, "rebuild")))
        tries.append(("restore", self.restore))
        for name, mend in tries:
            mend()
            started = self.victim.start()
            findings = self.compare() if started else Findings()
            self.victim.end()
            code, printed = run_command(self.victim.environment, "check")
            if started and not findings.wrong and code == 0:
                outcome.recovery = name
                advised = "backup" in said or "restore" in said
                outcome.recovered = name != "restore" or advised
                if not outcome.recovered:
                    outcome.recovery += ", which nothing advised"
                return
            outcome.details.append(f"after {name}: {self.victim.state}; {findings.wrong[:2]}; {printed[:200]}")
        outcome.recovery, outcome.recovered = "failed", False

    def restore(self) -> None:
        """Put the sound data directory in place of the harmed one."""
        shutil.rmtree(self.data)
        shutil.copytree(self.backup, self.data)


def _served(findings: Findings) -> str:
    kinds = Counter(kind for kind, _ in findings.wrong)
    if not kinds:
        return "all right"
    said = next((what for kind, what in findings.wrong if kind == "unexpected"), "")
    return ", ".join(f"{kind} {count}" for kind, count in kinds.items()) + (f" ({short(said)})" if said else "")


def short(text: str, most: int = 160) -> str:
    """Cut a message for a table, without directories and long numbers."""
    text = re.sub(r"(/[\w.~-]+)+/", "", text)
    text = re.sub(r"\d{12,}", "#", text)
    return text if len(text) <= most else text[: most - 1] + "…"
