"""How addresses are told without what opens them, and what the errors of object stores mean."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

WEB = ("http", "https")
_CONTAINERS = ("abfs", "abfss", "wasb", "wasbs")
"""Schemes in which a container, and no user, stands before the `@`."""
_USER = re.compile(r"(?i)\b(?!(?:abfss?|wasbs?)://)([a-z][a-z0-9+.-]+://)[^/\s?#]*@")
_QUERY = re.compile(r"(?i)\b(https?://[^\s?#'\"<>()]*)[?#][^\s'\"<>()]*")
_PASSWORD_ENDS_EARLY = re.compile(r"^[^@\[]*:(?!\d*$)[^@\]]*$")
"""What is taken for a port is no number: a password with `/`, `?` or `#` in it, of which the rest is taken for more."""
_GONE = (404, 410)


class Unreachable(OSError):
    """What keeps the files could not be asked."""


def shown(address: str) -> str:
    """Write an address without user and password, and a web address without query and fragment: any may be a secret.

    In other schemes a `?` may be a part of a file's name.
    """
    scheme, _, rest = address.partition("://")
    web = scheme.lower() in WEB
    if web:
        rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    if scheme.lower() in _CONTAINERS:
        return f"{scheme}://{rest}"
    if _PASSWORD_ENDS_EARLY.search(host) or (":" in host and "@" in path):
        # Of what is in doubt too much is left out rather than too little.
        return f"{scheme}://***/{path.rpartition('@')[2]}"
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def web_path(address: str) -> str | None:
    """Give the path of a web address, "" if it cannot be taken apart; None for an address of another scheme."""
    if address.partition("://")[0].lower() not in WEB:
        return None
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def without_secrets(text: str, *addresses: str) -> str:
    """Take the secrets of addresses out of a text: of those given, which may stand in it, and of any it seems to hold.

    Parameters:
        addresses: as they are given to a library, whose errors may repeat them.
    """
    for address in addresses:
        text = text.replace(address, shown(address))
    return _QUERY.sub(r"\1", _USER.sub(r"\1", text))


def as_os_error(error: Exception, *addresses: str) -> OSError:
    """Make an OSError of whatever a store's library raised, with a text that may be shown.

    Returns:
        FileNotFoundError: there is no such file. Unreachable: that could not be found out. OSError: anything else.
    """
    if not isinstance(error, FileNotFoundError):
        text = error.strerror or str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        return OSError(without_secrets(text, *addresses))
    # Libraries say that of servers too which could not be asked, or did not tell.
    for cause in _causes(error):
        status = getattr(cause, "status", None)
        if isinstance(status, int) and status not in _GONE:
            return OSError(without_secrets(f"{status} {getattr(cause, 'message', '')}".strip(), *addresses))
        if _is_outage(cause):
            text = without_secrets(str(cause), *addresses)
            return Unreachable(" ".join(text.split())[:300] or type(cause).__name__)
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_outage(cause: BaseException) -> bool:
    if isinstance(cause, OSError):
        return not isinstance(cause, FileNotFoundError | IsADirectoryError | NotADirectoryError)
    # Such as botocore's, which share no base with Python's.
    return any(word in type(cause).__name__ for word in ("Connect", "Timeout", "Endpoint"))
