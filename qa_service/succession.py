"""Rebuilding with another model or other settings beside the index in use, and its taking over without a pause.

`build` makes a successor (see `qa_service.store.successor`) while the index in use is asked and written. Where no
server runs it then takes over at once. Else it is offered to the servers: the first that has opened it beside its own
index lets it take over, by `take_over`, and goes on with it; others follow. In either case what was written up to that
moment is in it, since the last round is made under the writer's lock, and who still writes to the old one is refused.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from embeddings.encoder import Encoder
from embeddings.reranker import Reranker
from qa_service import assembly
from qa_service.catching_up import CatchingUp
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Incompatible, Unavailable
from qa_service.index.lost_writes import REMEDY_BESIDE, ensure_none_lost
from qa_service.progress import Advance
from qa_service.store import articles, collections, directory_use, successor
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.store.successor import Plan
from qa_service.text.tokens import Tokenizer

logger = logging.getLogger(__name__)

_POLL_S = 0.2
_SETTINGS = ("model", "query_prompt", "passage_prompt", "runtime", "user_dict", "repair")
"""Settings that decide what is stored of an article; a server that takes a successor over takes them over too."""


def is_needed(engine: Engine) -> bool:
    """Tell whether articles in use were processed with another model or other settings than an engine has."""
    with engine.catalog.read() as connection:
        return articles.has_other_pipeline(connection, engine.generations.versions.pipeline)


def is_possible(engine: Engine) -> bool:
    """Tell whether another index can be made beside the one in use: where the catalogue is a file."""
    return isinstance(engine.catalog, SqliteCatalog)


def ensure_in_place(engine: Engine) -> None:
    """Make sure that articles may be processed anew where they are: by the same model, and while no service runs.

    Errors:
        Unavailable: they may not.
    """
    with engine.catalog.read() as connection:
        found = [engine.generations.current(one.row) for one in collections.every(connection)]
    if any(one is not None and one.versions.encoder != engine.generations.versions.encoder for one in found):
        raise Unavailable(
            "the articles were encoded with another model, and an index with this one can be made beside the one in use"
            " only where the catalogue is a file",
            field="QA_CATALOG",
            remedy="go back to the model of before; or name an empty database, ingest the articles into it, then start"
            " the services with that",
        )
    if others := engine.catalog.others():
        raise Unavailable(
            f"services or commands use the catalogue ({', '.join(others[:5])}), and articles that are processed with"
            " other settings cannot be asked or written by them",
            field="QA_CATALOG",
            remedy="stop them, run `qa-service rebuild`, then start them with the new settings",
        )


def build(engine: Engine, track: Callable[[int], Advance]) -> bool:
    """Make a successor of what is in use, or go on with one, and have it take over if no server runs.

    Killed at any point, it leaves what is in use as it was. A successor that is damaged is made anew, once.

    Args:
        engine: over what is in use, opened with the new model and settings, without `recover`.
        track: told how many articles there are to be processed; what it gives is told of the progress.

    Returns:
        Whether it took over; if not, it is offered to the servers.

    Errors:
        Unavailable: another rebuild is under way, or the directory cannot be written.
        Incompatible, Damaged: an article cannot be processed, or the catalogue has lost its last writes; what is in
            use stays.
    """
    ensure_none_lost(engine.catalog, REMEDY_BESIDE)
    data_dir = engine.catalog.data_dir
    with successor.locked(data_dir):
        if engine.catalog.root != data_dir:
            raise Unavailable(
                "the index of the last rebuild has not moved to its own place yet, since a server or a command uses it",
                field=str(data_dir),
                remedy="stop what uses the data directory, start the server again, then run `qa-service rebuild`",
            )
        try:
            return _made(engine, track)
        except successor.Unusable as error:
            logger.warning("begun anew: %s", error)
            successor.remove(data_dir)
        return _made(engine, track)


def _made(engine: Engine, track: Callable[[int], Advance]) -> bool:
    data_dir = engine.catalog.data_dir
    plan = Plan(_recorded(engine.settings), engine.generations.versions.pipeline)
    if successor.begin(data_dir, plan):
        logger.info("going on with what an earlier rebuild has made")
    with successor.judged(data_dir), _twin(engine.settings, engine.encoder, engine) as twin:
        ensure_none_lost(twin.catalog)
        engine.generations.expect(twin.generations)
        catching_up = _catching_up(engine, twin)
        catching_up.catch_up(track(catching_up.left()))
        unserved = directory_use.unserved(data_dir)
        if unserved is None:
            successor.offer(data_dir)
            return False
        try:
            _switch(engine, twin, catching_up)
        finally:
            unserved.release()
    return True


def wait(data_dir: Path, pipeline: str, seconds: float) -> bool | None:
    """Wait until a server has let the index take over that was offered.

    Args:
        data_dir: the directory.
        pipeline: identifies the processing of that index's articles.
        seconds: how long to wait.

    Returns:
        Whether one did within the time; None when no server runs any more, so that `build` has to.

    Errors:
        Unavailable: it could not, or the index is not there any more.
    """
    give_up = time.monotonic() + seconds
    while _is_offered(data_dir, pipeline):
        trouble = successor.trouble(data_dir)
        if trouble is not None:
            raise Unavailable(
                f"the server goes on with the old index, since it cannot use the new one: {trouble}",
                remedy="see to that, then run `qa-service rebuild` again",
            )
        unserved = directory_use.unserved(data_dir)
        if unserved is not None:
            unserved.release()
            if not successor.is_current(data_dir):
                return None
        elif time.monotonic() > give_up:
            return False
        time.sleep(_POLL_S)
    # It is offered no more when it has taken over, and has perhaps moved to its place since; or when it was removed.
    with contextlib.closing(SqliteCatalog(data_dir)) as catalog, catalog.read() as connection:
        if articles.has_other_pipeline(connection, pipeline):
            raise Unavailable(
                "another command removed the new index, or put another in its place, before a server went on with it",
                field=str(data_dir),
                remedy="run `qa-service rebuild` again; `rebuild` with other settings, or with those in use, and"
                " `compact --erase` remove what it has made",
            )
    return True


def _is_offered(data_dir: Path, pipeline: str) -> bool:
    plan = successor.read_plan(data_dir)
    offered = plan is not None and plan.pipeline == pipeline and successor.offer_stamp(data_dir) is not None
    return offered and not successor.is_current(data_dir)


def awaits(engine: Engine) -> int | None:
    """Tell by its stamp whether another index is ready to take over from an engine's, or has; None if not."""
    catalog = engine.catalog
    if not isinstance(catalog, SqliteCatalog):
        return None
    if successor.root_of(catalog.data_dir) != catalog.root:
        return 0
    return successor.offer_stamp(catalog.data_dir) if catalog.root == catalog.data_dir else None


def take_over(old: Engine) -> Engine:
    """Open the index that is to take over from an engine's, bring it up to date and make it the truth.

    The old engine answers all the while; from the moment this returns it answers from what is no longer written.

    Returns:
        An engine over it, without workers; the old one is the caller's to close.

    Errors:
        Busy: it is being made. Unavailable: it cannot be opened or written now. Incompatible, Damaged: it cannot take
            over; if it is its own damage, the next rebuild makes it anew.
    """
    data_dir = old.catalog.data_dir
    with successor.locked(data_dir):
        plan = successor.read_plan(data_dir)
        if plan is None:
            raise Unavailable("what a rebuild made cannot be read", remedy="run `qa-service rebuild` again")
        settings = _with(old.settings, plan)
        if successor.is_current(data_dir):
            return Engine.open(settings)
        parts = assembly.load_parts(settings, None, asking=True)
        try:
            with successor.judged(data_dir):
                return _taken_over(old, settings, parts, plan)
        except successor.Unusable:
            successor.note_damage(data_dir)
            raise


def _taken_over(
    old: Engine, settings: Settings, parts: tuple[Encoder, Tokenizer, Reranker | None], plan: Plan
) -> Engine:
    encoder, tokenizer, reranker = parts
    twin = Engine(settings, encoder, SqliteCatalog(settings.data_dir, successor=True), reranker, tokenizer=tokenizer)
    try:
        _ensure_planned(twin, plan)
        old.generations.expect(twin.generations)
        catching_up = _catching_up(old, twin)
        catching_up.catch_up()
        twin.recover()
        _switch(old, twin, catching_up)
        for name in [one.name for one in twin.collections()]:
            twin.opened.refresh_or_mend(name)
    except BaseException:
        twin.close()
        raise
    return twin


def note_trouble(data_dir: Path, trouble: str) -> None:
    """Leave word for who offered an index that it could not take over."""
    with contextlib.suppress(OSError):
        if successor.read_plan(data_dir) is not None:
            successor.note_trouble(data_dir, trouble)


def _ensure_planned(twin: Engine, plan: Plan) -> None:
    if twin.generations.versions.pipeline != plan.pipeline:
        raise Incompatible(
            f"the model {twin.settings.model!r}, or a setting, gives this server something else than the rebuild had",
            remedy="run `qa-service rebuild` where the server runs, with the same files and the same version",
        )


def _switch(old: Engine, twin: Engine, catching_up: CatchingUp) -> None:
    live = old.catalog
    with live.writer_lock():
        catching_up.finish()
        # Before it is in charge, so that no death in between loses it; it removes nothing until it is.
        twin.generations.inherit(old.generations)
        successor.put_in_charge(live.data_dir)
        live.seal()


def _catching_up(live: Engine, twin: Engine) -> CatchingUp:
    return CatchingUp(live.catalog, live.segments, live.generations, twin.catalog, twin.generations, twin.ingestor())


@contextlib.contextmanager
def _twin(settings: Settings, encoder: Encoder, like: Engine) -> Iterator[Engine]:
    twin = Engine(
        settings, encoder, SqliteCatalog(settings.data_dir, successor=True), adjusted=False, tokenizer=like.tokenizer
    )
    try:
        yield twin
    finally:
        twin.close()


def _recorded(settings: Settings) -> dict[str, Any]:
    """Write down the settings that count, in a way that holds in another process too."""
    found = settings.model_dump(mode="json", include=set(_SETTINGS))
    model = Path(settings.model).expanduser()
    if settings.model != "default" and model.is_dir():
        found["model"] = str(model.resolve())
    if settings.user_dict is not None:
        found["user_dict"] = str(settings.user_dict.expanduser().resolve())
    return found


def _with(settings: Settings, plan: Plan) -> Settings:
    given = {name: value for name, value in plan.settings.items() if name in _SETTINGS}
    if given.get("user_dict") is not None:
        given["user_dict"] = Path(str(given["user_dict"]))  # type: ignore[assignment]
    return settings.model_copy(update=given)
