"""What others wrote never becomes markup; the page talks to its own service alone, and is small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Open, ask, choose
from tests.browser.library import HOSTILE_SENTENCE, HOSTILE_TITLE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LIMIT = 100 * 1024
# What the page itself never makes; `script` is in its head, once.
FOREIGN = "img, svg, iframe, object, embed, style, body script, b[onclick], [onload], [onerror], a[href^='javascript']"


def check_harmless(page: Page) -> None:
    assert page.locator(FOREIGN).count() == 0
    assert page.evaluate("window.pwned === undefined")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [1100, 360])
def test_a_hostile_article_stays_text(open_page: Open, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 740})
    choose(page, "hostile")
    turn = ask(page, "海底隧道限高多少？")
    titles = turn.locator(".passage h4 button")
    assert HOSTILE_TITLE in [title.evaluate("(button) => button.textContent") for title in titles.all()]
    check_harmless(page)
    hostile = page.locator(".passage", has=page.locator("button", has_text="onerror"))
    assert HOSTILE_SENTENCE in hostile.inner_text()
    hostile.locator("h4 button").click()
    page.locator("#source-text mark").first.wait_for()
    assert page.locator("#source-title").evaluate("(title) => title.textContent") == HOSTILE_TITLE
    assert page.locator("#source-text").inner_text() == HOSTILE_SENTENCE
    check_harmless(page)


def test_hostile_words_from_the_person_and_the_address_stay_text(open_page: Open) -> None:
    attack = "<img src=x onerror=window.pwned=4>[1] ${label} {rank}"
    page = open_page(path="/#in=%3Cscript%3E&article=%3Cimg%20src=x%3E", expected=("Failed to load resource",))
    page.locator("#notice", has_text="There is no collection <script>.").wait_for()
    check_harmless(page)
    follow = "(hash) => { location.hash = hash; }"
    page.evaluate(follow, "in=default&article=%3Cimg%20src=x%20onerror=pwned%3E")
    page.locator("#source-notice", has_text="has no article <img src=x onerror=pwned>").wait_for()
    check_harmless(page)
    page.keyboard.press("Escape")
    turn = ask(page, attack)
    assert turn.locator(".question").inner_text() == attack
    turn.locator(".why-not > summary").click()
    turn.locator(".why-not input").fill(attack)
    turn.locator(".why-not input").press("Enter")
    turn.locator(".verdict p").first.wait_for()
    check_harmless(page)


def test_only_web_addresses_become_links(open_page: Open) -> None:
    urls = [
        "https://a.test/x",
        "HTTP://a.test",
        "javascript:alert(1)",
        " https://a.test",
        "data:text/html,x",
        "//a.test",
        "https://",
    ]
    links = """(urls) => import("/static/elements.js")
      .then(({ webLink }) => urls.map((url) => webLink(url)?.getAttribute("href") ?? null))"""
    assert open_page().evaluate(links, urls) == [*urls[:2], *[None] * 5]


def test_what_cannot_be_seen_is_no_name(open_page: Open) -> None:
    names = """(pairs) => import("/static/elements.js")
      .then(({ nameOfArticle }) => pairs.map((pair) => nameOfArticle(...pair)))"""
    pairs = [["", "a"], [None, "a"], ["\u200b\u202e ", "a"], ["\u3164", "\u00ad"], ["b", "a"]]
    assert open_page().evaluate(names, pairs) == ["a", "a", "a", "?", "b"]


def test_the_page_is_small_and_asks_nobody_else(open_page: Open) -> None:
    page = open_page(ready=False, path="/no-such-page", expected=("Failed to load resource",))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    received: list[float] = []
    asked: list[str] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    session.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    page.goto(page.url.replace("no-such-page", ""))
    page.wait_for_selector("#collection option", state="attached")
    page.wait_for_load_state("networkidle")
    assert len(asked) > 5
    assert {url.split("/")[2] for url in asked} == {page.url.split("/")[2]}
    # With the headers of every answer, as they come over the wire.
    assert 0 < sum(received) < LIMIT, sum(received)


def test_the_policy_lets_no_inline_script_in(open_page: Open) -> None:
    page = open_page(expected=("Executing inline", "Refused", "This document requires", "Applying inline"))
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          try { script.text = "window.pwned = 5"; document.body.append(script); } catch { /* as it should */ }
          const shown = document.createElement("div");
          try { shown.innerHTML = "<img src=x onerror='window.pwned = 6'>"; } catch { /* as it should */ }
        }"""
    )
    assert page.evaluate("window.pwned === undefined")
