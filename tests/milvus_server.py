"""A Milvus of the tests' own: Milvus Lite behind gRPC in a process that a test can kill and start again."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from qa_service.milvus_address import parse

_STARTED = "from milvus_lite.cmdline import main; main()"


class MilvusTestServer:
    """Milvus Lite on a port of 127.0.0.1, or a Milvus that is there already."""

    def __init__(self, address: str, home: Path | None = None) -> None:
        self._address = address.rstrip("/")
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._made: list[str] = []

    @classmethod
    def of_tests(cls) -> MilvusTestServer:
        """Give the Milvus of the tests: the one that QA_TEST_MILVUS names (milvus://host:port), or one of our own."""
        pytest.importorskip("pymilvus", reason="pymilvus is absent")
        given = os.environ.get("QA_TEST_MILVUS")
        return cls(given) if given else cls.private()

    @classmethod
    def private(cls) -> MilvusTestServer:
        """Start one of our own; the tests skip where Milvus Lite is absent."""
        pytest.importorskip("milvus_lite", reason="Milvus Lite is absent")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        made = cls(f"milvus://127.0.0.1:{port}", Path(tempfile.mkdtemp(prefix="qa-milvus-")))
        made.start()
        return made

    @property
    def process_id(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def database(self) -> str:
        """Give the address of a database that nobody has used yet."""
        self._made.append(f"qa_test_{secrets.token_hex(6)}")
        return f"{self._address}/{self._made[-1]}"

    def start(self) -> None:
        """Start it on its data and wait until it answers."""
        from pymilvus import MilvusClient

        assert self._home is not None
        host, port = self._address.removeprefix("milvus://").split(":")
        command = [sys.executable, "-c", _STARTED, "server", "--data-dir", str(self._home / "data")]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, "--host", host, "--port", port], stdout=log, stderr=log)
        give_up = time.monotonic() + 120
        while True:
            try:
                MilvusClient(uri=f"http://{host}:{port}", timeout=1, dedicated=True).close()
                return
            except Exception:
                if self._process.poll() is not None or time.monotonic() > give_up:
                    raise
                time.sleep(0.1)

    def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(60)

    def close(self) -> None:
        """End it and remove what it has; of one that was there already, the databases that were made."""
        if self._home is None:
            self._drop_made()
        else:
            self.kill()
            shutil.rmtree(self._home, ignore_errors=True)

    def _drop_made(self) -> None:
        from pymilvus import MilvusClient

        address = parse(self._address)
        plain = MilvusClient(uri=address.uri, token=address.token, timeout=10, dedicated=True)
        for name in set(self._made) & set(plain.list_databases()):
            inside = MilvusClient(uri=address.uri, token=address.token, db_name=name, timeout=10, dedicated=True)
            for alias in inside.list_aliases()["aliases"]:
                inside.drop_alias(alias)
            for collection in inside.list_collections():
                inside.drop_collection(collection)
            inside.close()
            plain.drop_database(name)
        plain.close()
