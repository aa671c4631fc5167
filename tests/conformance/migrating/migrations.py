"""What tests of migrations share: how one is run, and what a place holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.migrating import moving, places
from qa_service.migrating.moving import Report
from qa_service.store import copying
from qa_service.store.catalog import Catalog
from qa_service.store.copying import TABLES, Mark
from qa_service.store.opening import open_catalog
from qa_service.store.segments import Block
from qa_service.types import Submission
from tests.conformance.articles import QUESTIONS, ask, shown, submission

SEGMENT = "岭南的荔枝在四月成熟。它由果农在清晨采摘，当天送往城里。城里的人把它浸在井水里，第二天再吃。"


class Killed(BaseException):
    """The process ends here."""


def quiet(_label: str, _unit: str) -> AbstractContextManager[Any]:
    return nullcontext(lambda _total: lambda _more: None)


def migrate(
    settings: Settings,
    to: str,
    catalog: str | None = None,
    data_to: Path | None = None,
    questions: int = 6,
    encoder: ToyEncoder | None = None,
) -> Report:
    """Migrate; nothing may be encoded but questions."""
    given = encoder or ToyEncoder()
    encoded = given.passages_encoded
    try:
        return moving.migrate(places.route(settings, to, catalog, data_to), questions, quiet, given)
    finally:
        assert given.passages_encoded == encoded


def rows(catalog: Catalog) -> dict[str, set[Any]]:
    with catalog.read() as connection:
        return {one.name: set(connection.execute(f"SELECT * FROM {one.name}").fetchall()) for one in TABLES}


def content(settings: Settings) -> tuple[dict[str, set[Any]], dict[Block, bytes], dict[str, int]]:
    """Read all rows, all vectors and the last numbers that were given."""
    with closing(open_catalog(settings)) as catalog:
        found = rows(catalog)
        with catalog.read() as connection:
            places_ = connection.execute("SELECT segment, slot, vectors, vectors_crc FROM passages WHERE vectors > 0")
            blocks = [Block(*place) for place in places_.fetchall()]
            numbers = {one.name: connection.last_number(one.name, one.key[0]) for one in TABLES if one.numbered}
        segments = catalog.segments()
        return found, {block: segments.checked(block).tobytes() for block in blocks}, numbers


def answers(settings: Settings) -> list[str]:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        assert engine.check() == []
        return [shown(engine.ask(ask(question))) for question in QUESTIONS[:4]]


def web_page(number: int) -> Submission:
    page = f"欢迎访问本站\n第{number}条新闻讲的是{number}号水渠的修建经过。\n版权所有，请勿转载"
    return replace(submission(number), content=page.encode(), id=f"w{number}", url=f"https://a.example/{number}")


def named(settings: Settings, **places_: Any) -> Settings:
    given = {name: SecretStr(value) if isinstance(value, str) else value for name, value in places_.items()}
    return settings.model_copy(update=given)


def die() -> None:
    raise Killed


def kill_in(patch: pytest.MonkeyPatch, batch: int, happens: Callable[[], None] = die) -> None:
    """Have something happen in a batch, before it is committed; small batches, so that there are many."""
    patch.setattr(copying, "_FIRST", 1)
    put, done = copying.put_mark, 0

    def put_or_die(tx: Any, mark: Mark) -> None:
        nonlocal done
        done += mark.rows > 0
        put(tx, mark)
        if done == batch + 1:
            happens()

    patch.setattr(copying, "put_mark", put_or_die)
