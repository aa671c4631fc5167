"""Which addresses and names of hosts are reached from this machine alone."""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on, or what a name stands for, is reached from this machine alone."""
    try:
        found = socket.getaddrinfo(host or None, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    return all(_is_loopback_address(str(address[0])) for *_, address in found)


def is_loopback_name(name: str) -> bool:
    """Tell whether a name, as `plain` writes it, is one of loopback's, which no page can have as its own.

    It is taken as it is written: any other may well stand for an address of loopback here.
    """
    return name == "localhost" or name.endswith(".localhost") or _is_loopback_address(name)


def plain(name: str) -> str:
    """Write a name as all forms of it are compared: without brackets, a dot at the end, and capitals."""
    return name.lower().removeprefix("[").removesuffix("]").removesuffix(".")


def _is_loopback_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
