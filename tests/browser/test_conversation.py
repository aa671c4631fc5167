"""Asking, following up, and what becomes of a stream that does not end well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.browser.conftest import Open, ask, choose
from tests.browser.library import CLINIC_SENTENCE
from tests.browser.relay import Mode, Relay

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

QUESTION = "第二社区医院的院长是谁？"


def test_the_first_answer_takes_one_field_and_one_key(open_page: Open) -> None:
    page = open_page()
    page.keyboard.type(QUESTION)  # nothing was clicked
    page.keyboard.press("Enter")
    turn = page.locator(".turn")
    turn.locator(".took").wait_for()
    assert turn.locator(".question").inner_text() == QUESTION
    assert turn.locator("p.text").inner_text() == f"{CLINIC_SENTENCE} [1]"
    assert "high confidence" in turn.locator(".confidence").inner_text()
    assert float(turn.locator(".confidence b").inner_text()) >= 0.8
    assert turn.locator(".passage").count() == 5
    assert page.input_value("#question") == ""
    assert page.locator("#announce").inner_text().startswith(f"Answer: {CLINIC_SENTENCE}")
    assert page.evaluate("document.activeElement.id") == "question"


def test_enter_that_chooses_characters_asks_nothing(open_page: Open) -> None:
    page = open_page()
    page.fill("#question", "ni")
    fire = "(field, init) => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, ...init}))"
    field = page.locator("#question")
    field.evaluate(fire, {"isComposing": True})
    field.evaluate(fire, {"keyCode": 229})
    field.evaluate(fire, {"shiftKey": True})
    assert page.locator(".turn").count() == 0
    field.evaluate(fire, {})
    assert page.locator(".turn").count() == 1
    page.locator(".took, .note").wait_for()


def test_a_follow_up_brings_what_was_said(open_page: Open, relay: Relay) -> None:
    page = open_page(relay.port)
    ask(page, QUESTION)
    second = ask(page, "那它在哪里？")
    assert page.locator(".turn").count() == 2
    assert page.locator(".evidence[open]").count() == 1  # the earlier one is folded away
    sent = json.loads(relay.asked[1])
    assert (sent["model"], sent["stream"], sent["qa"]) == ("qa-default", True, {"sources": "result"})
    assert sent["messages"] == [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": CLINIC_SENTENCE},
        {"role": "user", "content": "那它在哪里？"},
    ]
    assert second.locator(".passage").count() > 0
    page.click("#new")
    assert page.locator(".turn").count() == 0
    ask(page, QUESTION)
    assert len(json.loads(relay.asked[2])["messages"]) == 1


def test_a_mark_leads_to_its_passage(open_page: Open) -> None:
    page = open_page()
    turn = ask(page, QUESTION)
    turn.locator(".evidence > summary").click()
    assert not turn.locator(".passage").first.is_visible()
    turn.locator(".cite").click()
    assert turn.locator(".passage").first.is_visible()
    assert page.evaluate("document.activeElement.dataset.rank") == "1"


def test_without_a_sure_answer_the_nearest_passages_come(open_page: Open) -> None:
    turn = ask(open_page(), "quantum chromodynamics")
    assert turn.locator(".caption h3").inner_text() == "No reliable answer"
    assert turn.locator(".evidence h3").inner_text() == "Nearest passages"
    assert "low confidence" in turn.locator(".confidence").inner_text()
    assert turn.locator(".passage").count() > 0
    assert turn.locator(".cite").count() == 0
    assert turn.locator("p.text").inner_text() != ""


def test_an_empty_collection_says_so_and_offers_to_add(open_page: Open) -> None:
    page = open_page()
    choose(page, "empty")
    turn = ask(page, QUESTION)
    assert turn.locator(".caption h3").inner_text() == "No articles yet"
    turn.get_by_role("button", name="Add articles").click()
    page.locator("#add-panel").wait_for()
    assert page.input_value("#add-into") == "empty"


def test_the_address_asks_and_remembers_the_question(open_page: Open) -> None:
    page = open_page(path=f"/#in=default&q={quote('第二社区医院的院长')}")
    page.locator(".took").wait_for()
    assert page.locator(".question").inner_text() == "第二社区医院的院长"
    ask(page, "那它在哪里？")
    assert quote("第二社区医院的院长") in page.url  # a follow-up says nothing by itself
    page.click("#new")
    assert "#" not in page.url


def test_the_stream_is_read_however_it_is_cut_into_pieces(open_page: Open, relay: Relay) -> None:
    page = open_page(relay.port)
    relay.mode = "crumble"
    turn = ask(page, QUESTION)
    assert turn.locator(".took").count() == 1
    assert turn.locator("p.text").inner_text() == f"{CLINIC_SENTENCE} [1]"


@pytest.mark.parametrize(
    ("mode", "said"),
    [("cut", "The answer was cut off."), ("end", "The answer was cut off."), ("error", "the answer broke off")],
)
def test_a_broken_answer_stays_and_can_be_asked_again(open_page: Open, relay: Relay, mode: Mode, said: str) -> None:
    page = open_page(relay.port, expected=("Failed to load resource",))
    relay.mode = mode
    turn = ask(page, QUESTION)
    note = turn.locator(".note")
    assert said in note.inner_text()
    assert said in page.locator("#announce").inner_text()
    assert turn.locator("p.text").inner_text() == CLINIC_SENTENCE
    assert turn.locator(".passage").count() == 5
    note.get_by_role("button", name="Try again").click()
    assert page.evaluate("document.activeElement !== document.body")
    turn.locator(".took").wait_for()
    assert turn.locator(".note").count() == 0
    assert turn.locator("p.text").inner_text() == f"{CLINIC_SENTENCE} [1]"
    assert json.loads(relay.asked[0]) == json.loads(relay.asked[1])


@pytest.mark.parametrize("how", ["button", "Escape"])
def test_stop_ends_the_stream(open_page: Open, relay: Relay, how: str) -> None:
    page = open_page(relay.port)
    relay.mode = "hang"
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    page.locator("p.text", has_text=CLINIC_SENTENCE).wait_for()
    assert page.locator(".answer[aria-busy]").count() == 1
    if how == "button":
        page.click("#stop")
    else:
        page.keyboard.press("Escape")
    page.locator(".note").wait_for()
    assert "Stopped." in page.locator(".note").inner_text()
    assert relay.left.wait(60)
    assert not page.locator("#stop").is_visible()
    assert page.evaluate("document.activeElement.id") == "question"


def test_a_service_that_is_loading_is_waited_for(open_page: Open, relay: Relay) -> None:
    page = open_page(relay.port, expected=("Failed to load resource",))
    relay.mode = "loading"
    turn = ask(page, QUESTION)
    assert turn.locator(".took").count() == 1
    assert len(relay.asked) == 2


def test_a_service_that_is_gone_is_said(open_page: Open, relay: Relay) -> None:
    page = open_page(relay.port, expected=("Failed to load resource",))
    ask(page, QUESTION)
    relay.__exit__(None, None, None)
    turn = ask(page, QUESTION)
    assert "The service cannot be reached." in turn.locator(".note").inner_text()


def test_a_service_that_is_gone_before_the_first_question_is_said_and_asked_again(open_page: Open) -> None:
    page = open_page(expected=("Failed to load resource",))
    page.context.set_offline(True)
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    page.locator("#notice", has_text="The service cannot be reached.").wait_for()
    assert page.input_value("#question") == QUESTION
    page.context.set_offline(False)
    page.press("#question", "Enter")
    page.locator(".took").wait_for()
    assert not page.locator("#notice").is_visible()


def labels(page: Page) -> list[str]:
    return [page.title(), page.locator("#submit").inner_text(), page.locator(".caption h3").inner_text()]


def test_it_speaks_chinese_and_english(open_page: Open) -> None:
    page = open_page(locale="zh-CN")
    ask(page, QUESTION)
    assert labels(page) == ["向文章提问", "提问", "答案"]
    assert "可信度高" in page.locator(".confidence").inner_text()
    page.select_option("#language", "zh-Hant")
    page.wait_for_selector("html[lang=zh-Hant]")
    assert labels(page) == ["向文章提問", "提問", "答案"]
    assert page.get_attribute("#question", "placeholder") == "繼續追問"
    page.select_option("#language", "en")
    page.wait_for_selector("html[lang=en]")
    assert labels(page) == ["Ask the articles", "Ask", "Answer"]
    page.reload()  # it is remembered
    page.wait_for_selector("html[lang=en]")
    assert open_page(locale="zh-TW").title() == "向文章提問"
