"""A PostgreSQL server of the tests' own: made in a temporary directory, stopped and started as a test asks."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

_NO_ROOT = "postgres"
"""Whose server it is where the tests are run by root, whom PostgreSQL refuses."""


class PostgresServer:
    """A server on a port of 127.0.0.1, or one that is there already, in which databases are made and dropped."""

    def __init__(self, admin: str, home: Path | None = None, programs: Path | None = None) -> None:
        self.fsync = False
        self._admin = admin
        self._home = home
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def of_tests(cls) -> PostgresServer:
        """Give the server of the tests, which skip where there is none."""
        pytest.importorskip("psycopg", reason="psycopg is absent")
        given = os.environ.get("QA_TEST_POSTGRES")
        return cls(given) if given else cls.private()

    @classmethod
    def private(cls, *, fsync: bool = False) -> PostgresServer:
        """Make and start a server of one's own; it waits for the disk, as others do, if `fsync`."""
        pytest.importorskip("psycopg", reason="psycopg is absent")
        programs = _programs()
        if programs is None:
            pytest.skip("PostgreSQL's programs are absent")
        if os.geteuid() == 0 and not _exists(_NO_ROOT):
            pytest.skip("PostgreSQL refuses root, and there is no user postgres")
        home = Path(tempfile.mkdtemp(prefix="qa-postgres-", dir="/tmp"))
        if os.geteuid() == 0:
            shutil.chown(home, _NO_ROOT, _NO_ROOT)
        made = cls(f"postgresql://postgres@127.0.0.1:{_free_port()}/postgres", home, programs)
        made.fsync = fsync
        made._run("initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        made.start()
        return made

    @property
    def port(self) -> int:
        """The port it listens on."""
        found = urlsplit(self._admin).port
        assert found is not None
        return found

    @property
    def running(self) -> bool:
        """Whether it was started and not ended."""
        return self._process is not None

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database; give its address."""
        import psycopg

        name = f"qa_test_{secrets.token_hex(6)}"
        with psycopg.connect(self._admin, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        try:
            yield urlsplit(self._admin)._replace(path=f"/{name}").geturl()
        finally:
            with psycopg.connect(self._admin, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def start(self) -> None:
        """Start it and wait until it answers; nothing is on disk when it is killed, but all that it was told is."""
        import psycopg

        assert self._home is not None and self._programs is not None
        given: dict[str, Any] = {
            "fsync": "on" if self.fsync else "off",
            "listen_addresses": "127.0.0.1",
            "port": self.port,
        }
        given |= {"unix_socket_directories": "", "max_connections": 60}
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._home / "data", *options],
                stdout=log,
                stderr=log,
                cwd=self._home,
                **_as_whom(),
            )
        give_up = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._admin, connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > give_up:
                    raise
                time.sleep(0.05)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Have all its processes stand still: connections stay open, and nobody answers."""
        assert self._process is not None
        main = self._process.pid
        os.kill(main, signal.SIGSTOP)  # it starts no other from here on
        children = [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text("ascii").split()]
        try:
            for pid in children:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in (*children, main):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, with all its connections."""
        self._end(signal.SIGQUIT)

    def close(self) -> None:
        """End it and remove what it has; does nothing with one that was there already."""
        if self._home is not None:
            self._end(signal.SIGQUIT)
            shutil.rmtree(self._home, ignore_errors=True)

    def _end(self, how: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(60)

    def _run(self, program: str, *arguments: object) -> None:
        assert self._programs is not None
        command = [str(part) for part in (self._programs / program, *arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd=self._home, **_as_whom())


def _programs() -> Path | None:
    """Find the folder of PostgreSQL's programs: Debian puts none of the server's on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).parent if there else None


def _as_whom() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(_NO_ROOT)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
