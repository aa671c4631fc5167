"""Whose the file of keys is, whoever changes it: a server of another user than the caller's has to read it."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qa_service.errors import Damaged, Unavailable
from qa_service.keys.key import make_key
from qa_service.keys.key_file import NAME, add_key, read_keys, revoke_key
from qa_service.keys.ring import KeyRing

SERVING = 54_321
by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture
def served() -> Iterator[Path]:
    """Give a data directory of another user's, in one that everybody may enter."""
    folder = Path(tempfile.mkdtemp())
    data = folder / "data"
    data.mkdir(0o700)
    folder.chmod(0o755)
    os.chown(data, SERVING, SERVING)
    yield data
    shutil.rmtree(folder)


@by_root
def test_root_makes_and_revokes_keys_for_the_user_that_serves(served: Path) -> None:
    key, _ = make_key("a", ("ask",))
    add_key(served, key)
    add_key(served, make_key("b", ("ask",))[0])
    revoke_key(served, key.id)
    for path in served.iterdir():
        found = path.stat()
        assert (found.st_uid, found.st_gid) == (SERVING, SERVING), path
    assert stat.S_IMODE((served / NAME).stat().st_mode) == 0o600
    assert os.geteuid() == os.getegid() == 0


@by_root
def test_root_that_may_not_act_as_another_says_revoked_of_nothing(
    served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = make_key("a", ("ask",))
    add_key(served, key)
    change = os.seteuid

    def no_right(uid: int) -> None:
        if uid == SERVING:
            raise PermissionError(1, "Operation not permitted")
        change(uid)

    monkeypatch.setattr(os, "seteuid", no_right)
    with pytest.raises(Unavailable, match=rf"belongs to {SERVING}.*\(run this as {SERVING}\)"):
        revoke_key(served, key.id)
    assert read_keys(served) == (key,)
    assert os.getegid() == 0


def test_another_user_than_the_directorys_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = make_key("a", ("ask",))
    add_key(tmp_path, key)
    monkeypatch.setattr(os, "geteuid", lambda: SERVING)
    with pytest.raises(Unavailable, match="whose server could not read the keys") as caught:
        revoke_key(tmp_path, key.id)
    assert caught.value.field == str(tmp_path / NAME)
    assert read_keys(tmp_path) == (key,)


@by_root
def test_who_serves_from_another_users_directory_keeps_the_keys_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = make_key("a", ("ask",))
    add_key(tmp_path, key)
    os.chown(tmp_path / NAME, SERVING, SERVING)
    monkeypatch.setattr(os, "geteuid", lambda: SERVING)
    revoke_key(tmp_path, key.id)
    assert read_keys(tmp_path) == ()


def test_a_file_that_may_not_be_read_is_given_to_its_reader_and_not_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key, text = make_key("a", ("ask",))
    add_key(tmp_path, key)
    ring = KeyRing(tmp_path)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Damaged, match=r"cannot be read: Permission denied \(.*chown") as caught:
        read_keys(tmp_path)
    assert caught.value.remedy is not None
    assert "remove" not in caught.value.remedy
    assert "backup" not in caught.value.remedy
    os.utime(tmp_path / NAME, (1, 1))
    with caplog.at_level(logging.ERROR):
        assert ring.find(text) == key
    assert "chown" in caplog.text
