"""Who may call: where there are keys, nobody without one, and each key what its scopes allow."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Flask, Request, g, request

from qa_service.config import Settings
from qa_service.errors import Forbidden
from qa_service.http import large_bodies
from qa_service.http.caller import ANYBODY, NOBODY, Caller
from qa_service.http.exposure import is_open
from qa_service.http.failure import FieldProblem, HttpProblem
from qa_service.http.rules import DOCUMENT, PUBLIC, Rule, route_of, rule_of
from qa_service.http.throttle import Throttle
from qa_service.keys.key import Key
from qa_service.keys.ring import KeyRing

EXTENSION = "qa_keys"
_BEARER = re.compile(r"Bearer +([\x21-\x7e]+) *", re.IGNORECASE)
_CHALLENGE = 'Bearer realm="qa-service"'
_BASIC_CHALLENGE = 'Basic realm="qa-service"'


def init_app(app: Flask, settings: Settings) -> None:
    """Find out who calls, and whether it may, before anything else of a request is looked at.

    Errors:
        Damaged: the file of keys cannot be read.
    """
    single = settings.api_key
    ring = app.extensions[EXTENSION] = KeyRing(settings.data_dir, single.get_secret_value() if single else None)
    open_to_all = is_open(settings)
    throttle = Throttle(settings.key_rate)
    throttle.init_app(app)

    def check() -> None:
        g.caller = NOBODY
        route = route_of(request)
        if open_to_all and not ring.closed:
            g.caller = ANYBODY
        elif route in PUBLIC:
            g.caller = _known(ring, bearer_token(request))
        else:
            key = _require_key(request, ring, by_password=route in DOCUMENT)
            throttle.enter(request, key)
            caller = Caller.of_key(key)
            _require_right(caller, rule_of(route))
            g.caller = caller

    def takes_large(headers: large_bodies.Headers) -> bool:
        if open_to_all and not ring.closed:
            return True
        given = [value for name, value in headers if name == "AUTHORIZATION"]
        # What is not read is refused by `check`, which finds no key either.
        return len(given) == 1 and _known(ring, _token_in(given[0])) is not NOBODY

    app.before_request(check)
    large_bodies.decide(app, takes_large)


def bearer_token(request: Request) -> str | None:
    """Read the key that a request brings; None without one or with a header of another shape."""
    return _token_in(request.headers.get("Authorization", ""))


def _token_in(header: str) -> str | None:
    found = _BEARER.fullmatch(header)
    return found[1] if found else None


def _known(ring: KeyRing, token: str | None) -> Caller:
    """Give the caller of what needs no key: a good key may still be shown more."""
    key = ring.find(token) if token else None
    return NOBODY if key is None or key.expired(datetime.now(UTC)) else Caller.of_key(key)


def _require_key(request: Request, ring: KeyRing, *, by_password: bool) -> Key:
    """Give the key that a request brings.

    Errors:
        HttpProblem: 401, of kind `unauthorized` where no key can be read and `wrong-key` where another is given.
    """
    token = bearer_token(request)
    if token is None and by_password and request.authorization is not None:
        token = request.authorization.password
    if not token:
        problem = "has no bearer key" if "Authorization" in request.headers else "is missing"
        remedy = "send Authorization: Bearer KEY, with a key of this service"
        raise _refusal("unauthorized", problem, remedy, by_password)
    key = ring.find(token)
    if key is None:
        raise _refusal("wrong-key", "holds a key that is not known here", "use a key of this service", by_password)
    if key.expired(datetime.now(UTC)):
        raise _refusal("wrong-key", "holds a key that has expired", "ask for a new one", by_password)
    return key


def _require_right(caller: Caller, rule: Rule) -> None:
    """Refuse what a key is not for.

    Errors:
        Forbidden: it has no such scope, or is for some collections where one for all is asked for.
    """
    if not caller.may(rule.scopes):
        wanted = " or ".join(rule.scopes)
        raise Forbidden(
            f"this key is not for that: it lacks the scope {wanted}",
            field="Authorization",
            remedy=f"use a key with the scope {wanted}",
        )
    if rule.whole and caller.collections is not None:
        raise Forbidden(
            "this key is for some collections only", field="Authorization", remedy="use a key for all of them"
        )


def _refusal(kind: str, problem: str, remedy: str, by_password: bool) -> HttpProblem:
    challenge = f"{_BASIC_CHALLENGE}, {_CHALLENGE}" if by_password else _CHALLENGE
    return HttpProblem(401, kind, [FieldProblem("Authorization", problem, remedy)], {"WWW-Authenticate": challenge})
