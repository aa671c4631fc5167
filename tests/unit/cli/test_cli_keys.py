"""`qa-service keys`, and `serve` on an address that others reach."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qa_service.keys.key_file import NAME
from qa_service.keys.ring import KeyRing

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner


def test_add_list_revoke(run: Runner) -> None:
    assert run("keys", "list").out == "no keys\n"
    ran = run(
        "keys", "add", "the app", "--scope", "ask", "--scope", "ingest", "--collection", "news", "--expires", 30,
        "--rate", "60/minute", "--concurrency", 4,
    )  # fmt: skip
    assert ran.code == 0
    text = ran.out.strip()
    key = KeyRing(run.data).find(text)
    assert key is not None
    assert (key.scopes, key.collections, key.rate, key.concurrency) == (("ask", "ingest"), ("news",), "60/minute", 4)
    assert key.id in ran.err and text not in ran.err
    listed = run("keys", "list")
    assert all(word in listed.out for word in (key.id, "the app", "ask,ingest", "news", "60/minute"))
    assert text not in listed.out and key.sha256 not in listed.out
    [row] = json.loads(run("keys", "list", "--json").out)["keys"]
    assert row["id"] == key.id and "sha256" not in row
    gone = run("keys", "revoke", key.id)
    assert gone.code == 0 and key.id in gone.out and "no key is left" in gone.err
    assert KeyRing(run.data).find(text) is None


def test_replicas_share_no_keys(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "replica" not in run("keys", "add", "a").err
    monkeypatch.setenv("QA_CATALOG", "postgresql://qa:secret@127.0.0.1:1/articles")
    added = run("keys", "add", "b")
    key = KeyRing(run.data).find(added.out.strip())
    assert key is not None
    for ran in (added, run("keys", "revoke", key.id)):
        assert f"copy {run.data / NAME} to every other replica" in ran.err
        assert "secret" not in ran.err


def test_a_key_may_ask_and_nothing_else_unless_told_so(run: Runner) -> None:
    text = run("keys", "add", "a").out.strip()
    key = KeyRing(run.data).find(text)
    assert key is not None
    assert (key.scopes, key.collections, key.expires_at) == (("ask",), None, None)


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "add", "a\x1b[2J"),
        ("keys", "add", "a", "--rate", "fast"),
        ("keys", "add", "a", "--collection", "../x"),
        ("keys", "add", "a", "--scope", "root"),
        ("keys", "add", "a", "--expires", "0"),
        ("keys", "revoke", "00000000"),
    ],
    ids=str,
)
def test_bad_input(run: Runner, arguments: tuple[str, ...]) -> None:
    ran = run.failed(*arguments)
    assert ran.code == 2
    assert "\x1b" not in ran.err


def test_a_damaged_file_is_named(run: Runner) -> None:
    run("keys", "add", "a")
    (run.data / NAME).write_bytes(b"{")
    for arguments in (("keys", "list"), ("keys", "add", "b"), ("keys", "revoke", "0"), ("serve",)):
        ran = run.failed(*arguments)
        assert ran.code == 1
        assert NAME in ran.err and "backup" in ran.err


def test_serve_refuses_to_be_open_to_the_network(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []
    monkeypatch.setattr("qa_service.http.server.serve", lambda settings: served.append(settings.host) or 0)
    ran = run.failed("serve", "--host", "0.0.0.0")
    assert ran.code == 2
    assert "qa-service keys add" in ran.err and "QA_ALLOW_OPEN" in ran.err
    assert not served
    run("keys", "add", "a")
    assert run("serve", "--host", "0.0.0.0").code == 0
    assert served == ["0.0.0.0"]
