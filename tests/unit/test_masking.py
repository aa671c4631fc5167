"""Passwords are in no message, however wrongly the address is written that holds them."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from qa_service.cli.migrate import migrate
from qa_service.config import Settings, load_settings
from qa_service.errors import ConfigError, QAError
from qa_service.masking import has_loose_password, masked
from qa_service.migrating import places
from qa_service.milvus_address import parse

PASSWORDS = [
    "12/geheim",
    "geheim/pw",
    "h＃geheim",
    "[geheim]",
    "12#geheim",
    "12?geheim",
    "12/geheim?a",
    "[geheim",
    "a@1/geheim",
]


def told(error: BaseException) -> str:
    """Write an error as a log does, with its causes."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_address_of_milvus_is_refused_without_a_word_of_it(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"milvus://root:{password}@db.example/x"
    with pytest.raises(ConfigError) as caught:
        parse(address)
    assert "geheim" not in told(caught.value)
    assert "%2F" in str(caught.value.remedy)
    with pytest.raises(ValidationError) as wrong:
        Settings(index=address)
    assert "geheim" not in told(wrong.value)
    monkeypatch.setenv("QA_INDEX", address)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "geheim" not in told(caught.value)
    ended = CliRunner().invoke(migrate, ["--to", address])
    assert isinstance(ended.exception, QAError) and "geheim" not in told(ended.exception)


@pytest.mark.parametrize("password", ["12/geheim", "geheim/pw", "pass@geheim", "12/geheim?x=1", "1@2/geheim"])
def test_the_address_of_a_database_is_refused_without_a_word_of_it(password: str, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    from qa_service.store.postgres.server import Server

    address = f"postgresql://me:{password}@db.example/x"
    with pytest.raises((ConfigError, ValidationError)) as caught:
        given = Settings(catalog=address, data_dir=tmp_path).catalog
        assert given is not None
        Server(given.get_secret_value())
    assert "geheim" not in told(caught.value)
    with pytest.raises(ConfigError) as refused:
        Server(address)
    assert "geheim" not in told(refused.value)
    with pytest.raises(QAError) as caught_too:
        places.route(Settings(data_dir=tmp_path), "local", address, None)
        Server(address)
    assert "geheim" not in told(caught_too.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:a%40b@db.example:5432/x",
        "postgresql://me@db.example/x?user=a@b",
        "postgresql:///x?host=/var/run",
        "postgresql://db.example:5432/x",
        "postgresql://me:pw@[::1]:5432/x",
        "postgresql://me:pw@one:1,two:2/x",
        "https://db.example/@x/v1",
    ],
)
def test_what_is_written_rightly_is_taken(address: str) -> None:
    assert not has_loose_password(address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:geheim@db/x", "postgresql://me:***@db/x"),
        ("postgresql://me:ge/heim@db/x", "postgresql://me:***@db/x"),
        ("postgresql://me:ge@heim@db/x", "postgresql://me:***@db/x"),
        ("postgresql://me@db:1/x?password=geheim&a=1", "postgresql://me@db:1/x?password=***&a=1"),
        ("postgresql://db/x?sslpassword=geheim", "postgresql://db/x?sslpassword=***"),
        ("postgresql://db/x?pass%77ord=geheim", "postgresql://db/x?pass%77ord=***"),
        ("postgresql://db/x?a=1&PASSWORD=ge'heim", "postgresql://db/x?a=1&PASSWORD=***"),
        ("host=db password = 'geh eim' user=me", "host=db password = *** user=me"),
        ("milvus://db.example:1/x", "milvus://db.example:1/x"),
        ("local", "local"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_the_generator_and_unknown_settings_show_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (
        "http://me:12/geheim@x/v1",
        "http://me:geheim/a@x",
        "http://me:h＃geheim@x/v1",
        "http://me:ge/heim@x?",
    ):
        monkeypatch.setenv("QA_GENERATOR_URL", address)
        with pytest.raises(ConfigError) as caught:
            load_settings()
        assert "heim" not in told(caught.value)
    monkeypatch.delenv("QA_GENERATOR_URL")
    (tmp_path / "qa.toml").write_text('catalogue = "postgresql://me:ge/heim@db/x?password=geheim"')
    monkeypatch.setenv("QA_CONFIG", str(tmp_path / "qa.toml"))
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "heim" not in told(caught.value)


def test_the_places_of_a_migration_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_MIGRATE_TO", "milvus://me:geheim@x/a-b")
    ended = CliRunner().invoke(migrate, [])
    assert isinstance(ended.exception, ConfigError) and ended.exception.field == "--to"
    monkeypatch.setenv("QA_MIGRATE_TO", "local")
    monkeypatch.setenv("QA_MIGRATE_CATALOG", "mysql://me:geheim@x")
    ended = CliRunner().invoke(migrate, [])
    assert isinstance(ended.exception, QAError) and ended.exception.field == "--catalog"
    assert "geheim" not in told(ended.exception)
