"""The repaired form of what is returned, and the audit that says what was repaired and left out."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.text.edits import repaired_text
from qa_service.types import Ask
from tests.conftest import add


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    return create_app(engine.settings, engine).test_client()


DIRTY = "\n".join(
    [
        "防(fáng)控(kòng)就是責(zé)任。",
        "吕(lǚ)梁市设置了331個(gè)防控站點(diǎn)&nbsp;，由李(lǐ)明负责。",
        "——————",
        "每天有七十人值班。",
    ]
)


def test_the_repaired_form_is_returned_with_offsets_of_the_original(engine: Engine) -> None:
    add(engine, {"dirty": DIRTY})
    result = engine.ask(Ask("吕梁市设置了多少个防控站点?", text_form="repaired"))
    plain = engine.ask(Ask("吕梁市设置了多少个防控站点?"))
    first, same = result.passages[0], plain.passages[0]
    assert (first.start, first.end, first.highlights) == (same.start, same.end, same.highlights)
    assert same.text == DIRTY[same.start : same.end]
    assert "(" not in first.text
    assert first.text.startswith("防控就是責任。\n吕梁市设置了331個防控站點")
    assert result.answer is not None
    assert plain.answer is not None
    assert "331個防控站點" in result.answer.text
    assert plain.answer.text == DIRTY[result.answer.start : result.answer.end]


def test_a_setting_chooses_the_form(engine: Engine) -> None:
    add(engine, {"dirty": DIRTY})
    engine.settings = engine.settings.model_copy(update={"text_form": "repaired"})
    assert "(" not in engine.ask(Ask("防控站点")).passages[0].text
    assert "(" in engine.ask(Ask("防控站点", text_form="original")).passages[0].text


def test_the_audit_accounts_for_every_difference(engine: Engine) -> None:
    add(engine, {"dirty": DIRTY})
    detail = engine.article("default", "dirty")
    assert detail.text == DIRTY
    assert "責任" in repaired_text(detail.text, detail.edits)
    assert "(" not in repaired_text(detail.text, detail.edits)
    pinyin = [change for change in detail.audit.changes if change.kind == "pinyin"]
    assert [change.before for change in pinyin] == ["(fáng)", "(kòng)", "(zé)", "(lǚ)", "(gè)", "(diǎn)", "(lǐ)"]
    for change in detail.audit.changes:
        assert DIRTY[change.start : change.end] == change.before
        assert change.reason
    assert [(DIRTY[o.start : o.end], o.reason) for o in detail.audit.omitted] == [("——————", "no words")]


def test_what_was_done_to_the_bytes_is_noted(client: FlaskClient) -> None:
    page = b"<!DOCTYPE html><html><body><article><p>The library opens at nine, and closes at six.</p></article></body>"
    reply = client.post("/v1/articles", data={"files": [(BytesIO(page), "library.txt")]})
    assert reply.status_code == 200
    audit = client.get("/v1/articles/library.txt").get_json()["audit"]
    assert "not as text/plain" in audit["notes"][0]
    assert audit["changes"] == audit["omitted"] == []


def test_the_forms_over_http(client: FlaskClient) -> None:
    body = {"articles": [{"id": "dirty", "text": DIRTY}]}
    assert client.post("/v1/articles", json=body).status_code == 200
    ask = {"question": "吕梁市设置了多少个防控站点?", "text_form": "repaired"}
    answer: Any = client.post("/v1/ask", json=ask).get_json()
    assert "站點(" not in answer["passages"][0]["text"]
    article = client.get("/v1/articles/dirty").get_json()
    assert article["text"] == DIRTY
    assert {"kind", "start", "end", "before", "after", "reason"} == set(article["audit"]["changes"][0])
    assert article["passages"][0]["omitted"] == [
        {k: o[k] for k in ("start", "end")} for o in article["audit"]["omitted"]
    ]
    assert "(" not in client.get("/v1/articles/dirty?text_form=repaired").get_json()["text"]


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/articles/x?text_form=clean"])
def test_an_unknown_form_is_refused_by_name(client: FlaskClient, path: str) -> None:
    body = {"question": "谁?", "text_form": "clean"}
    reply = client.get(path) if "?" in path else client.post(path, json=body)
    assert reply.status_code == 422
    problem = reply.get_json()["errors"][0]
    assert problem["field"] == "text_form"
    assert "original" in problem["remedy"]
