"""Kill backups and restores at random points (SIGKILL), with articles being written, and see what is left.

After every kill: a backup file is the older one or the newer one, sound, and gives all that was acknowledged when it
began, and nothing that was never written; a directory into which was restored holds exactly what it held or what the
backup holds, after the next opening, which is killed too now and then. So do its keys, which now and then are changed
before anything else opens the directory: no key that was made then is lost, and none that was revoked comes back. The
toy encoder stands for the model.

    python scripts/faults/backup_kills.py --count 500 [--seed 1] [--out FOLDER]

Exit code 1 when anything was lost, wrong or in need of repair.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts" / "bench"), str(ROOT / "scripts" / "faults")]

from kill_points import Extent, killed, measure  # noqa: E402
from killing import kill_and_report, killed_while_opened  # noqa: E402
from toy_directory import (  # noqa: E402
    Findings,
    add,
    held,
    is_prefix,
    last_of,
    numbered,
    opened,
    text,
    write_on,
)

from qa_service.backup.making import make  # noqa: E402
from qa_service.backup.reading import verify  # noqa: E402
from qa_service.backup.restoring import restore  # noqa: E402
from qa_service.errors import NotFound, QAError  # noqa: E402
from qa_service.keys.key import make_key  # noqa: E402
from qa_service.keys.key_file import add_key, read_keys, revoke_key  # noqa: E402

ARTICLES = 60
ROUND = 20
"""Backups killed before the directory that is backed up is looked through, and another is begun."""


def silent(_done: int, _total: int) -> None:
    """Take no notice of progress."""


class Backups:
    """Kills backups of a directory that is written meanwhile."""

    def __init__(self, folder: Path, rng: Random, findings: Findings) -> None:
        self.data, self.file, self.notes = folder / "live", folder / "backup.tar", folder / "acknowledged"
        self.scratch = folder / "scratch"
        self.rng, self.findings = rng, findings
        self.indexes = False

    def run(self, count: int) -> None:
        """Kill so many backups."""
        while count > 0:
            self._begin()
            with self._writer():
                since = last_of(self.notes)
                extent = measure(self._back_up)
                self._look("a backup that was not killed", since)
                for _ in range(min(count, ROUND)):
                    self._kill(extent)
                    count -= 1
            live = held(self.data, self.findings, "the directory that was backed up")
            self.findings.expect(is_prefix(live, last_of(self.notes)), "the directory lost an acknowledged article")

    def _begin(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        with opened(self.data) as engine:
            add(engine, numbered(*range(ARTICLES)))
        self.notes.write_text(f"{ARTICLES - 1}\n", encoding="ascii")

    def _kill(self, extent: Extent) -> None:
        self.indexes = self.rng.random() < 0.3
        before, since = self.file.stat().st_mtime_ns, last_of(self.notes)
        died = killed(self._back_up, extent, self.rng)
        replaced = self.file.stat().st_mtime_ns != before
        self.findings.counts["backups killed" if died else "backups that were faster"] += 1
        self.findings.counts["of those killed, had replaced the older file"] += replaced and died
        self._look("a backup", since if replaced else ARTICLES - 1)

    def _look(self, what: str, since: int) -> None:
        try:
            verify(self.file, silent)
            shutil.rmtree(self.scratch, ignore_errors=True)
            restore(self.file, self.scratch, replace=False, keep_keys=False, advance=silent)
        except QAError as error:
            self.findings.expect(False, f"{what}: {error}")
            return
        texts = held(self.scratch, self.findings, what)
        self.findings.expect(is_prefix(texts, since, last_of(self.notes) + 1), f"{what} holds something else")

    def _back_up(self) -> None:
        make(self.data, self.file, indexes=self.indexes, advance=silent)

    @contextlib.contextmanager
    def _writer(self) -> Iterator[None]:
        process = subprocess.Popen([sys.executable, __file__, "--writer", str(self.data), str(self.notes)])
        try:
            first = last_of(self.notes)
            give_up = time.monotonic() + 60
            while last_of(self.notes) == first and time.monotonic() < give_up and process.poll() is None:
                time.sleep(0.05)
            yield
            self.findings.expect(process.poll() is None, "the writer ended")
            self.findings.counts["articles acknowledged meanwhile"] += last_of(self.notes) - first
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


class Restores:
    """Kills restores into a directory that holds something, or nothing, and openings after them."""

    def __init__(self, folder: Path, rng: Random, findings: Findings) -> None:
        self.template, self.data, self.file = folder / "template", folder / "target", folder / "restored.tar"
        self.rng, self.findings = rng, findings
        with opened(self.template) as engine:
            add(engine, numbered(*range(ARTICLES)))
            engine.rebuild()
        self.kept = new_key(self.template)
        of_backup = new_key(self.template)
        make(self.template, self.file, indexes=True, advance=silent)
        self.new = held(self.template, findings, "the template")
        with opened(self.template) as engine:
            add(engine, {f"b{number:06d}": text(number, 1) for number in range(ARTICLES)})
            engine.delete_article("default", "a000003")
        self.old = held(self.template, findings, "the template")
        revoke_key(self.template, of_backup)
        self.new_keys, self.old_keys = {self.kept, of_backup}, {self.kept, new_key(self.template)}

    def run(self, count: int) -> None:
        """Kill so many restores."""
        extents = {}
        for empty in (False, True):
            self._reset(empty)
            extents[empty] = measure(self._restore)
        for number in range(count):
            empty = number % 4 == 3
            self._reset(empty)
            died = killed(self._restore, extents[empty], self.rng)
            self.findings.counts["restores killed" if died else "restores that were faster"] += 1
            if (self.data / ".restore" / "journal.json").exists():
                self.findings.counts["of them while files were moved"] += 1
            if died and self.rng.random() < 0.5 and killed_while_opened(self.data, self.rng):
                self.findings.counts["openings after them killed"] += 1
            made, revoked = self._change_keys()
            texts = held(self.data, self.findings, f"restore {number}")
            old = {} if empty else self.old
            self.findings.expect(texts in (old, self.new), f"restore {number}: neither the old content nor the new")
            keys = self.new_keys if texts == self.new else set() if empty else self.old_keys
            found = {key.id for key in read_keys(self.data) or ()}
            self.findings.expect(found == (keys | made) - revoked, f"restore {number}: other keys than there should be")
            self.findings.counts["directories with the new content" if texts == self.new else "with the old"] += 1

    def _change_keys(self) -> tuple[set[str], set[str]]:
        """Make a key or revoke one now and then, as the first to use the directory; tell which."""
        choice = self.rng.random()
        if choice < 0.25:
            self.findings.counts["keys made after them, before anything else"] += 1
            return {new_key(self.data)}, set()
        if choice < 0.5:
            with contextlib.suppress(NotFound):  # an empty directory may have stayed empty
                revoke_key(self.data, self.kept)
                self.findings.counts["keys revoked after them, before anything else"] += 1
            return set(), {self.kept}
        return set(), set()

    def _reset(self, empty: bool) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        if not empty:
            shutil.copytree(self.template, self.data)

    def _restore(self) -> None:
        restore(self.file, self.data, replace=True, keep_keys=False, advance=silent)


def new_key(data: Path) -> str:
    """Make a key; give its id."""
    key, _ = make_key("a caller", ("ask",))
    add_key(data, key)
    return key.id


def main() -> int:
    """Kill, look, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500, help="kills, half of them of backups (default 500)")
    parser.add_argument("--seed", type=int, default=1, help="of the random points (default 1)")
    parser.add_argument("--out", type=Path, help="folder for backup_kills.json")
    parser.add_argument("--writer", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.writer:
        write_on(*given.writer)
        return 0
    kinds: list[Callable[[Path, Random, Findings], Backups | Restores]] = [Backups, Restores]

    def kill(folder: Path, rng: Random, findings: Findings) -> None:
        for kind in kinds:
            kind(folder, rng, findings).run(given.count // 2)

    return kill_and_report("backup_kills", "Backups and restores", given, kill)


if __name__ == "__main__":
    sys.exit(main())
