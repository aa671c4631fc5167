"""From a passage to the article's sentence, to its copies, and to why it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.browser.conftest import Open, ask
from tests.browser.library import BUS, BUS_SENTENCE, CLINIC_SENTENCE, FILLER

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

QUESTION = "第二社区医院的院长是谁？"
BUS_QUESTION = "夜班车N8从五月一日起每几分钟一班？"
# Whether the first mark of a class lies within what its scrolling box shows.
IN_VIEW = """(name) => {
  const mark = document.querySelector(`#source-text .${name}`).getBoundingClientRect();
  const box = document.querySelector("#source-text").getBoundingClientRect();
  return mark.top >= box.top && mark.bottom <= box.bottom;
}"""


def follow(page: Page, link: str) -> None:
    page.evaluate("(hash) => { location.hash = hash; }", link)


def becomes(page: Page, expression: str) -> None:
    """Wait until an expression holds; the page's policy forbids Playwright's own way, which evaluates in the page."""
    for _ in range(500):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(20)
    raise AssertionError(expression)


def marked(page: Page, name: str = "answer-mark") -> str:
    page.locator(f"#source-text .{name}").first.wait_for()
    return "".join(page.locator(f"#source-text .{name}").all_inner_texts())


def test_the_article_opens_at_the_sentence(open_page: Open) -> None:
    page = open_page()
    turn = ask(page, QUESTION)
    assert turn.locator(".passage").first.locator(".answer-mark").inner_text() == CLINIC_SENTENCE
    title = turn.locator(".passage h4 button").first
    title.click()
    assert marked(page) == CLINIC_SENTENCE
    assert page.evaluate(IN_VIEW, "answer-mark")
    assert page.locator("#source-text").evaluate("(box) => box.scrollTop") > 0
    # A selection that ends outside closes nothing; a click there does.
    box = page.locator("#source-text").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(5, 400)
    page.mouse.up()
    assert page.locator("#source").is_visible()
    page.mouse.click(5, 400)
    assert not page.locator("#source").is_visible()
    becomes(page, "document.querySelector('#source-text').textContent === ''")
    assert title.evaluate("(button) => button === document.activeElement")


def test_a_link_opens_the_article_with_its_span(open_page: Open) -> None:
    start = len(FILLER)
    span = f"start={start}&end={start + len(CLINIC_SENTENCE)}"
    page = open_page(path=f"/#in=default&article=clinic&{span}", expected=("Failed to load resource",))
    assert marked(page) == CLINIC_SENTENCE
    assert page.evaluate(IN_VIEW, "answer-mark")
    page.keyboard.press("Escape")
    becomes(page, "location.hash === ''")  # it was put away
    # Another link in the same tab.
    follow(page, f"in=default&article={quote('bus/夜班', safe='')}&start=0&end=3")
    page.locator("#source-title", has_text="夜班车N8开通").wait_for()
    assert marked(page) == BUS[:3]
    page.keyboard.press("Escape")
    follow(page, "in=default&article=no-such&start=x&end=9")
    page.locator("#source-notice", has_text="The collection default has no article no-such.").wait_for()


def test_copies_are_listed_and_open(open_page: Open) -> None:
    page = open_page()
    turn = ask(page, BUS_QUESTION)
    first = turn.locator(".passage").first
    shown = first.locator("h4").inner_text()
    titles = {"夜班车N8开通", "转载：夜班车N8"}
    copies = first.locator(".copies button")
    assert {shown, *copies.all_inner_texts()} == titles
    copies.click()
    [other] = titles - {shown}
    page.locator("#source-title", has_text=other).wait_for()
    assert marked(page, "passage-mark") == BUS


def test_facts_of_a_passage(open_page: Open) -> None:
    page = open_page()
    turn = ask(page, BUS_QUESTION)
    assert turn.locator(".passage .answer-mark").first.inner_text() == BUS_SENTENCE
    confidence = turn.locator(".confidence b").inner_text()
    assert turn.locator(".passage").first.locator(".heading .facts").inner_text() == f"score {confidence}"
    bus = page.locator(".passage", has=page.get_by_role("button", name="夜班车N8开通"))
    if bus.locator("time").count() == 0:  # the copy stands for it
        bus.get_by_role("button", name="夜班车N8开通").click()
        bus = page.locator("#source")
        bus.locator("a").wait_for()
    assert bus.get_by_text("2024-05-01").count() == 1
    link = bus.get_by_role("link", name="example.org")
    assert link.get_attribute("href") == "https://example.org/n8"
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_excerpts_open_and_close(open_page: Open) -> None:
    page = open_page()
    turn = ask(page, QUESTION)
    assert turn.locator(".farther .passage").first.locator(".rank").text_content() == "2"
    assert not turn.locator(".farther .passage").first.is_visible()  # it has hardly to do with the question
    turn.locator(".farther > summary").click()
    short = turn.locator(".passage", has=page.locator(".more")).first
    quoted = short.locator(".quote")
    before = quoted.inner_text()
    assert "…" in before
    short.locator(".more").click()
    assert short.locator(".more").get_attribute("aria-expanded") == "true"
    assert len(quoted.inner_text()) > len(before)
    short.locator(".more").click()
    assert quoted.inner_text() == before


def test_why_a_passage_is_there_and_another_article_is_not(open_page: Open) -> None:
    page = open_page()
    turn = ask(page, QUESTION)
    first = turn.locator(".passage").first
    first.locator(".why > summary").click()
    stages = first.locator(".why th[scope=row]").all_inner_texts()
    assert stages[:3] == ["passage as a whole", "best sentence", "words (BM25)"]
    first.locator(".word-mark").first.wait_for()
    first.locator(".why > summary").click()
    first.locator(".word-mark").first.wait_for(state="detached")
    turn.locator(".why-not > summary").click()
    turn.locator(".why-not input").fill("library")
    turn.get_by_role("button", name="Explain").click()
    assert page.evaluate("document.activeElement !== document.body")
    turn.locator(".verdict .reason").wait_for()
    assert turn.locator(".verdict table").count() == 1


def test_an_answer_is_copied_without_its_marks(open_page: Open) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    turn = ask(page, QUESTION)
    turn.get_by_role("button", name="Copy").click()
    turn.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == CLINIC_SENTENCE
