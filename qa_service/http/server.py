"""The server in production form: gunicorn, one process of threads, quiet unless there is something to say."""

from __future__ import annotations

import logging
import math
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from embeddings.memory import share_memory
from embeddings.products import compute_alone
from qa_service import logs
from qa_service.http.connections.incoming import LONGEST_REQUEST_LINE
from qa_service.http.connections.limits import MOST_CONNECTIONS
from qa_service.http.connections.worker import Worker
from qa_service.http.gunicorn_log import server_log
from qa_service.http.host import EXTENSION, EngineHost
from qa_service.http.watching import tracing

if TYPE_CHECKING:
    from flask import Flask

    from qa_service.config import Settings

# Loading a model can hold the interpreter for long; requests have their own threads and no such limit.
_WORKER_TIMEOUT = 120
_CLOSE_SECONDS = 15
"""How long the engine may take to close, once the requests are answered, before the worker is killed."""
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108


def serve(settings: Settings) -> int:
    """Serve until stopped by SIGTERM or SIGINT.

    Parameters:
        settings: host, port and threads among them; port 0 takes a free one, which the first line names.

    Returns:
        The exit code: 0 when stopped, 1 when the address cannot be had or the worker does not start.

    Errors:
        ConfigError: something is wanted that is not installed.
    """
    tracing.check_installed(settings)
    logs.configure(settings.log_format)
    share_memory()
    try:
        listener = _listen(settings.host, settings.port)
    except OSError as error:
        reason = error.strerror or str(error)
        sys.stderr.write(f"qa-service: cannot listen on {settings.host} port {settings.port}: {reason}\n")
        return 1
    address = _url(settings.host, listener.getsockname()[1])
    _say(f"loading the model and the index; the service will be at {address}")
    server = _Server(settings, listener, announce=lambda: _say(f"ready at {address}"))
    process = os.getpid()
    try:
        server.run()
    except SystemExit as stop:
        if os.getpid() != process:
            raise
        return 1 if stop.code else 0
    return 0


def _say(line: str) -> None:
    logs.say(line, sys.stdout)


def _listen(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # `localhost` names two addresses; people type the older one.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _url(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    if ":" in shown and not shown.startswith("["):
        shown = f"[{shown}]"
    return f"http://{shown}:{port}"


class _Server(BaseApplication):  # type: ignore[misc]
    """Configures gunicorn from the settings; the application is made in the worker, after the fork."""

    def __init__(self, settings: Settings, listener: socket.socket, *, announce: Callable[[], None]) -> None:
        self.settings = settings
        self._options = _options(settings, listener.detach())
        self._announce = announce
        super().__init__(prog="qa-service")

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        from qa_service.http import create_app  # noqa: PLC0415

        compute_alone()
        # The model and the index are opened while the application is imported and put together.
        host = EngineHost(self.settings)
        host.start()
        app = create_app(self.settings, host=host)
        threading.Thread(target=_announce_when_ready, args=(host, self._announce), daemon=True).start()
        return app


def _announce_when_ready(host: EngineHost, announce: Callable[[], None]) -> None:
    host.wait()
    if host.ready:
        announce()


def _end_worker(_server: object, worker: Any) -> None:
    app = worker.app.callable
    if app is not None:
        app.extensions[EXTENSION].close()
        if tracing.EXTENSION in app.extensions:
            app.extensions[tracing.EXTENSION].close()
    if worker.booted:
        # Taking the interpreter apart piece by piece, model and dictionaries included, takes seconds and saves
        # nothing: all that is durable is on disk by now. A worker that never ran keeps its exit code.
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _options(settings: Settings, listener: int) -> dict[str, object]:
    return {
        "bind": f"fd://{listener}",
        "workers": 1,
        "worker_class": Worker,
        # Bodies are framed as this one reads heads; gunicorn would take another if its package happens to be there.
        "http_parser": "python",
        "threads": settings.threads,
        "worker_connections": MOST_CONNECTIONS,
        "timeout": _WORKER_TIMEOUT,
        "graceful_timeout": math.ceil(settings.stop_seconds) + _CLOSE_SECONDS,
        "limit_request_line": LONGEST_REQUEST_LINE,
        # It would write past what waits to be sent.
        "sendfile": False,
        "limit_request_fields": 100,
        "limit_request_field_size": 8190,
        "preload_app": False,
        "loglevel": "warning",
        "accesslog": "-" if settings.access_log else None,
        "logger_class": server_log(settings.trusted_proxies),
        "proc_name": "qa-service",
        # What proxies say is believed as far as QA_TRUSTED_PROXIES goes, not because they call from loopback.
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        # The heartbeat file must not wait for a busy disk.
        "worker_tmp_dir": str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None,
        "worker_exit": _end_worker,
    }
