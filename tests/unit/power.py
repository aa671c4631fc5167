"""What a power cut would leave: replays the steps of `store.files` on a disk that forgets what was not synced.

Names are durable once their directory was synced, bytes once their file was. Three states are kept after every step:
what is durable and nothing else; all names, but only half of the bytes that were not synced; and all of it, as after
`kill -9`. While a directory is removed, one below it may be empty already. What moves from one directory to another is
never in both nor in none: the sync of either makes it durable.

SQLite's files are copied as they are: its commits are durable by its own doing. Where nobody writes a catalogue and it
is moved about itself, it is a file like others, of which `load` takes note with all that is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from qa_service.store.files import Step

Tree = dict[str, bytes | None]
"""Contents by path below the root; None is a directory."""
_CATALOG = ("catalog.sqlite3", "catalog.sqlite3-wal")


@dataclass(eq=False)
class File:
    """A file's bytes now, and those that are durable."""

    now: bytes = b""
    durable: bytes = b""

    def torn(self) -> bytes:
        """Give what is durable and half of what was written since."""
        common = len(self.durable) if self.now.startswith(self.durable) else 0
        return self.now[: common + (len(self.now) - common) // 2] if self.now != self.durable else self.now


@dataclass(eq=False)
class Directory:
    """A directory's names now, and those that are durable."""

    now: dict[str, File | Directory] = field(default_factory=dict)
    durable: dict[str, File | Directory] = field(default_factory=dict)


@dataclass(eq=False)
class Move:
    """Something that went from one directory to another since either was synced."""

    node: File | Directory
    source: Directory
    name: str
    target: Directory
    new: str


@dataclass(frozen=True)
class State:
    """What is on the disk after a cut, and which contents of the collection may be found then."""

    after: Step
    kind: str
    tree: Tree
    allowed: tuple[dict[str, str], ...]

    def write(self, root: Path) -> None:
        """Put it into an empty directory."""
        root.mkdir(parents=True)
        for name, content in self.tree.items():
            path = root / name
            if content is None:
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


class Disk:
    """Watches `store.files`; `allowed` is set by the test before and after each operation."""

    def __init__(self, root: Path, *, catalog: bool = True) -> None:
        """Watch a directory, in which a catalogue is written or is a file like others."""
        self._root = root
        self._catalogs = _CATALOG if catalog else ()
        self._moved: list[Move] = []
        self._top = Directory()
        self._seen: set[bytes] = set()
        self.states: list[State] = []
        self.steps: list[Step] = []
        self.allowed: tuple[dict[str, str], ...] = ({},)

    def __call__(self, step: Step) -> None:
        """Take a step over, and keep what a cut right after it would leave."""
        if not step.path.is_relative_to(self._root):
            return
        self.steps.append(step)
        if step.action == "removed":
            self._remove(step)
        self._apply(step)
        for kind in ("durable", "torn", "killed"):
            self._keep(step, kind, self.tree(kind))

    def _keep(self, step: Step, kind: str, tree: Tree) -> None:
        mark = hashlib.sha256(repr((sorted(tree.items()), self.allowed)).encode()).digest()
        if mark not in self._seen:
            self._seen.add(mark)
            self.states.append(State(step, kind, tree, self.allowed))

    def _remove(self, step: Step) -> None:
        """Keep what a cut leaves while a directory is removed: what is below goes first, and may be all that went."""
        node = self._parent(step.path).durable.get(step.path.name)
        place = step.path.relative_to(self._root)
        for name, below in node.durable.items() if isinstance(node, Directory) else ():
            if isinstance(below, Directory):
                inside = f"{place / name}/"
                tree = {path: data for path, data in self.tree("durable").items() if not path.startswith(inside)}
                self._keep(step, "emptied", tree)

    def load(self) -> None:
        """Take what is in the directory for durable."""
        self._top = _loaded(self._root)

    def tree(self, kind: str) -> Tree:
        """Give what a cut would leave now."""
        return dict(self._tree(self._top, kind)) | self._catalog()

    def _apply(self, step: Step) -> None:
        if step.path == self._root:
            if step.action == "synced directory":
                self._sync(self._top)
            return
        parent, name = self._parent(step.path), step.path.name
        if step.action == "made directory":
            parent.now.setdefault(name, Directory())
        elif step.action == "wrote":
            file = parent.now.setdefault(name, File())
            assert isinstance(file, File)
            file.now = step.path.read_bytes()
        elif step.action == "synced":
            file = parent.now[name]
            assert isinstance(file, File)
            file.durable = file.now
        elif step.action == "renamed":
            assert step.target is not None
            self._rename(parent, name, self._parent(step.target), step.target.name)
        elif step.action == "removed":
            parent.now.pop(name, None)
        else:
            directory = parent.now.setdefault(name, Directory())
            assert isinstance(directory, Directory)
            self._sync(directory)

    def _rename(self, source: Directory, name: str, target: Directory, new: str) -> None:
        node = target.now[new] = source.now.pop(name)
        if source is not target:
            self._moved.append(Move(node, source, name, target, new))

    def _sync(self, directory: Directory) -> None:
        for move in [move for move in self._moved if directory in (move.source, move.target)]:
            self._moved.remove(move)
            if move.source.durable.get(move.name) is move.node:
                del move.source.durable[move.name]
            move.target.durable[move.new] = move.node
        directory.durable = dict(directory.now)

    def _parent(self, path: Path) -> Directory:
        directory = self._top
        for name in path.relative_to(self._root).parts[:-1]:
            # Some are made by libraries, within what has no name of its own yet.
            below = directory.now.setdefault(name, Directory())
            assert isinstance(below, Directory)
            directory = below
        return directory

    def _tree(self, directory: Directory, kind: str, prefix: str = "") -> Iterator[tuple[str, bytes | None]]:
        for name, node in (directory.durable if kind == "durable" else directory.now).items():
            if isinstance(node, Directory):
                yield prefix + name, None
                yield from self._tree(node, kind, f"{prefix}{name}/")
            else:
                yield prefix + name, {"durable": node.durable, "torn": node.torn(), "killed": node.now}[kind]

    def _catalog(self) -> Tree:
        return {name: (self._root / name).read_bytes() for name in self._catalogs if (self._root / name).exists()}


def _loaded(path: Path) -> Directory:
    directory = Directory()
    for entry in path.iterdir():
        data = b"" if entry.is_dir() else entry.read_bytes()
        directory.now[entry.name] = _loaded(entry) if entry.is_dir() else File(data, data)
    directory.durable = dict(directory.now)
    return directory
