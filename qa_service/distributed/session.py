"""A Ray of our own on this machine, or one that runs already: quiet, and gone without a trace afterwards."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa_service.errors import ConfigError, Unavailable

logger = logging.getLogger(__name__)
EXTRA = "pip install 'qa-service[ray]'"
STORE_BYTES = 512 << 20
"""Shared memory of a Ray of our own: hundreds of chunks in flight."""
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
}
_PREFIX = "qa-ray-"
_SIGTERM_CODE = 128 + signal.SIGTERM
_SECRET = secrets.token_hex(32)


def import_ray(*, own: bool) -> Any:
    """Import Ray with Ray Data, which says and sends nothing of itself.

    Parameters:
        own: whether one is to be started, which then wants a secret of whoever connects: Ray reads it when imported.

    Errors:
        ConfigError: it is not installed, or not all of it.
    """
    os.environ.update(_QUIET)
    if own:
        os.environ.update({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _SECRET})
    try:
        import fsspec  # noqa: F401, PLC0415
        import pyarrow  # noqa: F401, PLC0415
        import ray  # noqa: PLC0415
        import ray.data  # noqa: PLC0415
    except ImportError as error:
        missing = error.name or "ray"
        raise ConfigError(f"this needs {missing}, which is not installed", field="--engine ray", remedy=EXTRA) from None
    return ray


@contextlib.contextmanager
def ray_session(address: str | None, workers: int) -> Iterator[Any]:
    """Start a Ray for so many workers, or connect to one that runs.

    Parameters:
        address: of one that runs, as `host:port` or `auto`, this machine being one of its nodes; None starts one that
            only this machine can reach.

    Returns:
        The module `ray`; what was started has ended afterwards.

    Errors:
        ConfigError: Ray is not installed, or the address cannot be used. Unavailable: Ray does not start. SystemExit:
        SIGTERM came, in the main thread.
    """
    if address is not None and "://" in address:
        raise ConfigError(
            f"{address} is no address of a cluster that this machine is a node of",
            field="--ray-address",
            remedy="run the command on a node, with host:port or auto",
        )
    ray = import_ray(own=address is None)
    folder = None if address else _folder()
    before = signal.getsignal(signal.SIGTERM)
    # Only the main thread may set a handler; None is one that was not set from Python.
    handles = threading.current_thread() is threading.main_thread() and before is not None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with _silenced():
                    if folder:
                        _start(ray, folder, workers)
                    else:
                        ray.init(address=address, log_to_driver=False, logging_level="error")
            except (RuntimeError, OSError, ValueError, ray.exceptions.RayError) as error:
                raise Unavailable(
                    f"Ray cannot be {'reached' if address else 'started'}: {_first_line(error)}",
                    field="--ray-address" if address else "--engine ray",
                    remedy="start the cluster, or name another" if address else "look for leftover Ray processes",
                ) from error
            _quieten(ray)
            with ended_by_sigterm() if handles else contextlib.nullcontext():
                yield ray
    finally:
        ray.shutdown()
        if handles:
            signal.signal(signal.SIGTERM, before)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Have SIGTERM end the process as Ctrl-C does, so that what was started is ended too; afterwards it is ignored.

    Ray's native part has it since it began, and prints stacks within the handler, which crashes again and again.

    Errors:
        SystemExit: it came; the code is 143.
    """
    came = False

    def end(number: int, _frame: object) -> None:
        nonlocal came
        came = True
        signal.signal(number, signal.SIG_IGN)  # Once: what follows cleans up.
        sys.exit(_SIGTERM_CODE)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    except SystemExit:
        # Ray, waiting, makes a 1 of every code.
        if came:
            raise SystemExit(_SIGTERM_CODE) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _start(ray: Any, folder: Path, workers: int) -> None:
    """Start one that listens on the loopback interface alone."""
    from ray._private import ray_constants  # noqa: PLC0415

    # With its own choice of address every port would be open to the network. This is how it behaves on macOS.
    ray_constants.ENABLE_RAY_CLUSTER = False
    ray.init(
        address="local",
        # One more, for reading.
        num_cpus=workers + 1,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        object_store_memory=STORE_BYTES,
        _temp_dir=str(folder),
    )


def _quieten(ray: Any) -> None:
    """Send what Ray prints of its processes to the log: a command's output is its own."""

    def told(data: Any, *_: object, **__: object) -> None:
        lines = data.get("lines") if isinstance(data, dict) else None
        logger.info("Ray: %s", " ".join(map(str, lines or ())))

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    worker = ray._private.worker
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = told


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep the native part of Ray from telling its log level; what goes wrong is raised."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _folder() -> Path:
    """Make a folder with a short name, as sockets need; those of processes that were killed are removed."""
    parent = Path("/tmp") if os.access("/tmp", os.W_OK) else Path(tempfile.gettempdir())  # noqa: S108
    for old in parent.glob(f"{_PREFIX}*"):
        pid = old.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not _runs(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
