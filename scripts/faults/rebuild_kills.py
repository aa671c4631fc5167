"""Kill rebuilds with another model at random points (SIGKILL), with articles being written, and see what is left.

Half of them are killed while the command makes the new index and lets it take over by itself; half while a server opens
it beside its own and goes on with it. After every kill the directory opens with the old model or with the new one, has
every acknowledged article once, and passes `check`; the rebuild is then run to its end, and all of it is of the new
model. Openings after a kill are killed too now and then. Toy encoders stand for the models.

    python scripts/faults/rebuild_kills.py --count 200 [--seed 1] [--out FOLDER]

Exit code 1 when anything was lost, wrong or in need of repair.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts" / "bench"), str(ROOT / "scripts" / "faults")]

from kill_points import Extent, Failed, killed, measure  # noqa: E402
from killing import kill_and_report, killed_while_opened  # noqa: E402
from toy_directory import (  # noqa: E402
    Findings,
    add,
    held,
    is_prefix,
    last_of,
    numbered,
    opened,
    settings_of,
)

from qa_service import succession  # noqa: E402
from qa_service.engine import Engine  # noqa: E402
from qa_service.errors import Incompatible, Superseded  # noqa: E402
from qa_service.store import directory_use, successor  # noqa: E402
from qa_service.store.sqlite_catalog import SqliteCatalog  # noqa: E402

OLD, NEW = "toy", "toy-64"
ARTICLES = 60
_PAUSE_S = 0.02


class Rebuilds:
    """Kills rebuilds of a directory that is written meanwhile."""

    def __init__(self, folder: Path, rng: Random, findings: Findings) -> None:
        self.template, self.data, self.notes = folder / "template", folder / "live", folder / "acknowledged"
        self.rng, self.findings = rng, findings
        with opened(self.template) as engine:
            add(engine, numbered(*range(ARTICLES)))

    def run(self, count: int) -> None:
        """Kill so many."""
        works: dict[str, Callable[[], None]] = {"the command": self._alone, "a server": self._served}
        extents: dict[str, Extent] = {}
        for name, work in works.items():
            self._reset()
            extents[name] = measure(work)
            self._look(name, 0)
        for number in range(count):
            name = list(works)[number % 2]
            self._reset()
            died = killed(works[name], extents[name], self.rng)
            self.findings.counts[f"kills of {name}" if died else f"{name} was faster"] += 1
            self._look(name, number)

    def _reset(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.template, self.data)
        self.notes.write_text(f"{ARTICLES - 1}\n", encoding="ascii")

    def _look(self, name: str, number: int) -> None:
        what = f"{name}, {number}"
        if self.rng.random() < 0.3 and killed_while_opened(self.data, self.rng):
            self.findings.counts["openings after them killed"] += 1
        self._expect(what, self._model())
        if self._model() == OLD:
            self.findings.counts["gone on with" if successor.read_plan(self.data) else "begun anew"] += 1
            self._build()
            SqliteCatalog(self.data).close()
        else:
            self.findings.counts["had taken over"] += 1
        self._expect(f"{what}, rebuilt", NEW)
        self.findings.expect(not successor.folder(self.data).exists(), f"{what}: the successor's folder is left")

    def _expect(self, what: str, model: str) -> None:
        last = last_of(self.notes)
        texts = held(self.data, self.findings, what, model)
        self.findings.expect(is_prefix(texts, last, last + 1), f"{what}: an article is lost or there too much")

    def _model(self) -> str:
        try:
            with opened(self.data):
                return OLD
        except Incompatible:
            return NEW

    def _build(self) -> bool:
        with closing(Engine.open(settings_of(self.data, NEW), recover=False, asking=False)) as engine:
            return succession.build(engine, lambda _total: lambda _more: None)

    def _alone(self) -> None:
        """Rebuild as the command does where no server runs."""
        with opened(self.data) as writer:
            ended, thread = self._writing(writer)
            if not self._build():
                raise Failed("it did not take over")
            ended.set()
            thread.join()
        SqliteCatalog(self.data).close()

    def _served(self) -> None:
        """Rebuild and go on with it as a server does."""
        use = directory_use.serving(self.data)
        with opened(self.data) as old:
            ended, thread = self._writing(old)
            if self._build():
                raise Failed("it took over though a server runs")
            with closing(succession.take_over(old)) as new:
                thread.join()
                self._write(new)
                ended.set()
        use.release()
        SqliteCatalog(self.data).close()

    def _writing(self, engine: Engine) -> tuple[threading.Event, threading.Thread]:
        """Write articles in a thread, until that is not where they go any more."""
        ended = threading.Event()

        def run() -> None:
            try:
                while not ended.is_set():
                    self._write(engine)
                    time.sleep(_PAUSE_S)
            except Superseded:
                return

        thread = threading.Thread(target=run)
        thread.start()
        return ended, thread

    def _write(self, engine: Engine) -> None:
        """Write the next article and note it once it is acknowledged."""
        number = last_of(self.notes) + 1
        add(engine, numbered(number))
        with self.notes.open("a", encoding="ascii") as notes:
            notes.write(f"{number}\n")


def main() -> int:
    """Kill, look, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="kills (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the random points (default 1)")
    parser.add_argument("--out", type=Path, help="folder for rebuild_kills.json")
    given = parser.parse_args()

    def kill(folder: Path, rng: Random, findings: Findings) -> None:
        Rebuilds(folder, rng, findings).run(given.count)

    return kill_and_report("rebuild_kills", "Rebuilds", given, kill)


if __name__ == "__main__":
    sys.exit(main())
