"""Chromium as the distribution packages it, on pages of a running service; what goes wrong in a page fails its test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.library import ARTICLES
from tests.browser.relay import Relay
from tests.http.conftest import Server
from tests.http.service import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
KEY = "right-key"
PATIENCE = 60_000
"""Milliseconds: a slow machine is no fault of the page."""
Open = Callable[..., "Page"]


@dataclass
class Watch:
    """What a page did that it must not do; `expected` begins the console's lines that a test brings about."""

    origin: str
    faults: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def console(self, message: ConsoleMessage) -> None:
        """Note an error; a violation of the security policy is one."""
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def request(self, url: str) -> None:
        """Note a request to another origin."""
        if not url.startswith((self.origin + "/", "blob:" + self.origin, "data:")):
            self.faults.append(f"asked for {url}")

    def check(self) -> None:
        """Fail if there was anything."""
        assert [fault for fault in self.faults if not fault.startswith(self.expected or ("\0",))] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium for one module: while it runs, other tests cannot use asyncio in this thread."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"none of {', '.join(PROGRAMS)} is on PATH")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=program, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    """Run one open service with the articles of `library` and an empty collection."""
    with serving(tmp_path_factory.mktemp("page"), cache_dir) as server:
        for collection, articles in ARTICLES.items():
            status, body = server.request("POST", f"/v1/articles?collection={collection}", {"articles": articles})
            assert status == 200, body
        server.request("PUT", "/v1/collections/empty")
        yield server


@pytest.fixture
def relay(service: Server) -> Iterator[Relay]:
    """Stand between the page and the service, to break what it sends."""
    with Relay(service.port) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, service: Server) -> Iterator[Open]:
    """Open pages: `open_page(port=, path=, expected=, **context options)`; each is checked when the test ends."""
    opened: list[tuple[Any, Watch]] = []

    def open_page(
        port: int = service.port, path: str = "/", expected: tuple[str, ...] = (), ready: bool = True, **options: Any
    ) -> Page:
        origin = f"http://127.0.0.1:{port}"
        watch = Watch(origin, expected=expected)
        context = browser.new_context(**{"locale": "en-US", "viewport": {"width": 1100, "height": 800}, **options})
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", watch.console)
        page.on("pageerror", lambda error: watch.faults.append(str(error)))
        page.on("request", lambda request: watch.request(request.url))
        opened.append((context, watch))
        page.goto(origin + path)
        if ready:
            page.wait_for_selector("#collection option", state="attached")
        return page

    yield open_page
    for context, watch in opened:
        context.close()
        watch.check()


def ask(page: Page, question: str) -> Any:
    """Type a question, press Enter, and wait for the end of its answer; gives its turn."""
    count = page.locator(".turn").count()
    page.fill("#question", question)
    page.press("#question", "Enter")
    turn = page.locator(".turn").nth(count)
    turn.locator(".took, .note").wait_for()
    return turn


def choose(page: Page, collection: str) -> None:
    """Choose a collection for the next question."""
    page.select_option("#collection", collection)
