"""A service that asks for a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import KEY, Open, ask
from tests.http.conftest import Server
from tests.http.service import serving

pytestmark = pytest.mark.browser

REFUSED = ("Failed to load resource: the server responded with a status of 401",)
STORES = "[sessionStorage, localStorage].map((store) => JSON.stringify(store))"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("guarded"), cache_dir, QA_API_KEY=KEY) as server:
        yield server


def test_a_wrong_key_then_the_right_one(open_page: Open, guarded: Server) -> None:
    page = open_page(guarded.port, expected=REFUSED, ready=False)
    page.locator("#key-reason", has_text="This service asks for a key.").wait_for()
    for wrong in ("wrong-key", "wrong-key", "中文"):
        page.keyboard.type(wrong)
        page.keyboard.press("Enter")
        page.locator("#key-reason", has_text="The service refused that key.").wait_for()
        page.locator("#key-field:focus").wait_for()
        page.fill("#key-field", "")
    page.fill("#key-field", KEY)
    page.keyboard.press("Enter")
    page.wait_for_selector("#collection option", state="attached")
    assert not page.locator("#key-panel").is_visible()
    turn = ask(page, "在吗？")
    assert turn.locator(".took").count() == 1
    session, local = page.evaluate(STORES)
    assert KEY in session
    assert KEY not in local + page.url + page.content()
    assert page.input_value("#key-field") == ""
    page.reload()  # kept for the tab
    page.wait_for_selector("#collection option", state="attached")


def test_what_was_asked_goes_on_with_a_key(open_page: Open, guarded: Server) -> None:
    page = open_page(guarded.port, expected=REFUSED, ready=False)
    page.fill("#key-field", KEY)
    page.keyboard.press("Enter")
    page.wait_for_selector("#collection option", state="attached")
    page.click("#key")
    page.click("#key-forget")
    page.locator("#key-reason", has_text="This service asks for a key.").wait_for()
    page.keyboard.press("Escape")
    page.locator("#notice", has_text="none was given").wait_for()
    page.fill("#question", "在吗？")
    page.press("#question", "Enter")
    page.locator("#key-panel").wait_for()
    page.fill("#key-field", KEY)
    page.keyboard.press("Enter")
    page.locator(".took").wait_for()
    page.locator("#notice").wait_for(state="hidden")  # it said that there is none
