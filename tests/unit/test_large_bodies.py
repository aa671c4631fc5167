"""Whose large bodies are read: whoever may send anything at all, as the head alone tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qa_service.config import Settings
from qa_service.http import create_app, large_bodies
from qa_service.keys.key import make_key
from qa_service.keys.key_file import add_key, revoke_key
from tests.http.fake_engine import FakeEngine


def test_large_bodies_are_read_of_everybody_where_there_is_no_key_and_then_of_keys_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    takes = large_bodies.decided_by(create_app(settings, FakeEngine()))  # type: ignore[arg-type]
    assert takes([])
    good, text = make_key("a", ("ask",), None)
    old, expired = make_key("b", ("admin",))
    add_key(settings.data_dir, good)
    assert not takes([])
    add_key(settings.data_dir, replace(old, expires_at="2020-01-01T00:00:00+00:00"))
    bearer = ("AUTHORIZATION", f"Bearer {text}")
    assert takes([("HOST", "a"), bearer])
    for value in (text, f"Basic {text}", f"Bearer {text}x", f"Bearer {expired}", "Bearer", ""):
        assert not takes([("AUTHORIZATION", value)])
    assert not takes([bearer, bearer])
    assert not takes([("X-AUTHORIZATION", f"Bearer {text}")])
    revoke_key(settings.data_dir, good.id)
    assert not takes([bearer])


def test_a_service_that_others_reach_reads_none_without_a_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", host="0.0.0.0")
    assert not large_bodies.decided_by(create_app(settings, FakeEngine()))([])  # type: ignore[arg-type]
    opened = settings.model_copy(update={"allow_open": True})
    assert large_bodies.decided_by(create_app(opened, FakeEngine()))([])  # type: ignore[arg-type]
