"""OpenVINO: what it is called with, and the two compiled forms of a graph."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from embeddings.compiled.feed import Feed
from embeddings.compiled.library import import_openvino
from embeddings.encoder import Vectors
from embeddings.errors import DamagedModel, ModelError

Result = TypeVar("Result")

_AHEAD = 2
"""Batches of one caller that wait per thread: enough to keep it busy, few enough for another caller's turn to come."""


def usable_threads() -> int:
    """Count the processors that this process may run on; `OMP_NUM_THREADS` takes fewer, as for torch."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(count, max(1, int(asked))) if asked.isdecimal() else count


def compile_graph(graph: Any, hint: str, threads: int) -> Any:
    """Compile a graph for the processor, to run one input at a time.

    Args:
        graph: an OpenVINO model.
        hint: what floating-point operations run in: "f32" or "bf16".
        threads: how many compute.

    Errors:
        ModelError: the engine refuses.
    """
    try:
        return import_openvino().Core().compile_model(graph, "CPU", _settings(hint, threads, 1))
    except RuntimeError as error:
        raise ModelError(f"OpenVINO cannot compile the model: {_last_line(error)}") from error


def export_graph(compiled: Any) -> bytes:
    """Return a compiled graph in the engine's own form, which loads several times faster than a graph compiles."""
    exported: bytes = compiled.export_model().getvalue()
    return exported


def _import(exported: bytes, hint: str, threads: int, streams: int) -> Any:
    try:
        return import_openvino().Core().import_model(exported, "CPU", _settings(hint, threads, streams))
    except RuntimeError as error:
        raise DamagedModel(f"OpenVINO cannot load the prepared model: {_last_line(error)}") from error


def _settings(hint: str, threads: int, streams: int) -> dict[str, object]:
    return {
        "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
        "INFERENCE_PRECISION_HINT": hint,
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": streams,
        # Other threads and processes use the same processors; a pinned thread would wait for its own.
        "ENABLE_CPU_PINNING": False,
    }


def _last_line(error: Exception) -> str:
    return next(reversed(str(error).strip().splitlines()), type(error).__name__)


class CompiledGraph:
    """Run one graph for callers of two kinds, without one holding up the other.

    A question gets all threads for itself, since someone waits for it. Passages come in many batches, and one thread
    for each batch is worth more than all threads for one: 113 passages a second against 99 on two cores.

    Args:
        exported: a compiled graph of `GraphBuilder`, as `export_graph` gives it.
        hint: as in `compile_graph`.
        threads: how many to compute with.

    Errors:
        DamagedModel: the engine cannot load it.
    """

    def __init__(self, exported: bytes, hint: str, threads: int) -> None:
        self._threads = threads
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="encoder")
        loading = self._workers.submit(_import, exported, hint, threads, threads)
        try:
            self._for_questions = _import(exported, hint, threads, 1).create_infer_request()
            self._for_passages = loading.result()
        except RuntimeError as error:
            raise DamagedModel(f"OpenVINO cannot run the prepared model: {_last_line(error)}") from error
        self._asking = threading.Lock()
        self._own = threading.local()

    def question(self, feed: Feed) -> Vectors:
        """Run one batch at once; float32 of shape (n, hidden)."""
        with self._asking:
            return _run(self._for_questions, feed)

    def passages(self, makers: Iterable[Callable[[], Feed]]) -> Iterator[Vectors]:
        """Run batches, several at a time; yields float32 of shape (n, hidden) for each, in their order.

        Args:
            makers: give a batch each; they are called in the threads that run it.
        """
        return self.spread(partial(self._made, make) for make in makers)

    def spread(self, tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
        """Call tasks in the threads that run passages; yields what they return, in their order."""
        waiting: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                waiting.append(self._workers.submit(task))
                if len(waiting) >= _AHEAD * self._threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _made(self, make: Callable[[], Feed]) -> Vectors:
        feed = make()
        if not hasattr(self._own, "request"):
            self._own.request = self._for_passages.create_infer_request()
        return _run(self._own.request, feed)


def _run(request: Any, feed: Feed) -> Vectors:
    request.infer(feed, share_inputs=True)
    # The request writes its next result to the same place.
    vectors: Vectors = request.get_output_tensor(0).data.copy()
    return vectors
