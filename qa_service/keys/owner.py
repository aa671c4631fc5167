"""Root changes the keys as the user who serves, and nobody else does: a server has to be able to read the new ones."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qa_service.errors import Unavailable

_ROOT = 0


@contextmanager
def as_owner_of(directory: Path) -> Iterator[None]:
    """Act as the user to whom a directory belongs, if this is root; as before where that is not granted.

    It holds for the whole process, so it is for commands, not for servers. A file that root gave away afterwards
    might be another one by then: in a directory of another user's, that user decides what a name stands for.
    """
    try:
        found = directory.stat()
    except OSError:
        yield
        return
    if os.geteuid() != _ROOT or found.st_uid == _ROOT:
        yield
        return
    group = os.getegid()
    try:
        with suppress(OSError):
            os.setegid(found.st_gid)
            os.seteuid(found.st_uid)
        yield
    finally:
        os.seteuid(_ROOT)
        os.setegid(group)


def refuse_others(directory: Path, path: Path) -> None:
    """Refuse to replace a file that only its owner can read, unless the directory, or the file, is this user's.

    Errors:
        Unavailable: the server, which is the directory's owner's, could not read the new one.
    """
    uid = directory.stat().st_uid
    if os.geteuid() == uid or (path.exists() and path.stat().st_uid == os.geteuid()):
        return
    owner = name_of(uid)
    problem = f"the directory belongs to {owner}, whose server could not read the keys"
    raise Unavailable(problem, field=str(path), remedy=f"run this as {owner}{', or as root' if os.geteuid() else ''}")


def name_of(uid: int) -> str:
    """Give the name of a user, or the number of one who has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
