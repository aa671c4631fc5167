"""A rebuild with another model while the server is asked and written: nobody notices but by the answers' model."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http.conftest import Run, Server
from tests.http.test_server import ingest, store

pytestmark = pytest.mark.http

OTHER = "toy-64"


def question(number: int) -> str:
    return f"第{number}号仓库的负责人编号是多少?"


class Asking:
    """Asks in a loop and notes what went wrong."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(place,)) for place in range(2)]
        self.wrong: list[object] = []
        self.asked = 0
        for thread in self._threads:
            thread.start()

    def _run(self, place: int) -> None:
        number = place
        while not self._ended.is_set():
            number = (number + 7) % 40
            body = {"question": question(number), "min_confidence": 0}
            status, answer = self._server.request("POST", "/v1/ask", body)
            self.asked += 1
            if status != 200 or answer["passages"][0]["article_id"] != f"a{number}":
                self.wrong.append((status, number, answer))

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


def written(server: Server, number: int) -> None:
    """Write until it is taken: the moment at which the new index takes over may refuse it once, and says so."""
    body = {"articles": [{"id": f"w{number}", "text": f"第{number}封信是给王先生的。"}]}
    for _ in range(100):
        status, answer = server.request("POST", "/v1/articles", body)
        if status == 200:
            return
        assert status == 503 and "try again" in str(answer), answer
        time.sleep(0.05)
    raise AssertionError("refused for long")


def test_the_server_goes_on_with_the_new_model_without_a_pause(run_server: Run, tmp_path: Path) -> None:
    server = run_server()
    ingest(server, [store(n) for n in range(40)])
    ingest(server, [{"id": f"gone{n}", "text": f"第{n}张旧海报。"} for n in range(10)])
    asking = Asking(server)
    writer = run_until_done(server)
    rebuilt = Server(server.process, {**server.environment, "QA_MODEL": OTHER}).cli("rebuild")
    count = writer()
    asking.end()
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert f"the server answers with the model {OTHER} now" in rebuilt.stdout
    assert asking.wrong == []
    assert asking.asked > 20
    _, page = server.request("GET", "/v1/articles?limit=200")
    wanted = {f"a{n}" for n in range(40)} | {f"w{n}" for n in range(count)} | {f"gone{n}" for n in range(count, 10)}
    assert {row["id"] for row in page["articles"]} == wanted
    # A command with the old model is refused, one with the new one works beside the server.
    refused = server.cli("ask", question(3))
    assert refused.returncode == 1 and "qa-service rebuild" in refused.stderr
    new = Server(server.process, {**server.environment, "QA_MODEL": OTHER})
    assert new.cli("check").stdout == "all is well\n"
    assert new.cli("backup", str(tmp_path / "backup.tar")).returncode == 0
    server.stop(signal.SIGKILL)
    again = run_server(model=OTHER)
    assert again.ask(question(3), min_confidence=0)["passages"][0]["article_id"] == "a3"
    assert not (tmp_path / "data" / "successor").exists()
    again.stop()
    assert new.cli("check").stdout == "all is well\n"


def run_until_done(server: Server) -> Callable[[], int]:
    """Write and delete beside the rebuild; the function given ends it and tells how many of each there were."""
    ended, count = threading.Event(), [0]

    def run() -> None:
        while not ended.is_set():
            written(server, count[0])
            if count[0] < 10:
                for _ in range(100):
                    status, _answer = server.request("DELETE", f"/v1/articles/gone{count[0]}")
                    if status in (204, 404):
                        break
                    time.sleep(0.05)
            count[0] += 1
            time.sleep(0.1)

    thread = threading.Thread(target=run)
    thread.start()

    def end() -> int:
        ended.set()
        thread.join()
        return count[0]

    return end
