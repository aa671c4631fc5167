"""A conversation in Open WebUI's page, in headless Chromium, and what the browser asked for meanwhile."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from articles import (
    FOLLOW_UP,
    FOLLOW_UP_ANSWER,
    FOREIGN,
    LINK_ANSWER,
    LINK_QUESTION,
    MARKUP_ANSWER,
    MARKUP_QUESTION,
    PLAIN_ANSWER,
    PLAIN_QUESTION,
    TWICE_ANSWER,
    TWICE_QUESTION,
)
from checks import Checks, Trouble
from relay import Call, Relay

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
_PATIENCE = 60_000
_BACKGROUND = {"title", "tags", "follow_ups"}
_BACKGROUND_WITHIN = 30
# What the markup of the trial's articles would make in the page. A bare address becomes a link whatever surrounds it.
_MADE = f"img[src*='{FOREIGN}'], iframe, script, strong, .katex, a[href*='{FOREIGN}']:not(:text-matches('^https?://'))"


def check_browser(checks: Checks, web: str, relay: Relay, scratch: Path, chromium: str) -> None:
    """Ask in the page, open the sources, and look at everything that the browser asked for.

    Errors:
        Trouble: there is no Playwright, or no browser.
    """
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - an extra
    except ImportError:
        raise Trouble("Playwright is missing; install the extra `test`, or give --no-browser") from None
    if not Path(chromium).exists():
        raise Trouble(f"there is no {chromium}; install Debian's chromium, or give --chromium FILE or --no-browser")
    asked_for: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 1100}, locale="zh-CN")
        context.on("request", lambda request: asked_for.append(request.url))
        page = context.new_page()
        page.set_default_timeout(_PATIENCE)
        try:
            _converse(checks, page, web, relay, scratch)
        except Error as error:
            checks.check("browser: the page is as expected", holds=False, seen=str(error).split("\n")[0])
            page.screenshot(path=scratch / "failed.png")
        finally:
            browser.close()
    hosts = {urlsplit(url).netloc for url in asked_for if urlsplit(url).scheme not in ("data", "blob")}
    foreign = [url for url in asked_for if urlsplit(url).netloc in hosts - {urlsplit(web).netloc}]
    checks.check("browser: no request to a foreign host", not foreign, foreign or f"{len(asked_for)} requests, 1 host")


def _converse(checks: Checks, page: Page, web: str, relay: Relay, scratch: Path) -> None:
    page.goto(web)
    answer, call = _ask(page, relay, PLAIN_QUESTION)
    _check_answer(checks, answer, "answer", PLAIN_ANSWER)
    _check_background(checks, page, relay)
    _check_sources(checks, page, answer, call, scratch / "answer")
    answer, _ = _ask(page, relay, FOLLOW_UP)
    _check_answer(checks, answer, "follow-up", FOLLOW_UP_ANSWER)
    page.screenshot(path=scratch / "follow-up.png")
    answer, call = _ask(page, relay, TWICE_QUESTION)
    _check_answer(checks, answer, "answer from two articles", TWICE_ANSWER)
    _check_sources(checks, page, answer, call, scratch / "two")
    checks.check("browser: it has two sources", len(set(call.marks())) > 1, call.marks())
    answer, call = _ask(page, relay, LINK_QUESTION)
    _check_answer(checks, answer, "answer from an article whose title is a link", LINK_ANSWER)
    _check_sources(checks, page, answer, call, scratch / "link")
    answer, call = _ask(page, relay, MARKUP_QUESTION)
    _check_answer(checks, answer, "answer from an article with markup", MARKUP_ANSWER)
    _check_sources(checks, page, answer, call, scratch / "markup")
    made = answer.locator(_MADE)
    checks.check("browser: its markup stays text", made.count() == 0, _html(made))


def _check_answer(checks: Checks, answer: Locator, name: str, expected: str) -> None:
    text = answer.locator("#response-content-container").inner_text()
    checks.check(f"browser: the {name}", expected in text, text)


def _ask(page: Page, relay: Relay, question: str) -> tuple[Locator, Call]:
    """Type a question, and wait for the answer with its sources; give also what the service said."""
    answers = page.locator(".chat-assistant")
    before = answers.count()
    if not before:
        page.locator("#chat-input").wait_for()
        page.wait_for_timeout(1500)
        # News of the release cover the page the first time.
        page.keyboard.press("Escape")
    page.locator("#chat-input").click()
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    answer = answers.nth(before)
    answer.locator("button[aria-expanded]").last.wait_for()
    end = time.monotonic() + _PATIENCE / 1000
    while not (call := relay.question(question)):
        if time.monotonic() > end:
            raise Trouble(f"the service never answered {question}")
        page.wait_for_timeout(200)
    # Icons of sources, if any, are asked for after they are shown.
    page.wait_for_timeout(1500)
    return answer, call


def _check_sources(checks: Checks, page: Page, answer: Locator, call: Call, picture: Path) -> None:
    """Compare the marks shown with the list of sources and with what the service sent, and open the first source."""
    marks = answer.locator("#response-content-container :is(p, li, blockquote) button[aria-label]")
    # The visible text of a mark is shortened.
    shown = [" ".join((mark.get_attribute("aria-label") or "").split()) for mark in marks.all()]
    answer.locator("button[aria-expanded]").last.click()
    entries = answer.locator("button[id^=source-]")
    entries.first.wait_for()
    listed = [" ".join(entry.inner_text().split()).partition(" ")[2] for entry in entries.all()]
    checks.check("browser: the sources under their titles", bool(listed) and listed == call.titles(), listed)
    wanted = [listed[number - 1] if number <= len(listed) else "?" for number in call.marks()]
    is_matched = len(shown) == len(wanted) > 0 and all(map(str.endswith, shown, wanted))
    checks.check(
        "browser: each mark is the source of its number", is_matched, list(zip(call.marks(), shown, strict=False))
    )
    page.screenshot(path=picture.with_suffix(".png"))
    marks.first.click()
    window = page.locator(".modal[role=dialog]").last
    window.wait_for()
    page.wait_for_timeout(1000)
    page.screenshot(path=picture.with_name(picture.name + "-source.png"))
    link = window.locator("a[target=_blank]").first
    target = link.get_attribute("href") if link.count() else None
    is_link = bool(target and target.startswith(("http://", "https://")))
    checks.check("browser: the source's link", is_link, target or "none")
    made = window.locator(_MADE)
    checks.check("browser: the passage is shown as plain text", made.count() == 0, _html(made))
    page.keyboard.press("Escape")
    window.wait_for(state="hidden")


def _html(found: Locator) -> str:
    return " ".join(element.evaluate("element => element.outerHTML") for element in found.all()) or "no element of it"


def _check_background(checks: Checks, page: Page, relay: Relay) -> None:
    """Look at what Open WebUI asked on its own account."""
    end = time.monotonic() + _BACKGROUND_WITHIN
    found: dict[str, Call] = {}
    while time.monotonic() < end and set(found) < _BACKGROUND:
        page.wait_for_timeout(500)
        for call in relay.calls:
            if call.is_background:
                found[_form(call.reply())] = call
    seen = {form: f"{call.reply()} {call.took * 1000:.0f} ms" for form, call in found.items()}
    checks.check("browser: background prompts answered as JSON", set(found) == _BACKGROUND, seen)
    searched = [call.reply() for call in found.values() if '"passages"' in call.answer or "event" in call.answer]
    checks.check("browser: they are answered without a search", not searched, searched or "no passages, no sources")
    title = json.loads(found["title"].reply())["title"] if "title" in found else "?"
    checks.check("browser: the conversation has its title", page.get_by_text(title, exact=True).count() > 0, title)


def _form(reply: str) -> str:
    try:
        return str(next(iter(json.loads(reply))))
    except (ValueError, StopIteration, TypeError):
        return reply
