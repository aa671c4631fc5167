"""The file of keys in the data directory: read whole, replaced whole, with a checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import filelock

from qa_service.config import RATE
from qa_service.errors import BadInput, Damaged, NotFound, Unavailable
from qa_service.keys.key import KEY_ID, MOST_NAME_CHARS, SCOPES, Key
from qa_service.keys.owner import as_owner_of, refuse_others
from qa_service.names import COLLECTION
from qa_service.readers.formats import parse_json
from qa_service.store import files, visiting

NAME = "keys.json"
FORMAT = 1
MOST_KEYS = 10_000
_LOCK = "keys.lock"
_REMEDY = "restore it from a backup; or remove it, make the keys anew with `qa-service keys add`, and restart"
_NOT_ALLOWED = "run this as the user that serves, or give that user the file (chown): nobody else can read it"
_MOST_BYTES = 64 * 1024 * 1024
_MODE = 0o600
_LOCK_SECONDS = 10
_FIELDS = frozenset(Key.__dataclass_fields__)


def read_keys(data_dir: Path) -> tuple[Key, ...] | None:
    """Read the keys; None when there is no file of them.

    Errors:
        Damaged: the file cannot be read or is not what was written.
    """
    path = data_dir / NAME
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        remedy = _NOT_ALLOWED if isinstance(error, PermissionError) else _REMEDY
        raise Damaged(f"cannot be read: {error.strerror or error}", field=str(path), remedy=remedy) from error
    try:
        return _parse(content)
    except ValueError as error:
        raise Damaged(f"is damaged: {error}", field=str(path), remedy=_REMEDY) from error


def read_settled_keys(data_dir: Path) -> tuple[Key, ...] | None:
    """Read the keys as `read_keys` does, once a restore that was interrupted is settled.

    Errors:
        Damaged: as of `read_keys`. Unavailable: a restore is under way, or one that was interrupted cannot be settled.
    """
    with visiting.reading(data_dir):
        return read_keys(data_dir)


def add_key(data_dir: Path, key: Key) -> None:
    """Add a key, durably.

    Errors:
        BadInput: there are too many. Damaged: the file cannot be read. Unavailable: it cannot be written, or a restore
            is under way.
    """
    with as_owner_of(data_dir), _changing(data_dir) as keys:
        if len(keys) >= MOST_KEYS:
            raise BadInput(f"there are {len(keys)} keys already", remedy="revoke some with `qa-service keys revoke`")
        _write(data_dir, [*(one for one in keys if one.id != key.id), key])


def revoke_key(data_dir: Path, key_id: str) -> tuple[Key, int]:
    """Take a key away, durably; return it, and how many are left.

    Errors:
        NotFound: there is none of this id. Damaged: the file cannot be read. Unavailable: it cannot be written, or a
            restore is under way.
    """
    with as_owner_of(data_dir), _changing(data_dir) as keys:
        gone = next((one for one in keys if one.id == key_id), None)
        if gone is None:
            raise NotFound(
                f"there is no key {key_id[:80]!r}", field="id", remedy="`qa-service keys list` shows the ids"
            )
        _write(data_dir, [one for one in keys if one.id != key_id])
    return gone, len(keys) - 1


def problems(data_dir: Path) -> list[str]:
    """Say what is wrong with the file, if anything."""
    try:
        read_keys(data_dir)
    except Damaged as error:
        return [str(error)]
    return []


@contextmanager
def _changing(data_dir: Path) -> Iterator[tuple[Key, ...]]:
    """Give the keys, and keep other processes from changing them meanwhile."""
    lock = filelock.FileLock(data_dir / _LOCK, timeout=_LOCK_SECONDS, is_singleton=False)
    try:
        # In this order: who restores has the directory alone and wants no other lock.
        with visiting.changing(data_dir), lock:
            yield read_keys(data_dir) or ()
    except filelock.Timeout as error:
        raise Unavailable("another process is changing the keys", remedy="try again in a moment") from error
    except OSError as error:
        raise Unavailable(f"cannot be written: {error.strerror or error}", field=str(data_dir / NAME)) from error


def _write(data_dir: Path, keys: Sequence[Key]) -> None:
    refuse_others(data_dir, data_dir / NAME)
    body = {"version": FORMAT, "keys": [asdict(key) for key in keys]}
    content = json.dumps({**body, "sha256": _checksum(body)}, ensure_ascii=False, indent=2).encode()
    files.put(data_dir / NAME, content + b"\n", _MODE)
    files.sync_directory(data_dir)


def _checksum(body: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _parse(content: bytes) -> tuple[Key, ...]:
    """Read the file's content. Errors: ValueError, with what is wrong."""
    if len(content) > _MOST_BYTES:
        raise ValueError("it is too long")
    body = parse_json(content)
    if not isinstance(body, dict) or body.get("version") != FORMAT:
        raise ValueError(f"it is not of version {FORMAT}")
    if body.pop("sha256", None) != _checksum(body):
        raise ValueError("its checksum does not match")
    listed = body.get("keys")
    if not isinstance(listed, list):
        raise ValueError("it has no list of keys")
    keys = tuple(_key(one, f"keys[{place}]") for place, one in enumerate(listed))
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("it has two keys of one id")
    return keys


def _key(given: object, where: str) -> Key:
    """Read one key. Errors: ValueError; it does not show what was read."""
    if not isinstance(given, dict) or set(given) != _FIELDS:
        raise ValueError(f"{where} lacks something or holds something else")
    scopes, collections = given["scopes"], given["collections"]
    name, rate, concurrency = given["name"], given["rate"], given["concurrency"]
    sound = {
        "id": isinstance(given["id"], str) and KEY_ID.fullmatch(given["id"]),
        "name": isinstance(name, str) and 1 <= len(name) <= MOST_NAME_CHARS and name.isprintable(),
        "sha256": _is_hash(given["sha256"]),
        "scopes": isinstance(scopes, list) and scopes and all(scope in SCOPES for scope in scopes),
        "collections": collections is None or (isinstance(collections, list) and all(map(_is_name, collections))),
        "created_at": _is_time(given["created_at"]),
        "expires_at": given["expires_at"] is None or _is_time(given["expires_at"]),
        "rate": rate is None or (isinstance(rate, str) and RATE.fullmatch(rate)),
        "concurrency": concurrency is None or (type(concurrency) is int and concurrency > 0),
    }
    for field, good in sound.items():
        if not good:
            raise ValueError(f"{where}.{field} is not of its form")
    listed = {"scopes": tuple(scopes), "collections": None if collections is None else tuple(collections)}
    return Key(**{**given, **listed})


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and COLLECTION.fullmatch(value) is not None


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
