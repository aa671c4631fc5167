"""The examples of the README's section on other programs, run as they stand but for the address of the service."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.conftest import Server
from tests.http.service import ROOT, serving

pytestmark = pytest.mark.http

KEY = "the-key-of-the-examples"
ADDRESS = "http://127.0.0.1:8000"
FOUND = "临澜市通报登革热疫情"
LANGUAGES = ("bash", "python", "json")

# Ends the process at once when it looks up or connects to anything but this machine: an exception might be swallowed.
GUARD = """
import os, sys

def guard(event, args):
    if event == "socket.connect":
        host = args[1][0] if isinstance(args[1], tuple) else "localhost"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0] or "localhost"
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if not host.startswith(("127.", "::1", "localhost")):
        os.write(2, f"NETWORK: {event} {host}\\n".encode())
        os._exit(77)

sys.addaudithook(guard)
"""


def examples() -> dict[str, list[tuple[str, str]]]:
    """Give the (language, text) of each fenced block in the section, by heading."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## Use from other programs\n(.*?)(?=^## |\Z)", readme, re.DOTALL | re.MULTILINE)
    assert found, "the README has no section of this name"
    parts = re.split(r"^### (.+)\n", found[1], flags=re.MULTILINE)[1:]
    return {
        heading: re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
    }


def example(heading: str, language: str) -> str:
    """Give the one block of a language under a heading."""
    [block] = [text for name, text in examples()[heading] if name == language]
    return str(block)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("readme")
    with serving(folder, cache_dir, "--samples", QA_API_KEY=KEY, QA_MIN_CONFIDENCE="0") as running:
        yield running


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Iterator[object]:
    """Give a function that runs an example against the server, with the network closed, and gives what it printed."""
    (tmp_path / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")},
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "QA_API_KEY": KEY,
        "PYTHONUTF8": "1",
    }

    def run_example(heading: str, language: str, *, more: str = "") -> str:
        text = example(heading, language)
        assert ADDRESS in text
        text = text.replace(ADDRESS, f"http://127.0.0.1:{server.port}") + more
        command = [sys.executable, "-c", text] if language == "python" else ["bash", "-c", text]
        ran = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", timeout=120, env=environment, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ran.stderr == ""
        return ran.stdout

    yield run_example


def needs(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


def test_there_is_a_test_for_every_example() -> None:
    kinds = {heading: [language for language, _ in blocks] for heading, blocks in examples().items()}
    assert kinds == {
        "curl": ["bash"],
        "The OpenAI library": ["python"],
        "Python": ["python"],
        "LangChain": ["python"],
        "LlamaIndex": ["python"],
        "MCP": ["json"],
    }


def test_the_network_is_closed(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    code = "import socket\ntry: socket.getaddrinfo('host.invalid', 80)\nexcept BaseException: pass"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert (ran.returncode, "host.invalid" in ran.stderr) == (77, True)


def test_curl(run) -> None:  # type: ignore[no-untyped-def]
    if not (shutil.which("curl") and shutil.which("bash")):
        pytest.skip("curl or bash is absent")
    body = json.loads(run("curl", "bash"))
    assert body["object"] == "chat.completion"
    assert FOUND in body["choices"][0]["message"]["content"]


def test_the_openai_library(run) -> None:  # type: ignore[no-untyped-def]
    needs("openai")
    printed = run("The OpenAI library", "python")
    # The answer, the same streamed, and the search.
    assert printed.count(FOUND) >= 3
    assert re.search(r"^\d\.\d\d ", printed, re.MULTILINE)


def test_the_client(run) -> None:  # type: ignore[no-untyped-def]
    printed = run("Python", "python").splitlines()
    assert printed[0].split() == ["n8", "created"]
    assert "末班车凌晨3点" in printed[1]
    assert any(line.endswith("夜班车 ") for line in printed[2:])
    assert len(printed) == 5


def test_langchain(run) -> None:  # type: ignore[no-untyped-def]
    needs("langchain_core")
    more = "\nimport asyncio\nprint(len(asyncio.run(retriever.ainvoke('临澜登革热有多少例？'))), 'at once')"
    printed = run("LangChain", "python", more=more)
    assert FOUND in printed
    assert "5 at once" in printed


def test_llama_index(run) -> None:  # type: ignore[no-untyped-def]
    needs("llama_index")
    more = "\nimport asyncio\nprint(len(asyncio.run(retriever.aretrieve('临澜登革热有多少例？'))), 'at once')"
    printed = run("LlamaIndex", "python", more=more)
    assert FOUND in printed
    assert "5 at once" in printed


def test_mcp(server: Server) -> None:
    mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
    [(name, given)] = json.loads(example("MCP", "json"))["mcpServers"].items()
    assert (name, given["command"]) == ("qa-service", "qa-service")
    arguments = [one.replace(ADDRESS, f"http://127.0.0.1:{server.port}") for one in given["args"]]
    assert arguments != given["args"]
    # The command as it is here, whether or not the project is on the path.
    started = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "qa_service", *arguments],
        env={"QA_API_KEY": KEY, "PYTHONPATH": str(ROOT)},
    )

    async def search() -> object:
        async with mcp.Client(started) as client:
            return await client.call_tool("search", {"question": "临澜登革热有多少例？"})

    assert FOUND in str(asyncio.run(search()))
