"""The format of a backup, number 1.

A backup is a tar file without compression. Each member is a regular file behind one header of 512 bytes: ustar, or
where a member has 8 GiB or more the same with the size in binary, as GNU tar writes it. Extended headers, directories
and links do not occur. Contents are padded with zeros to whole blocks of 512 bytes, and two blocks of zeros end the
file, after which nothing follows. `tar xf` unpacks it; what tar makes of the unpacked files is no backup.

The first member is `manifest.json`, an object in UTF-8:

- `kind`: "qa-service backup"; `format`: 1; `service`: the version that made it; `made_at`: when, ISO 8601 in UTC
- `schema`: how many migrations the catalogue has seen; `index_format`: of its index manifests, null without indexes
- `seq`: the catalogue's last write; `collections`: [{name, articles, passages}]
- `members`: [{name, bytes, sha256}], the others in the order in which they follow, the SHA-256 of their contents in hex
- `sha256`: that of this object without this field, written as `json.dumps(..., sort_keys=True)` does

The others, of which only the first is always there:

- `catalog.sqlite3`: the catalogue as of one moment, by SQLite's backup within one read transaction
- `calibration.json` and `keys.json`, as they lie in the data directory
- `vectors/segment-NNNNNN.vec`: up to the length that this catalogue commits
- `indexes/NNNNNN/...`: with --indexes, `CURRENT`, and the manifest, delta and base that it names, of each collection

A reader refuses a format above its own, and every deviation from this. The checksums show damage, not forgery.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, get_type_hints

from qa_service.errors import BadInput, Damaged, Incompatible
from qa_service.readers.formats import parse_json
from qa_service.store.journal import CALIBRATION, CATALOG, KEYS

FORMAT = 1
KIND = "qa-service backup"
MANIFEST = "manifest.json"
BLOCK = 512
END = bytes(2 * BLOCK)
MOST_MANIFEST_BYTES = 64 * 1024 * 1024
ANOTHER = "use another backup"
_NAME = re.compile(
    rf"{re.escape(CATALOG)}|{re.escape(CALIBRATION)}|{re.escape(KEYS)}|vectors/segment-[0-9]{{6,10}}\.vec"
    r"|indexes/[0-9]{6,10}/(CURRENT|manifest-[0-9-]{1,80}\.json|delta-[0-9-]{1,80}\.bin"
    r"|base-[0-9]{1,20}-[0-9T]{1,30}/(words/)?(?!\.{1,2}(/|$))[A-Za-z0-9._-]{1,80})"
)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a backup; its name is also its path in the data directory."""

    name: str
    bytes: int
    sha256: str

    @property
    def padded(self) -> int:
        """How much it takes in the archive, without its header."""
        return -(-self.bytes // BLOCK) * BLOCK


@dataclass(frozen=True, slots=True)
class Shelved:
    """A collection in a backup."""

    name: str
    articles: int
    passages: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds, as its manifest has it."""

    service: str
    made_at: str
    schema: int
    index_format: int | None
    seq: int
    collections: tuple[Shelved, ...]
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """How many bytes its files have together."""
        return sum(member.bytes for member in self.members)

    @property
    def articles(self) -> int:
        """How many articles it holds."""
        return sum(collection.articles for collection in self.collections)

    def to_json(self) -> bytes:
        """Write the manifest; its length depends on no checksum."""
        body = {"kind": KIND, "format": FORMAT, **asdict(self)}
        return json.dumps({**body, "sha256": _checksum(body)}, indent=1).encode() + b"\n"

    @staticmethod
    def from_json(data: bytes) -> Contents:
        """Read a manifest.

        Errors:
            Incompatible: a newer version made it. BadInput: it is none, or names what no backup holds. Damaged: it is
            not as it was written.
        """
        try:
            raw = parse_json(data)
        except ValueError as error:
            raise Damaged(f"its manifest cannot be read: {error}", remedy=ANOTHER) from error
        if not isinstance(raw, dict) or raw.get("kind") != KIND:
            raise not_a_backup("its manifest is of something else")
        if type(raw.get("format")) is int and raw["format"] > FORMAT:
            raise Incompatible(
                f"the backup has format {raw['format']}, this version knows up to {FORMAT}",
                remedy="install the version of qa-service that made it, or a later one",
            )
        claimed = raw.pop("sha256", None)
        if claimed != _checksum(raw):
            raise Damaged("its manifest fails its checksum", remedy=ANOTHER)
        try:
            contents = _parsed(raw)
        except (ValueError, TypeError, KeyError) as error:
            raise not_a_backup(f"its manifest is malformed: {error}") from error
        _check_names([member.name for member in contents.members])
        return contents


One = TypeVar("One", Member, Shelved, Contents)


def not_a_backup(why: str) -> BadInput:
    """Say that a file was not made by `qa-service backup`."""
    return BadInput(f"this is not a backup: {why}", remedy="name a file that `qa-service backup` has written")


def header(name: str, size: int, mtime: int) -> bytes:
    """Write the header of a member.

    Errors:
        ValueError: the name does not fit into one.
    """
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, mtime, 0o600
    # A size of 8 GiB or more has no room in ustar; a name of over 100 bytes none in the other.
    try:
        return info.tobuf(tarfile.USTAR_FORMAT)
    except ValueError:
        data = info.tobuf(tarfile.GNU_FORMAT)
    if len(data) != BLOCK:
        raise ValueError("the name is too long")
    return data


def _checksum(body: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _parsed(raw: Mapping[str, Any]) -> Contents:
    """Build what a manifest says. Errors: ValueError, TypeError, KeyError, if it says something else."""
    if type(raw["format"]) is not int or raw["format"] != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    body = {key: value for key, value in raw.items() if key not in ("kind", "format")}
    body["collections"] = tuple(_checked(Shelved(**one)) for one in body["collections"])
    body["members"] = tuple(_checked(Member(**one)) for one in body["members"])
    contents = _checked(Contents(**body))
    for member in contents.members:
        if not _DIGEST.fullmatch(member.sha256):
            raise ValueError("a checksum is none")
    return contents


def _checked(one: One) -> One:
    """Check that every field has its type, and that no number is negative."""
    for name, kind in get_type_hints(type(one)).items():
        value = getattr(one, name)
        if isinstance(value, bool) or (name not in ("collections", "members") and not isinstance(value, kind)):
            raise ValueError(f"{name} is not of its type")
        if isinstance(value, int) and value < 0:
            raise ValueError(f"{name} is negative")
    return one


def _check_names(names: list[str]) -> None:
    """Refuse every name that no backup has, and names that come twice; names are shown cut short."""
    seen: set[str] = set()
    for name in names:
        if not _NAME.fullmatch(name):
            raise not_a_backup(f"it holds {name[:80]!r}")
        if name in seen:
            raise not_a_backup(f"it holds {name!r} twice")
        seen.add(name)
    if CATALOG not in seen:
        raise not_a_backup(f"it holds no {CATALOG}")
