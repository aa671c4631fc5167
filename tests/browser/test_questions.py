"""What is asked: too long, refused, of a collection that is gone, before another is answered, in passing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.browser.conftest import Open, ask, choose
from tests.browser.library import CLINIC_SENTENCE
from tests.browser.relay import Relay
from tests.http.conftest import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

QUESTION = "第二社区医院的院长是谁？"
FAILED = ("Failed to load resource",)
PHONE = {"width": 360, "height": 640}
# Whether something is in the window, and not behind the field.
SEEN = """(element) => {
  const box = element.getBoundingClientRect();
  const form = document.querySelector("#ask").getBoundingClientRect();
  return box.height > 0 && box.top >= 0 && box.bottom <= Math.min(form.top, innerHeight);
}"""


def enter(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")


def test_a_question_that_is_too_long_stays_in_its_field(open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    ask(page, QUESTION)
    enter(page, "长" * 4001)
    notice = page.locator("#notice", has_text="The question has 4001 characters; 4000 are allowed.")
    notice.wait_for()
    box = notice.bounding_box()
    assert box is not None and 0 <= box["y"] <= PHONE["height"] - box["height"]
    assert page.input_value("#question") == "长" * 4001
    assert page.locator(".turn").count() == 1
    page.fill("#question", "")
    page.evaluate("document.activeElement.blur()")
    page.click("#submit")  # nothing to ask: the field is where to go
    assert page.evaluate("document.activeElement.id") == "question"


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1100, "height": 400}])
def test_a_long_question_leaves_room_for_its_answer(open_page: Open, viewport: dict[str, int]) -> None:
    page = open_page(viewport=viewport, reduced_motion="reduce")
    asked = QUESTION + "请说明。" * 300
    turn = ask(page, asked)
    assert turn.locator(".text").first.evaluate(SEEN)
    heading = turn.locator(".question span")
    low = heading.evaluate("(element) => element.offsetHeight")
    turn.get_by_role("button", name="Show the whole question").click()
    assert heading.evaluate("(element) => element.offsetHeight") > low
    assert heading.inner_text() == asked
    assert "q=" not in page.url  # an address has its limits
    ask(page, asked)
    assert page.locator(".turn").last.locator(".text").first.evaluate(SEEN)


def test_a_question_that_is_refused_goes_back_to_its_field(open_page: Open) -> None:
    page = open_page(expected=FAILED)
    enter(page, "？！")
    page.locator("#notice", has_text="Type a question first.").wait_for()
    assert page.input_value("#question") == "？！"
    assert page.locator(".turn").count() == 0
    assert "#" not in page.url
    enter(page, QUESTION)
    page.locator(".took").wait_for()
    assert not page.locator("#notice").is_visible()


def test_a_collection_that_is_gone_is_said_and_leaves_the_list(open_page: Open, service: Server) -> None:
    service.request("PUT", "/v1/collections/passing")
    page = open_page(expected=FAILED, locale="zh-CN")
    choose(page, "passing")
    assert service.request("DELETE", "/v1/collections/passing")[0] == 204
    enter(page, QUESTION)
    page.locator("#notice", has_text="没有名为 passing 的文集").wait_for()
    assert page.input_value("#question") == QUESTION
    page.locator("#collection option[value=passing]").wait_for(state="detached")


def test_a_link_to_an_unknown_collection_asks_no_other(open_page: Open, relay: Relay) -> None:
    page = open_page(relay.port, path=f"/#in=elsewhere&q={quote(QUESTION)}")
    page.locator("#notice", has_text="There is no collection elsewhere.").wait_for()
    assert page.input_value("#question") == QUESTION
    assert relay.asked == []
    page.evaluate("location.hash = 'article='")
    page.locator("#notice").wait_for(state="hidden")
    assert not page.locator("#source").is_visible()


def test_the_list_is_looked_at_again_when_the_page_comes_back(open_page: Open, service: Server) -> None:
    page = open_page()
    service.request("PUT", "/v1/collections/later")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#collection option[value=later]", state="attached")
    assert service.request("DELETE", "/v1/collections/later")[0] == 204


def test_small_talk_is_a_plain_reply(open_page: Open) -> None:
    page = open_page()
    enter(page, "你好")
    page.locator(".answer:not([aria-busy])", has_text="请提出问题").wait_for()
    turn = page.locator(".turn")
    assert "请提出问题" in turn.locator(".text").inner_text()
    for part in (".passage", ".confidence", ".note", ".caption"):
        assert turn.locator(part).count() == 0
    assert "请提出问题" in page.locator("#announce").inner_text()
    assert ask(page, QUESTION).locator(".passage").count() == 5


def test_an_answer_that_is_not_certain_is_not_headed_as_one(open_page: Open, relay: Relay) -> None:
    def doubt(frame: dict[str, object]) -> None:
        match frame:
            case {"event": {"data": dict(result)}}:
                result["confidence"] = 0.4

    relay.rewrite = doubt
    page = open_page(relay.port)
    turn = ask(page, QUESTION)
    assert turn.locator(".caption h3").inner_text() == "Possible answer, not certain"
    assert page.locator("#announce").inner_text().startswith("Possible answer, not certain: ")


GENERATED = f"# 答\n\n**{CLINIC_SENTENCE}** [1]\n- `a<b>`\n- 二 [9]\n\n<img src=x onerror=pwned> *x*"


def test_generated_text_is_formatted_and_stays_text(open_page: Open, relay: Relay) -> None:
    def generate(frame: dict[str, object]) -> None:
        match frame:
            case {"qa": dict(qa)}:
                qa["generated"] = True
            case {"choices": [{"delta": {"content": "" | " [1]"} as delta}]}:
                delta["content"] = ""
            case {"choices": [{"delta": {"content": str()} as delta}]}:
                delta["content"] = GENERATED

    relay.rewrite = generate
    turn = ask(open_page(relay.port), QUESTION)
    shown = turn.locator("div.text")
    shown.wait_for()
    assert shown.locator("b").all_inner_texts() == ["答", CLINIC_SENTENCE]
    assert shown.locator("li").all_inner_texts() == ["a<b>", "二 [9]"]
    assert shown.locator("p").last.inner_text() == "<img src=x onerror=pwned> *x*"
    assert shown.locator("img").count() == 0
    shown.locator(".cite").click()
    assert turn.locator(".passage:focus .rank").inner_text() == "1"
    assert turn.locator(".took").inner_text().startswith("found in ")


def test_a_question_during_another_is_asked_with_what_was_said(open_page: Open, relay: Relay) -> None:
    page = open_page(relay.port)
    relay.mode = "hang"
    enter(page, QUESTION)
    page.locator("p.text", has_text=CLINIC_SENTENCE).wait_for()
    ask(page, "那它在哪里？")
    sent = [message["content"] for message in json.loads(relay.asked[1])["messages"]]
    assert sent == [QUESTION, CLINIC_SENTENCE, "那它在哪里？"]
    # Stopped before its first word, or refused.
    turns = [{"collection": "a", "question": "q", "text": "", "refused": refused} for refused in (False, True)]
    history = """(turns) => import("/static/chat.js").then(({ historyOf }) => historyOf(turns, "a"))"""
    assert page.evaluate(history, turns) == [{"role": "user", "content": "q"}]


def test_texts_say_their_language(open_page: Open) -> None:
    turn = ask(open_page(), QUESTION)
    assert turn.locator(".question").get_attribute("lang") == "zh-Hans"
    assert turn.locator("p.text").get_attribute("lang") == "zh-Hans"
    assert turn.locator(".quote").first.get_attribute("lang") == "zh-Hans"
