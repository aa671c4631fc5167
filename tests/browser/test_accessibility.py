"""No serious fault by axe-core in any state, with the keyboard alone, on a phone, in the dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Open, ask

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = pytest.mark.browser

QUESTION = "第二社区医院的院长是谁？"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LOOKS: dict[str, dict[str, Any]] = {"light": {}, "dark": {"color_scheme": "dark"}, "phone": PHONE}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check(page: Page, state: str) -> None:
    """Fail on what axe-core calls serious or critical, and on a page wider than its window."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in grave] == [], state
    assert page.evaluate(SIDEWAYS) <= 0, state


@pytest.mark.parametrize("look", LOOKS)
def test_no_serious_fault_in_any_state(open_page: Open, look: str) -> None:
    page = open_page(**LOOKS[look])
    check(page, "start")
    turn = ask(page, QUESTION)
    turn.locator(".passage .why > summary").first.click()
    turn.locator(".why-not > summary").click()
    turn.locator(".farther > summary").click()
    turn.locator(".more").first.click()
    check(page, "answered")
    ask(page, "quantum chromodynamics")
    check(page, "no answer")
    page.locator(".turn").last.locator(".passage h4 button").first.click()
    page.locator("#source-text mark").first.wait_for()
    check(page, "article")
    page.keyboard.press("Escape")
    page.click("#key")
    check(page, "key")
    page.keyboard.press("Escape")
    page.click("#add")
    page.locator("#add-panel").wait_for()
    taken: FilePayload = {"name": f"axe-{look}.txt", "mimeType": "text/plain", "buffer": "斧头。".encode()}
    refused: FilePayload = {"name": "blank.txt", "mimeType": "text/plain", "buffer": b" "}
    page.set_input_files("#add-files", [taken, refused])
    page.select_option("#add-into", "")
    page.fill("#add-name", "axe")
    page.click("#add-start")
    page.locator("#add-close:focus").wait_for()
    check(page, "added")


def focused(page: Page) -> str:
    found: str = page.evaluate("[document.activeElement].map((one) => one.id || one.className || one.tagName)[0]")
    return found


def test_the_keyboard_gets_everywhere(open_page: Open) -> None:
    page = open_page()
    assert focused(page) == "question"
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".took").wait_for()
    met = ["question"]
    while met[-1] != "skip" and len(met) < 60:
        page.keyboard.press("Shift+Tab")
        met.append(focused(page))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", met
    wanted = ["question", "link", "cite", "key", "add", "new", "language", "skip"]
    once = [name for name in wanted if met.count(name) == 1]
    assert [name for name in met if name in once] == once
    assert set(wanted) <= set(met)
    box = page.locator("#skip").bounding_box()
    assert box is not None and box["x"] >= 0
    page.keyboard.press("Enter")
    assert focused(page) == "question"


def test_dark_is_dark_and_motion_can_be_had_without(open_page: Open) -> None:
    page = open_page(color_scheme="dark", reduced_motion="reduce")
    channels = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert max(channels[:3]) < 60
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    ask(page, QUESTION)
    assert page.evaluate("document.getAnimations().length") == 0
