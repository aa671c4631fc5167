"""Whom the service answers: names, proxies, pages of other origins, and the refusal to be open to the network."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from qa_service.addresses import is_loopback
from qa_service.config import Settings, load_settings
from qa_service.errors import ConfigError, Damaged
from qa_service.http import create_app
from qa_service.http.exposure import refuse_exposed
from qa_service.keys.key import make_key
from qa_service.keys.key_file import NAME, add_key
from tests.http.fake_engine import FakeEngine
from tests.http.problem import assert_problem

PAGE = "https://chat.example.org"


def client_of(tmp_path: Path, **given: Any) -> FlaskClient:
    return application(tmp_path, **given).test_client()


def application(tmp_path: Path, **given: Any) -> Flask:
    return create_app(Settings(data_dir=tmp_path, **given), FakeEngine())  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "::ffff:127.0.0.1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.0.2.1", "a" * 300])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_name_is_as_open_as_its_most_open_address(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, 1, 6, "", (address, 0)) for address in ("127.0.0.1", "192.0.2.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert not is_loopback("half-open.test")


def test_an_open_address_needs_a_key_or_a_word(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, host="0.0.0.0")
    with pytest.raises(ConfigError, match=r"QA_HOST.*qa-service keys add.*QA_ALLOW_OPEN=true"):
        refuse_exposed(settings)
    for fine in ({"host": "127.0.0.1"}, {"allow_open": True}, {"api_key": "k"}):
        refuse_exposed(Settings(**{"data_dir": tmp_path, "host": "0.0.0.0", **fine}))
    add_key(tmp_path, make_key("a", ("ask",))[0])
    refuse_exposed(settings)
    (tmp_path / NAME).write_text("no keys")
    with pytest.raises(Damaged):
        refuse_exposed(settings)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"trusted_proxies": 1}, "QA_TRUSTED_PROXIES"),
        ({"public_url": "https://qa.example.org/x"}, "QA_PUBLIC_URL"),
        ({"public_url": "https://192.0.2.1"}, "QA_PUBLIC_URL"),
        ({"allowed_hosts": ("localhost", "qa.example.org")}, "QA_ALLOWED_HOSTS"),
        # The machine's own name is often one of loopback there, and of the network elsewhere.
        ({"allowed_hosts": ("own-name.test",)}, "QA_ALLOWED_HOSTS"),
    ],
    ids=str,
)
def test_a_proxy_on_the_same_machine_opens_nothing_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], field: str
) -> None:
    found = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ConfigError, match=r"there is no key.*qa-service keys add.*QA_ALLOW_OPEN=true") as caught:
        refuse_exposed(Settings(data_dir=tmp_path, **given))
    assert caught.value.field == field
    refuse_exposed(Settings(data_dir=tmp_path, allow_open=True, **given))
    # Nor is an application open that is served in another way.
    assert client_of(tmp_path, **given).get("/v1/collections").status_code == 401
    assert client_of(tmp_path, allow_open=True, **given).get("/v1/collections").status_code == 200
    add_key(tmp_path, make_key("a", ("ask",))[0])
    refuse_exposed(Settings(data_dir=tmp_path, **given))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"public_url": "http://localhost:8000"},
        {"public_url": "http://[::1]:8000"},
        {"allowed_hosts": ("127.0.0.1", "qa.localhost", "[::1]", "LOCALHOST")},
    ],
    ids=str,
)
def test_loopback_under_loopback_names_needs_no_key(tmp_path: Path, given: dict[str, Any]) -> None:
    refuse_exposed(Settings(data_dir=tmp_path, **given))
    assert client_of(tmp_path, **given).get("/v1/collections").status_code == 200


@pytest.mark.parametrize(
    ("given", "host", "taken"),
    [
        ({}, "localhost:8000", True),
        ({}, "LOCALHOST.", True),
        ({}, "app.localhost", True),
        ({}, "127.0.0.1:8000", True),
        ({}, "[::1]:8000", True),
        ({}, "evil.example", False),
        ({}, "localhost.evil.example", False),
        ({}, "127.0.0.1.evil.example", False),
        ({}, "192.0.2.1:8000", False),
        ({"public_url": "https://qa.example.org/x"}, "qa.example.org", True),
        ({"allowed_hosts": ("qa.example.org",)}, "QA.example.org:443", True),
        ({"allowed_hosts": ("qa.example.org",)}, "localhost", True),
        ({"allowed_hosts": ("qa.example.org",)}, "a.qa.example.org", False),
        ({"host": "0.0.0.0", "allow_open": True}, "any.example", True),
        ({"host": "0.0.0.0", "allow_open": True, "allowed_hosts": ("qa.test",)}, "any.example", False),
    ],
    ids=str,
)
def test_names(tmp_path: Path, given: dict[str, Any], host: str, taken: bool) -> None:
    client = client_of(tmp_path, **given)
    for path in ("/v1/collections", "/", "/healthz", "/none"):
        answer = client.get(path, headers={"Host": host})
        if taken:
            assert answer.status_code != 403
        else:
            assert_problem(answer, 403, "forbidden", field="Host")


def test_proxies_are_believed_as_far_as_told(tmp_path: Path) -> None:
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}
    assert client_of(tmp_path).get("/v1/collections", headers=forwarded).status_code == 200
    behind = application(tmp_path, trusted_proxies=1, allowed_hosts=("qa.test",), allow_open=True)
    seen: list[tuple[str, str | None]] = []

    @behind.after_request
    def look(response: Any) -> Any:
        from flask import request

        seen.append((request.host_url, request.remote_addr))
        return response

    client = behind.test_client()
    assert_problem(client.get("/v1/collections", headers=forwarded), 403, "forbidden", field="Host")
    named = {**forwarded, "X-Forwarded-Host": "evil.example, qa.test", "X-Forwarded-For": "192.0.2.1, 192.0.2.9"}
    assert client.get("/v1/collections", headers=named).status_code == 200
    assert seen[-1] == ("https://qa.test/", "192.0.2.9")


def preflight(client: FlaskClient, origin: str) -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    return client.options("/v1/ask", headers=headers)


def test_pages_of_other_origins_are_closed_out(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    assert not [name for name, _ in preflight(client, PAGE).headers if name.startswith("Access-Control")]
    answer = client.get("/v1/collections", headers={"Origin": PAGE})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_of_named_origins_may_call(tmp_path: Path) -> None:
    client = client_of(tmp_path, cors_origins=(PAGE,), api_key="k")
    asked = preflight(client, PAGE)
    assert (asked.status_code, asked.data) == (204, b"")
    assert asked.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in asked.headers
    headers = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site", "Authorization": "Bearer k"}
    made = client.put("/v1/collections/a", headers=headers)
    assert (made.status_code, made.headers["Access-Control-Allow-Origin"]) == (201, PAGE)
    assert "Origin" in made.headers["Vary"]
    refused = client.get("/v1/collections", headers={"Origin": PAGE})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, PAGE)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://chat.example.org", f"{PAGE}.evil.example", ""]
)
def test_and_no_others(tmp_path: Path, origin: str) -> None:
    client = client_of(tmp_path, cors_origins=(PAGE,))
    assert "Access-Control-Allow-Origin" not in preflight(client, origin).headers
    answer = client.put("/v1/collections/a", headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"})
    assert_problem(answer, 403, "forbidden")


def test_headers_of_every_answer(tmp_path: Path) -> None:
    client = client_of(tmp_path, api_key="k")
    for path in ("/", "/v1/ask", "/none", "/healthz"):
        headers = client.get(path).headers
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
    assert client.get("/none").headers["Cache-Control"] == "no-store"


def test_lists_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_ALLOWED_HOSTS", "qa.example.org, [::2] ,")
    monkeypatch.setenv("QA_CORS_ORIGINS", "https://A.example:8443")
    settings = load_settings()
    assert settings.allowed_hosts == ("qa.example.org", "[::2]")
    assert settings.cors_origins == ("https://a.example:8443",)
    monkeypatch.setenv("QA_CORS_ORIGINS", "")
    assert load_settings().cors_origins is None
    config = tmp_path / "qa.toml"
    config.write_text('allowed_hosts = ["b.example"]\n')
    monkeypatch.delenv("QA_ALLOWED_HOSTS")
    monkeypatch.setenv("QA_CONFIG", str(config))
    assert load_settings().allowed_hosts == ("b.example",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QA_CORS_ORIGINS", "*"),
        ("QA_CORS_ORIGINS", "https://a.example/path"),
        ("QA_CORS_ORIGINS", "chat.example.org"),
        ("QA_ALLOWED_HOSTS", "https://a.example"),
        ("QA_ALLOWED_HOSTS", "a.example:80"),
        ("QA_TRUSTED_PROXIES", "-1"),
        ("QA_ALLOW_OPEN", "perhaps"),
        ("QA_KEY_RATE", "60 a minute"),
    ],
)
def test_wrong_settings(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert caught.value.field is not None and caught.value.field.startswith(name)


def test_a_password_in_an_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_GENERATOR_URL", "http://me:my-password@host?x")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "my-password" not in str(caught.value)
