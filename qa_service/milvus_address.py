"""Where a Milvus is, as one setting says it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from qa_service.errors import ConfigError
from qa_service.masking import PERCENT

SCHEMES = ("milvus", "milvuss")
DEFAULT_PORT = 19530
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_REMEDY = (
    "write milvus://host:port/database, milvuss:// for TLS, with user:password@ before the host if it needs them;"
    f" the name of a database has letters, digits and _; {PERCENT}"
)


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """A Milvus and a database in it; the token, which is `user:password` or empty, is never shown."""

    host: str
    port: int
    database: str
    tls: bool = False
    token: str = field(default="", repr=False)

    @property
    def uri(self) -> str:
        """The address as the client library takes it."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"milvus{'s' if self.tls else ''}://{self.host}:{self.port}/{self.database}"


def parse(value: str, setting: str = "QA_INDEX") -> MilvusAddress:
    """Read an address.

    Errors:
        ConfigError: it is none. Nothing of the value is shown, not even as the cause: any part of it may be one of a
        password that ended too early.
    """
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        raise ConfigError("this is no address", field=setting, remedy=_REMEDY) from None
    database = parts.path.strip("/") or "default"
    if parts.scheme not in SCHEMES or not host:
        raise ConfigError("this is no address of a Milvus", field=setting, remedy=_REMEDY)
    if not _DATABASE.fullmatch(database) or parts.query or parts.fragment:
        raise ConfigError("what follows the host cannot be a database of Milvus", field=setting, remedy=_REMEDY)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    token = f"{user}:{password}" if user else ""
    return MilvusAddress(f"[{host}]" if ":" in host else host, port, database, parts.scheme == "milvuss", token)
