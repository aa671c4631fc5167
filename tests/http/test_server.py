"""The service as its users meet it: over a socket, beside the command line, and after it was killed."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.http.conftest import Run, Server

pytestmark = pytest.mark.http

CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号。\n疫苗接种每周三进行🙂。"


def store(number: int) -> dict[str, str]:
    return {"id": f"a{number}", "text": f"第{number}号仓库在东区。第{number}号仓库的负责人编号是{number * 13}。"}


def ingest(server: Server, articles: list[dict[str, str]]) -> None:
    status, body = server.request("POST", "/v1/articles", {"articles": articles})
    assert status == 200, body
    assert {row["outcome"] for row in body["articles"]} <= {"created", "unchanged"}


def test_ask_over_http_gives_exact_offsets(run_server: Run) -> None:
    server = run_server()
    ingest(server, [{"id": "城/医院 1.txt", "text": CLINIC}])
    answer = server.ask("第二社区医院的院长是谁?", min_confidence=0)["answer"]
    assert answer["article_id"] == "城/医院 1.txt"
    assert CLINIC[answer["start"] : answer["end"]] == answer["text"] == "第二社区医院的院长是林月华。"
    path = f"/v1/articles/{quote('城/医院 1.txt', safe='')}"
    status, body = server.request("GET", path)
    assert (status, body["text"]) == (200, CLINIC)
    assert server.request("DELETE", path) == (204, None)
    assert server.ask("第二社区医院的院长是谁?")["passages"] == []


def test_odd_ids_round_trip(run_server: Run) -> None:
    server = run_server()
    for article_id in ("..", "a//b", "/lead", "trail/", "x?y#z", "%2F", ".", "a/../b", "é 中"):
        ingest(server, [{"id": article_id, "text": CLINIC}])
        status, body = server.request("GET", f"/v1/articles/{quote(article_id, safe='')}")
        assert (status, body["id"]) == (200, article_id)
        assert server.request("DELETE", f"/v1/articles/{quote(article_id, safe='')}")[0] == 204


def test_the_command_line_ingests_while_the_server_runs(run_server: Run, tmp_path: Path) -> None:
    server = run_server()
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "医院.txt").write_text(CLINIC, encoding="gb18030", errors="ignore")
    done = server.cli("ingest", str(folder))
    assert done.returncode == 0, done.stderr
    wait_until(lambda: bool(server.ask("第二社区医院的院长是谁?", min_confidence=0)["answer"]))
    assert server.ask("第二社区医院的院长是谁?")["passages"][0]["article_id"] == "医院.txt"
    assert server.cli("articles", "delete", "医院.txt").returncode == 0
    wait_until(lambda: not server.ask("第二社区医院的院长是谁?")["passages"])


def test_a_killed_server_loses_nothing_it_acknowledged(run_server: Run) -> None:
    server = run_server()
    acknowledged: set[str] = set()

    def load() -> None:
        for number in range(0, 5000, 5):
            batch = [store(n) for n in range(number, number + 5)]
            try:
                ingest(server, batch)
            except (OSError, HTTPException, AssertionError, ValueError):  # cut off before, within or after an answer
                return
            acknowledged.update(row["id"] for row in batch)

    loader = threading.Thread(target=load)
    loader.start()
    wait_until(lambda: len(acknowledged) >= 60)
    server.stop(signal.SIGKILL)
    loader.join()

    restarted = run_server()
    listed: list[str] = []
    cursor = ""
    while True:
        _, page = restarted.request("GET", f"/v1/articles?limit=100{cursor}")
        listed += [row["id"] for row in page["articles"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={quote(page['next_cursor'])}"
    assert acknowledged <= set(listed)
    assert len(listed) == len(set(listed))
    for number in range(0, len(acknowledged), 7):
        passages = restarted.ask(f"第{number}号仓库的负责人编号是多少?", top_k=50)["passages"]
        ids = [passage["article_id"] for passage in passages]
        assert len(ids) == len(set(ids))
        assert any(passage["text"] == store(number)["text"] for passage in passages)
    assert restarted.cli("check").returncode == 0


def test_a_background_job_survives_a_kill(run_server: Run) -> None:
    server = run_server()
    status, body = server.request("POST", "/v1/articles?async=true", {"articles": [store(n) for n in range(400)]})
    assert status == 202
    job = body["job"]["id"]
    server.stop(signal.SIGKILL)
    restarted = run_server()
    wait_until(lambda: restarted.request("GET", f"/v1/jobs/{job}")[1]["job"]["state"] == "done")
    assert restarted.request("GET", f"/v1/jobs/{job}")[1]["job"]["done"] == 400
    _, collections = restarted.request("GET", "/v1/collections")
    assert collections["collections"][0]["articles"] == 400


def test_many_clients_are_answered_at_once(run_server: Run) -> None:
    server = run_server()
    ingest(server, [store(n) for n in range(100)])
    wrong: list[object] = []

    def client(first: int) -> None:
        for number in range(first, 100, 8):
            passages = server.ask(f"第{number}号仓库的负责人编号是多少?", top_k=50)["passages"]
            if store(number)["text"] not in [passage["text"] for passage in passages]:
                wrong.append(number)

    clients = [threading.Thread(target=client, args=(first,)) for first in range(8)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert wrong == []


def test_sigterm_ends_the_server_with_code_0(run_server: Run) -> None:
    server = run_server()
    assert server.stop() == 0
    assert not any("Traceback" in line for line in server.lines)


def test_a_taken_port_is_one_clear_line(run_server: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "qa_service", "serve", "--port", str(port)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_samples_are_put_into_an_empty_directory_only(run_server: Run) -> None:
    server = run_server("--samples")
    first = server.request("GET", "/v1/collections")[1]["collections"][0]["articles"]
    assert first >= 24
    ingest(server, [store(1)])
    server.stop()
    again = run_server("--samples")
    assert again.request("GET", "/v1/collections")[1]["collections"][0]["articles"] == first + 1


def wait_until(condition: object, seconds: float = 120.0) -> None:
    """Poll a condition; the limit is only there to end a hanging test."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "never came true"
        time.sleep(0.05)
