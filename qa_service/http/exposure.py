"""Whom the service is reachable for: loopback or the network, under which names, and behind which proxies."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.http import parse_list_header
from werkzeug.middleware.proxy_fix import ProxyFix

from qa_service.addresses import is_loopback, is_loopback_name, plain
from qa_service.config import Settings
from qa_service.errors import ConfigError
from qa_service.http.failure import FieldProblem, HttpProblem
from qa_service.keys.ring import KeyRing
from qa_service.store import visiting

_PORT = re.compile(r":[0-9]*\Z")


def init_app(app: Flask, settings: Settings) -> None:
    """Believe the proxies there are, and refuse requests for names that are not the service's.

    A web page can have its own name point to an address of whoever looks at it; what it then asks looks to a browser
    like a call to itself (DNS rebinding). The name that was asked for is all that gives it away.
    """
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    names = _names(settings)
    if names is None:
        return

    def check() -> None:
        given = request.environ.get("HTTP_HOST", "")
        if given and not _is_one_of(given, names):
            problem = FieldProblem(
                "Host", f"this service is not {given[:80]!r}", "name it in QA_ALLOWED_HOSTS, if it should be"
            )
            raise HttpProblem(403, "forbidden", [problem])

    app.before_request(check)


def client_behind(proxies: int, address: str, forwarded: str) -> str:
    """Give the address of who calls, as requests have it that the application answers.

    Parameters:
        proxies: how many are believed.
        address: whose connection it is.
        forwarded: the request's X-Forwarded-For.
    """
    told = parse_list_header(forwarded)
    return (told[-proxies] if 0 < proxies <= len(told) else "") or address


def is_open(settings: Settings) -> bool:
    """Tell whether a service without keys may answer everybody who reaches it."""
    return settings.allow_open or _reached_by(settings) is None


def refuse_exposed(settings: Settings) -> None:
    """Refuse to serve without keys where others than this machine's users reach the service.

    Errors:
        ConfigError: there are none. Damaged: the file of keys cannot be read. Unavailable: a restore is under way, or
            one that was interrupted cannot be settled.
    """
    single = settings.api_key
    # Settled first: the keys may be among what an interrupted restore has not moved yet.
    with visiting.reading(settings.data_dir):
        ring = KeyRing(settings.data_dir, single.get_secret_value() if single else None)
    reached = _reached_by(settings)
    if reached is not None and not settings.allow_open and not ring.closed:
        field, way = reached
        raise ConfigError(
            f"{way}, and there is no key",
            field=field,
            remedy="make one with `qa-service keys add NAME --scope ask`, or set QA_ALLOW_OPEN=true to serve everybody",
        )


def _reached_by(settings: Settings) -> tuple[str, str] | None:
    """Give the setting by which others than this machine's users reach the service, and how; None when none does.

    On loopback it is a proxy that lets them in, which shows in what the service is told of itself. A name is taken as
    it is written: here it may well stand for an address of loopback.
    """
    if not is_loopback(settings.host):
        return "QA_HOST", f"{settings.host or 'every address'} can be reached from other machines"
    if settings.trusted_proxies:
        return "QA_TRUSTED_PROXIES", "a proxy can be reached from other machines"
    public = urlsplit(settings.public_url).hostname if settings.public_url else None
    named = [("QA_PUBLIC_URL", public), *(("QA_ALLOWED_HOSTS", name) for name in settings.allowed_hosts or ())]
    for field, name in named:
        if name and not is_loopback_name(plain(name)):
            return field, f"{name} can be reached from other machines"
    return None


def _names(settings: Settings) -> frozenset[str] | None:
    """Give the names that the service answers to beside loopback's; None for any."""
    if settings.allowed_hosts is None and not is_loopback(settings.host):
        return None
    public = urlsplit(settings.public_url).hostname if settings.public_url else None
    own = [settings.host] if settings.allowed_hosts is None else settings.allowed_hosts
    return frozenset(plain(name) for name in (*own, public) if name)


def _is_one_of(host: str, names: frozenset[str]) -> bool:
    """Tell whether a Host header has one of the names, or one of loopback's, which no page can have as its own."""
    name = plain(host if host.endswith("]") else _PORT.sub("", host))
    return name in names or is_loopback_name(name)
