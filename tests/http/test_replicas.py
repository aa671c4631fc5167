"""Several services over one PostgreSQL and one Milvus, behind nginx: stopped and started again under load."""

from __future__ import annotations

import json
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.http.conftest import Server
from tests.http.service import ROOT, serving
from tests.milvus_server import MilvusTestServer
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.http
EXAMPLE = ROOT / "scripts" / "deploy" / "nginx.conf"


def free_port() -> int:
    """Find a port below those that the kernel gives out: a replica that is started again finds its own free still."""
    while True:
        port = random.randrange(15_000, 30_000)
        with socket.socket() as found:
            if found.connect_ex(("127.0.0.1", port)) != 0:
                return port


def nginx_program() -> str:
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None:
        pytest.skip("nginx is absent")
    return found


def written(folder: Path, ports: dict[str, str]) -> Path:
    """Write the whole configuration: the example, with ports of our own, in what nginx needs around it."""
    example = EXAMPLE.read_text("utf-8")
    for before, port in ports.items():
        assert before in example
        example = example.replace(before, port)
    (folder / "replicas.conf").write_text(example, "utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off;\n{temporary}include {folder}/replicas.conf;\n}}\n",
        "utf-8",
    )
    return main


@contextmanager
def balanced(folder: Path, replicas: list[int]) -> Iterator[str]:
    """Run nginx before replicas, given by their ports; give its address."""
    program, port = nginx_program(), free_port()
    ports = {f"127.0.0.1:800{place}": f"127.0.0.1:{replica}" for place, replica in enumerate(replicas, start=1)}
    ports["listen 8080"] = f"listen 127.0.0.1:{port}"
    command = [program, "-p", str(folder), "-c", str(written(folder, ports))]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None and time.monotonic() < give_up, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def post(url: str, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


class Load:
    """Clients that ask and write until they are told to stop; notes what failed, and what was acknowledged."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self.failed: list[str] = []
        self.asked = self.chatted = 0
        self.acknowledged: list[str] = []
        self._threads = [
            threading.Thread(target=self._repeat, args=(act,)) for act in (self._ask, self._chat, self._write)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(90)

    def _repeat(self, act: Callable[[], None]) -> None:
        while not self._stop.wait(0.01):
            try:
                act()
            except Exception as error:
                body = error.read()[:300] if hasattr(error, "read") else b""
                self.failed.append(f"{type(error).__name__}: {error} {body!r}")

    def _ask(self) -> None:
        answer = post(self._url, "/v1/ask", {"question": "第1号仓库的负责人编号是多少?", "min_confidence": 0})
        assert answer["passages"], answer
        self.asked += 1

    def _chat(self) -> None:
        asked = {"role": "user", "content": "第1号仓库的负责人编号是多少?"}
        answer = post(self._url, "/v1/chat/completions", {"model": "qa-default", "messages": [asked]})
        assert answer["choices"][0]["message"]["content"], answer
        self.chatted += 1

    def _write(self) -> None:
        article = f"b{len(self.acknowledged)}"
        outcome = post(self._url, "/v1/articles", {"articles": [{"id": article, "text": f"{article}号仓库在西区。"}]})
        assert outcome["articles"][0]["outcome"] in ("created", "unchanged"), outcome
        self.acknowledged.append(article)


def unexpected(folder: Path) -> list[str]:
    """Give what nginx has noted, but for the replica that is down while it is started again."""
    noted = (folder / "error.log").read_text("utf-8", "replace").splitlines()
    return [line for line in noted if "Connection refused" not in line][-20:] or noted[-5:]


def restarted(server: Server, start: Callable[[], Server]) -> Server:
    """Stop a replica as a supervisor does, and start it again."""
    assert server.stop(signal.SIGTERM) == 0
    return start()


def until_ready(server: Server) -> None:
    give_up = time.monotonic() + 120
    while server.request("GET", "/readyz")[0] != 200:
        assert time.monotonic() < give_up, server.lines
        time.sleep(0.1)


def test_the_example_is_a_configuration_that_nginx_takes(tmp_path: Path) -> None:
    program = nginx_program()
    main = written(tmp_path, {"listen 8080": f"listen 127.0.0.1:{free_port()}"})
    found = subprocess.run(
        [program, "-t", "-p", str(tmp_path), "-c", str(main)], check=False, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr


class Replica(ThreadingHTTPServer):
    """Stands for a service that stops: it answers every request with 503, or breaks off, and keeps what it was sent."""

    def __init__(self) -> None:
        seen = self.seen = list[tuple[str, dict[str, str]]]()
        self.breaks_off = False
        replica = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                seen.append((self.path, dict(self.headers)))
                self.rfile.read(int(self.headers["Content-Length"]))
                if replica.breaks_off:
                    self.close_connection = True
                    return
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.mark.parametrize("breaks_off", [False, True], ids=["says-503", "breaks-off"])
def test_what_may_be_paid_for_is_sent_again_only_if_it_was_refused(tmp_path: Path, *, breaks_off: bool) -> None:
    nginx_program()
    with Replica() as one, Replica() as two, ThreadPoolExecutor(2) as threads:
        for replica in (one, two):
            replica.breaks_off = breaks_off
            threads.submit(replica.serve_forever, 0.05)
        try:
            with balanced(tmp_path, [one.server_address[1], two.server_address[1]]) as url:
                # Where it was refused, once more by one of them, and then by the other.
                for path, times in (("/v1/ask", 2), ("/v1/chat/completions", 1 if breaks_off else 3)):
                    headers = {"Content-Type": "application/json", "X-Forwarded-Host": "evil.example"}
                    request = urllib.request.Request(url + path, b"{}", headers, method="POST")
                    with pytest.raises(urllib.error.HTTPError):
                        urllib.request.urlopen(request, timeout=60)
                    seen = [headers for where, headers in one.seen + two.seen if where == path]
                    assert [headers["X-Forwarded-Host"] for headers in seen] == [url.removeprefix("http://")] * times
        finally:
            one.shutdown()
            two.shutdown()


def test_a_rolling_restart_fails_no_request(
    tmp_path: Path, cache_dir: Path, postgres_server: PostgresServer, milvus_server: MilvusTestServer
) -> None:
    nginx_program()
    with ExitStack() as stack:
        places = {
            "QA_CATALOG": stack.enter_context(postgres_server.database()),
            "QA_INDEX": milvus_server.database(),
            # Milvus Lite takes a while for a search when the machine is busy.
            "QA_MILVUS_TIMEOUT": "30",
            "QA_QUEUE_SECONDS": "60",
        }
        ports = [free_port(), free_port()]

        def started(number: int) -> Server:
            folder = tmp_path / f"replica{number}"
            options = ("--port", str(ports[number]))
            server = stack.enter_context(serving(folder, cache_dir, *options, **places))
            until_ready(server)
            return server

        replicas = [started(0), started(1)]
        nginx = tmp_path / "nginx"
        nginx.mkdir()
        url = stack.enter_context(balanced(nginx, ports))
        post(url, "/v1/articles", {"articles": [{"id": "a1", "text": "第1号仓库的负责人编号是13。"}]})
        with Load(url) as load:
            for number in (0, 1):
                before = load.asked
                replicas[number] = restarted(replicas[number], lambda number=number: started(number))  # type: ignore[misc]
                give_up = time.monotonic() + 60
                while load.asked < before + 5 and time.monotonic() < give_up:
                    time.sleep(0.1)
        assert load.failed == [], unexpected(nginx)
        assert load.asked >= 10
        assert load.chatted >= 5
        assert load.acknowledged
        for server in replicas:
            for article in load.acknowledged:
                assert server.request("GET", f"/v1/articles/{article}")[0] == 200
            assert server.ask("仓库在哪里?", min_confidence=0, top_k=50)["passages"]


def test_a_job_queued_at_one_replica_is_told_by_the_other(
    tmp_path: Path, cache_dir: Path, postgres_server: PostgresServer, milvus_server: MilvusTestServer
) -> None:
    with ExitStack() as stack:
        places = {"QA_CATALOG": stack.enter_context(postgres_server.database()), "QA_INDEX": milvus_server.database()}
        places["QA_MILVUS_TIMEOUT"] = "30"
        one, other = (stack.enter_context(serving(tmp_path / name, cache_dir, **places)) for name in ("one", "other"))
        until_ready(one)
        until_ready(other)
        articles = [{"id": f"a{n}", "text": f"第{n}号仓库在东区。"} for n in range(5)]
        status, job = one.request("POST", "/v1/articles?async=true", {"articles": articles})
        assert status == 202
        give_up = time.monotonic() + 120
        while True:
            status, body = other.request("GET", f"/v1/jobs/{job['job']['id']}")
            assert status == 200, body
            told = body["job"]
            if told["state"] in ("done", "failed"):
                break
            assert time.monotonic() < give_up, told
            time.sleep(0.2)
        assert told["state"] == "done"
        assert {row["article_id"] for row in other.ask("仓库在哪里?", min_confidence=0)["passages"]} == {
            f"a{n}" for n in range(5)
        }
