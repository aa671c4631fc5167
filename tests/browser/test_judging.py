"""Whether an answer helped: two buttons where the service keeps a question log, none elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Open, ask
from tests.browser.library import ARTICLES
from tests.http.conftest import Server
from tests.http.service import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

QUESTION = "第二社区医院的院长是谁？"
FAILED = ("Failed to load resource",)


@pytest.fixture(scope="module")
def noting(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    """Run a service that keeps a log."""
    with serving(tmp_path_factory.mktemp("noting"), cache_dir, QA_QUESTION_LOG="true") as server:
        status, body = server.request("POST", "/v1/articles", {"articles": ARTICLES["default"]})
        assert status == 200, body
        yield server


def pressed(page: Page) -> list[str | None]:
    return [one.get_attribute("aria-pressed") for one in page.locator(".judgement button").all()]


def groups(server: Server) -> Any:
    return json.loads(server.cli("questions", "list", "--json").stdout)


def test_the_last_judgement_counts(open_page: Open, noting: Server) -> None:
    page = open_page(noting.port)
    turn = ask(page, QUESTION)
    turn.locator(".judgement").wait_for()
    assert pressed(page) == ["false", "false"]
    for name, states in (("Helpful", ["true", "false"]), ("Not helpful", ["false", "true"])):
        with page.expect_response("**/v1/feedback") as answered:
            page.get_by_role("button", name=name, exact=True).click()
        assert answered.value.status == 200
        assert pressed(page) == states
    [group] = groups(noting)
    assert (group["question"], group["helpful"], group["unhelpful"]) == (QUESTION, 0, 1)


def test_what_is_not_kept_is_said(open_page: Open, noting: Server) -> None:
    page = open_page(noting.port, expected=FAILED)
    turn = ask(page, QUESTION)
    turn.locator(".judgement").wait_for()
    page.route("**/v1/feedback", lambda route: route.fulfill(status=503, json={}))
    page.get_by_role("button", name="Helpful", exact=True).click()
    page.locator(".judgement .bad", has_text="was not kept").wait_for()
    assert pressed(page) == ["false", "false"]
    page.unroute("**/v1/feedback")
    with page.expect_response("**/v1/feedback"):
        page.get_by_role("button", name="Helpful", exact=True).click()
    page.locator(".judgement .bad").wait_for(state="detached")
    assert pressed(page) == ["true", "false"]


def test_without_a_log_nobody_is_asked(open_page: Open) -> None:
    page = open_page()
    ask(page, QUESTION)
    page.wait_for_load_state("networkidle")
    assert page.locator(".judgement").count() == 0
