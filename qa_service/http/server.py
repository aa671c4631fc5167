"""The server in production form: gunicorn, one process of threads, quiet unless there is something to say."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from qa_service import logs
from qa_service.http.failure import FieldProblem
from qa_service.http.gunicorn_log import ServerLog
from qa_service.http.host import EXTENSION, EngineHost
from qa_service.http.problem import PROBLEM_TYPE, problem_body
from qa_service.http.watching import tracing

if TYPE_CHECKING:
    from flask import Flask

    from qa_service.config import Settings

# Loading a model can hold the interpreter for long; requests have their own threads and no such limit.
_WORKER_TIMEOUT = 120
_GRACE_SECONDS = 5
_KEEPALIVE_SECONDS = 65
_LONGEST_REQUEST_LINE = 8190
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108


def serve(settings: Settings) -> int:
    """Serve until stopped by SIGTERM or SIGINT.

    Numpy's own threads are switched off unless the environment asks for them: a question's products take them longer to
    share than to compute, and they spin while others want the cores.

    Parameters:
        settings: host, port and threads among them; port 0 takes a free one, which the first line names.

    Returns:
        The exit code: 0 when stopped, 1 when the address cannot be had or the worker does not start.

    Errors:
        ConfigError: something is wanted that is not installed.
    """
    tracing.check_installed(settings)
    logs.configure(settings.log_format)
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, whose own refusals have the shape of every other error."""

    _quitting = False
    _notified = float("-inf")

    def notify(self) -> None:
        """Tell the parent that the worker lives: once a second is enough, not with every event."""
        now = time.monotonic()
        if now - self._notified >= 1:
            self._notified = now
            super().notify()

    def init_signals(self) -> None:
        """Leave SIGINT to the parent: Ctrl-C reaches both, and the parent passes it on."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop at once; a second signal must not come in between, since the first may hold the pool's lock."""
        if not self._quitting:
            self._quitting = True
            super().handle_quit(sig, frame)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what never reached the application: a request that cannot be parsed."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        status, phrase, problem = 400, "Bad Request", "the request is not HTTP/1.1 that can be read"
        if isinstance(exc, LimitRequestLine):
            status, phrase, problem = 414, "URI Too Long", f"the URL is over {_LONGEST_REQUEST_LINE} bytes"
        elif isinstance(exc, LimitRequestHeaders):
            status, phrase, problem = 431, "Request Header Fields Too Large", "the headers are too large"
        _send_problem(client, status, phrase, problem)


def _send_problem(client: Any, status: int, phrase: str, problem: str) -> None:
    body = problem_body(status, "bad-request", [FieldProblem(None, problem)], uuid.uuid4().hex)
    head = f"HTTP/1.1 {status} {phrase}\r\nConnection: close\r\nContent-Type: {PROBLEM_TYPE}\r\n"
    try:
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode("ascii") + body)
    except OSError:
        logging.getLogger(__name__).debug("the client was gone before its error could be sent")


class _Server(BaseApplication):  # type: ignore[misc]
    """Configures gunicorn from the settings; the application is made in the worker, after the fork."""

    def __init__(self, settings: Settings, listener: socket.socket, *, announce: Callable[[], None]) -> None:
        self._settings = settings
        self._options = _options(settings, listener.detach())
        self._announce = announce
        super().__init__(prog="qa-service")

    def load_config(self) -> None:
        for name, value in self._options.items():
            # Some options are newer than the oldest gunicorn that is allowed.
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        from qa_service.http import create_app  # noqa: PLC0415

        # The model and the index are opened while the application is imported and put together.
        host = EngineHost(self._settings)
        host.start()
        app = create_app(self._settings, host=host)
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
        "threads": settings.threads,
        "worker_connections": 1000,
        "timeout": _WORKER_TIMEOUT,
        "graceful_timeout": _GRACE_SECONDS,
        "keepalive": _KEEPALIVE_SECONDS,
        "limit_request_line": _LONGEST_REQUEST_LINE,
        "limit_request_fields": 100,
        "limit_request_field_size": 8190,
        "preload_app": False,
        "loglevel": "warning",
        "accesslog": "-" if settings.access_log else None,
        "logger_class": ServerLog,
        "proc_name": "qa-service",
        "control_socket_disable": True,
        # The heartbeat file must not wait for a busy disk.
        "worker_tmp_dir": str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None,
        "worker_exit": _end_worker,
    }
