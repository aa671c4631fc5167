"""The process of one errand; see `errands`.

One that works on jobs loads the encoder and jieba's dictionary anew. One that compacts loads no encoder, unless page
furniture was learnt meanwhile and articles have to be encoded again because of it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from qa_service import assembly, erasing, learning, learnt, logs
from qa_service.engine import Engine
from qa_service.errands import GRACE_S, Order
from qa_service.errors import QAError
from qa_service.job_runner import JobRunner
from qa_service.store import collections, furniture
from qa_service.store.opening import open_catalog

logger = logging.getLogger(__name__)

Reply = Callable[[str, str], None]


def main() -> None:
    """Do the one thing that standard input orders, and end the process; exit code 1 when it failed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server tells us to stop
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no reply
    order = Order.from_json(sys.stdin.readline())
    logs.configure(order.settings.log_format)
    stopping = threading.Event()
    threading.Thread(target=_watch, args=(sys.stdin, stopping), daemon=True).start()

    def reply(kind: str, text: str) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            replies.write(json.dumps({kind: text}) + "\n")
            replies.flush()

    code = 0
    try:
        _run(order, reply, stopping)
    except Exception as error:
        if not isinstance(error, QAError):
            logger.exception("%s failed", order.work)
        reply("failed", str(error) or type(error).__name__)
        code = 1
    logging.shutdown()
    os._exit(code)  # taking the interpreter apart takes long and saves nothing


def _watch(orders: TextIO, stopping: threading.Event) -> None:
    """Wait until whoever gave the order closes its end or dies; then leave off, at the latest after a while."""
    orders.read()
    stopping.set()
    threading.Event().wait(GRACE_S)
    os._exit(0)


def _run(order: Order, reply: Reply, stopping: threading.Event) -> None:
    reply("started", order.work)
    if order.collection is None:
        _work_on_jobs(order, reply, stopping)
    else:
        _compact(order, order.collection)


def _work_on_jobs(order: Order, reply: Reply, stopping: threading.Event) -> None:
    engine = _open(order)
    if engine.generations.versions != order.versions:
        reply("cannot", "the settings give another encoder than the one in use")
        os._exit(1)
    JobRunner(engine.catalog, engine.taking_in.ingest_batches, stopping.is_set).drain()
    engine.close()


def _compact(order: Order, name: str) -> None:
    catalog = open_catalog(order.settings)
    catalog.ensure_at(order.root)
    segments = catalog.segments()
    generations = assembly.indexes(order.settings, catalog, segments, order.versions)
    with catalog.read() as connection:
        collection = collections.find(connection, name)
        if collection is None:
            return
        found = learning.learn_all(connection, collection.row)
        fresh = furniture.not_learnt(connection, collection.row)
    late = [] if found.articles else learnt.record(catalog, collection.row, fresh, found)
    if found.articles or late:
        engine = _open(order)
        if found.articles:
            engine.ingestor().settle(name)
        else:
            engine.ingestor().reprocess(late, name, publish=True)
        engine.close()
    learnt.finish(catalog, collection.row)
    generations.compact(collection, force=True)  # that it is due was seen by who gave the order
    erasing.reclaim(catalog, segments, generations)


def _open(order: Order) -> Engine:
    """Open the index that the order is about.

    Errors:
        Superseded: a rebuild's index has taken over meanwhile; whoever serves that gives its own orders.
    """
    engine = Engine.open(order.settings, recover=False, asking=False)
    engine.catalog.ensure_at(order.root)
    return engine
