"""Keys: what is kept of them, their file, and finding the key that a text is."""

from __future__ import annotations

import json
import logging
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput, Damaged, NotFound, Unavailable
from qa_service.keys.key import Key, make_key
from qa_service.keys.key_file import NAME, add_key, problems, read_keys, revoke_key
from qa_service.keys.ring import KeyRing
from qa_service.store import directory_use, files
from tests.unit.power import Disk


def made(data: Path, name: str = "a", **given: Any) -> tuple[Key, str]:
    """Make a key and add it."""
    key, text = make_key(name, given.pop("scopes", ("ask",)), given.pop("collections", None), **given)
    add_key(data, key)
    return key, text


def test_a_key_names_its_id_and_its_secret_is_not_kept(tmp_path: Path) -> None:
    key, text = made(tmp_path, "Ann's 手机", scopes=("ingest", "ask"), collections=("b", "a", "a"), days=2)
    assert text.startswith(f"qa_{key.id}_") and len(text) == 55
    assert key.matches(text) and not key.matches(text[:-1]) and not key.matches("")
    assert (key.scopes, key.collections) == (("ask", "ingest"), ("a", "b"))
    assert text.split("_", 2)[2] not in (tmp_path / NAME).read_text(encoding="utf-8")
    assert read_keys(tmp_path) == (key,)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_it_expires_on_time() -> None:
    key, _ = make_key("a", ("ask",), days=1)
    now = datetime.now(UTC)
    assert not key.expired(now)
    assert key.expired(now + timedelta(days=1, seconds=2))
    assert not make_key("a", ("ask",))[0].expired(now + timedelta(days=99_999))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"scopes": ()}, "scope"),
        ({"scopes": ("root",)}, "scope"),
        ({"collections": ("../x",)}, "collection"),
        ({"days": 0}, "expires"),
        ({"rate": "60"}, "rate"),
        ({"rate": "0/minute"}, "rate"),
        ({"rate": "60/minutes; 1/day"}, "rate"),
        ({"concurrency": 0}, "concurrency"),
    ],
    ids=str,
)
def test_what_no_key_can_be(given: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        make_key(**{"name": "a", "scopes": ("ask",), **given})
    assert caught.value.field == field
    assert caught.value.remedy


def test_a_revoked_key_is_gone(tmp_path: Path) -> None:
    (first, _), (second, _) = made(tmp_path), made(tmp_path)
    assert revoke_key(tmp_path, first.id) == (first, 1)
    assert read_keys(tmp_path) == (second,)
    with pytest.raises(NotFound, match="keys list"):
        revoke_key(tmp_path, first.id)
    assert revoke_key(tmp_path, second.id) == (second, 0)
    assert read_keys(tmp_path) == ()


def test_keys_added_at_once_are_all_kept(tmp_path: Path) -> None:
    threads = [threading.Thread(target=made, args=(tmp_path, f"key {number}")) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_keys(tmp_path) or ()) == 12


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    made(tmp_path, scopes=("ask",), collections=("a",), rate="60/minute", concurrency=2, days=3)
    path = tmp_path / NAME
    content = path.read_bytes()
    for place in range(len(content) - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            assert read_keys(tmp_path) == _parsed(content)
        except Damaged as error:
            assert error.remedy and "backup" in error.remedy
    for cut in (0, 1, len(content) // 2, len(content) - 3):
        path.write_bytes(content[:cut])
        with pytest.raises(Damaged):
            read_keys(tmp_path)
        assert problems(tmp_path)
        with pytest.raises(Damaged):
            made(tmp_path)


def _parsed(content: bytes) -> tuple[Key, ...]:
    [one] = json.loads(content)["keys"]
    return (Key(**{**one, "scopes": tuple(one["scopes"]), "collections": tuple(one["collections"])}),)


@pytest.mark.parametrize(
    "change", [{"id": "x"}, {"scopes": []}, {"collections": "a"}, {"concurrency": True}, {"more": 1}]
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    from qa_service.keys import key_file

    made(tmp_path)
    body = json.loads((tmp_path / NAME).read_bytes())
    del body["sha256"]
    body["keys"][0] |= change
    (tmp_path / NAME).write_text(json.dumps({**body, "sha256": key_file._checksum(body)}))
    with pytest.raises(Damaged, match=r"keys\[0\]"):
        read_keys(tmp_path)


def test_what_cannot_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = made(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qa_service.store.files.os.fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        made(tmp_path)
    assert read_keys(tmp_path) == (key,)
    assert {path.name for path in tmp_path.iterdir()} == {NAME, "keys.lock", directory_use.NAME}


def test_a_power_cut_leaves_the_keys_before_or_after_and_nobody_elses_to_read(tmp_path: Path) -> None:
    data = tmp_path / "data"
    cuts: list[tuple[str, bytes | None]] = []
    disk = Disk(data)
    before: tuple[Key, ...] = ()

    def watch(step: files.Step) -> None:
        disk(step)
        if step.action == "wrote":
            assert stat.S_IMODE(step.path.stat().st_mode) == 0o600
        cuts.extend((kind, disk.tree(kind).get(NAME)) for kind in ("durable", "torn", "killed"))

    files.watchers.append(watch)
    try:
        for change in (lambda: made(data), lambda: made(data), lambda: revoke_key(data, keys_in(data)[0].id)):
            change()
            after = keys_in(data)
            for kind, content in cuts:
                assert kept(tmp_path / "cut", content) in (before, after), kind
            assert kept(tmp_path / "cut", disk.tree("durable").get(NAME)) == after
            cuts.clear()
            before = after
    finally:
        files.watchers.remove(watch)


def keys_in(data: Path) -> tuple[Key, ...]:
    return read_keys(data) or ()


def kept(data: Path, content: bytes | None) -> tuple[Key, ...]:
    data.mkdir(exist_ok=True)
    (data / NAME).write_bytes(content) if content is not None else (data / NAME).unlink(missing_ok=True)
    return keys_in(data)


def test_a_ring_finds_keys_and_no_others(tmp_path: Path) -> None:
    key, text = made(tmp_path)
    ring = KeyRing(tmp_path, single="one for all")
    assert ring.find(text) == key
    single = ring.find("one for all")
    assert single is not None and single.scopes == ("admin",) and single.collections is None
    other = make_key("b", ("ask",))[1]
    for wrong in ("", "x", other, text[:-1], text + "A", text.upper(), f"qa_{key.id}_{'A' * 43}", "中文", key.sha256):
        assert ring.find(wrong) is None, wrong
    assert ring.closed


def test_a_ring_follows_the_file_and_never_opens_again(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    assert not ring.closed
    key, text = made(tmp_path)
    assert ring.closed and ring.find(text) == key
    second, other = made(tmp_path)
    assert ring.find(other) == second
    revoke_key(tmp_path, key.id)
    assert ring.find(text) is None and ring.find(other) == second
    revoke_key(tmp_path, second.id)
    assert ring.closed and ring.find(other) is None
    made(tmp_path)
    (tmp_path / NAME).unlink()
    assert ring.closed
    assert not KeyRing(tmp_path).closed


def test_a_damaged_file_stops_the_start_and_not_a_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key, text = made(tmp_path)
    ring = KeyRing(tmp_path)
    content = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(content.replace(b'"ask"', b'"admin"'))
    with caplog.at_level(logging.ERROR):
        assert ring.find(text) == key
        assert ring.find(text) == key
    assert len(caplog.records) == 1
    assert key.sha256 not in caplog.text
    [warning] = ring.warnings()
    assert "checksum" in warning
    with pytest.raises(Damaged):
        KeyRing(tmp_path)
    made_again = content + b"\n"
    (tmp_path / NAME).write_bytes(made_again)
    assert ring.warnings() == []


def test_check_looks_at_the_keys_too(engine: Engine, settings: Settings) -> None:
    made(settings.data_dir)
    assert engine.check() == []
    (settings.data_dir / NAME).write_bytes(b"{}")
    [problem] = engine.check()
    assert NAME in problem and "backup" in problem
