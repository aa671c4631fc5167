"""Windows of every kind: narrow, low, on paper, in the system's colours; and a page that does not come whole."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Open, ask
from tests.browser.test_questions import PHONE, QUESTION, SEEN

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1100, "height": 700}])
def test_a_mark_leads_to_the_sentence(open_page: Open, viewport: dict[str, int]) -> None:
    page = open_page(viewport=viewport, reduced_motion="reduce")
    turn = ask(page, QUESTION)
    page.evaluate("scrollTo(0, 0)")
    turn.locator(".cite").click()
    assert turn.locator(".passage").first.locator(".answer-mark").evaluate(SEEN)
    # In the whole passage, too.
    more = turn.locator(".passage").first.locator(".more")
    assert (more.count() > 0) == (viewport == PHONE)
    if viewport == PHONE:
        more.click()
        turn.locator(".cite").click()
        assert turn.locator(".passage").first.locator(".answer-mark").evaluate(SEEN)


def test_a_low_window_is_not_covered_by_the_field(open_page: Open) -> None:
    page = open_page(viewport={"width": 800, "height": 360})
    assert page.locator("#ask").evaluate("(form) => getComputedStyle(form).position") == "relative"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_paper_has_the_answer_and_no_controls(open_page: Open) -> None:
    page = open_page(color_scheme="dark")
    turn = ask(page, QUESTION)
    page.emulate_media(media="print")
    for part in ("#ask", ".menu", "#language"):
        assert not page.locator(part).is_visible()
    for part in (".question", "p.text", ".passage"):
        assert turn.locator(part).first.is_visible()
    channels = page.evaluate("getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")
    assert max(channels[:3]) < 60  # dark on white
    turn.locator(".passage h4 button").first.evaluate("(button) => button.click()")
    page.locator("#source-text mark").first.wait_for()
    assert not turn.is_visible()
    assert page.locator("#source-text").evaluate("(box) => box.scrollHeight <= box.clientHeight")


def test_marks_are_told_apart_in_the_colours_of_the_system(open_page: Open) -> None:
    page = open_page(forced_colors="active")
    turn = ask(page, QUESTION)
    mark = turn.locator(".answer-mark").first
    ground = "(element) => getComputedStyle(element).backgroundColor"
    assert mark.evaluate(ground) != turn.locator(".passage").first.evaluate(ground)


def test_without_its_words_the_page_speaks_english(open_page: Open) -> None:
    page = open_page(ready=False, path="/no-such-page", expected=("Failed to load resource",), locale="zh-CN")
    page.context.route("**/words-zh-hans.js", lambda route: route.abort())
    page.goto(page.url.replace("no-such-page", ""))
    page.wait_for_selector("#submit:enabled")
    assert page.input_value("#language") == "en"
    assert page.locator("#submit").inner_text() == "Ask"
    assert ask(page, QUESTION).locator(".caption h3").inner_text() == "Answer"


def test_what_is_asked_too_early_is_asked_later(open_page: Open) -> None:
    page = open_page(ready=False, path="/no-such-page", expected=("Failed to load resource",))
    page.context.route("**/v1/collections", lambda route: route.abort())
    page.goto(page.url.replace("no-such-page", ""))
    page.locator("#notice", has_text="cannot be reached").wait_for()
    assert page.locator("#submit").is_disabled()
    page.context.unroute("**/v1/collections")
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    page.locator(".took").wait_for()
    assert page.locator("#submit").is_enabled()
