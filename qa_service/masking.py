"""Addresses without their passwords, also those that are written wrongly: what is in doubt is not shown."""

from __future__ import annotations

import re
from urllib.parse import unquote

PERCENT = "in a user or a password write @ as %40, : as %3A, / as %2F, # as %23, ? as %3F, [ as %5B, ] as %5D, % as %25"
"""A remedy: what would end a password too early."""
_PARAMETER = re.compile(r"([?&])([^=&?\s]*)=([^&\s'\"]*)")
_WORD = re.compile(r"(\w*password\s*=\s*)('(?:[^'\\]|\\.)*'|[^&\s]+)", re.IGNORECASE)
_LOOSE = re.compile(
    # Two @ before the path: the first belongs to the password.
    r"[^/]*@[^/?]*@"
    # An @ in the path, after what may be a user and the first part of a password with a slash in it.
    r"|[^/]*[:@][^/]*/[^?]*@"
)


def masked(address: str) -> str:
    """Write an address, or a text with one in it, without passwords.

    What stands between the first colon after `//` and the last @ counts as one, so that too much may be left out.
    """
    scheme, marks, rest = address.partition("://")
    head, at, tail = rest.rpartition("@")
    user, colon, _ = head.partition(":")
    if at:
        rest = f"{user}{':***' if colon else ''}@{tail}"
    return _WORD.sub(r"\1***", _PARAMETER.sub(_of_parameter, f"{scheme}{marks}{rest}"))


def has_loose_password(address: str) -> bool:
    """Tell whether a part of an address that is taken for host, port or path may well be one of a password."""
    _, _, rest = address.partition("://")
    return _LOOSE.match(rest) is not None


def _of_parameter(found: re.Match[str]) -> str:
    hidden = "password" in unquote(found[2]).lower()
    return f"{found[1]}{found[2]}=***" if hidden else found[0]
