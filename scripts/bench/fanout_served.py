"""Stand-ins for shards: processes on 127.0.0.1 that answer after a drawn latency, and a client that asks them all."""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import time
from multiprocessing.connection import Connection

import numpy as np


def measured(single: np.ndarray, shards: int, questions: int, seed: int = 1) -> np.ndarray:
    """Ask `shards` stand-ins at once, one question after another; give the ms (questions,) until the last answered."""
    context = multiprocessing.get_context("fork")
    processes, sockets = [], []
    with contextlib.ExitStack() as stack:
        for number in range(shards):
            ours, theirs = context.Pipe()
            drawn = np.random.default_rng([seed, number]).choice(single, questions)
            process = context.Process(target=_shard, args=(theirs, drawn.tolist()), daemon=True)
            process.start()
            processes.append(process)
            stack.callback(process.join, 10)
            connected = socket.create_connection(("127.0.0.1", ours.recv()))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets.append(stack.enter_context(connected))
        return np.array([_asked(sockets) for _ in range(questions)])


def _asked(sockets: list[socket.socket]) -> float:
    """Send to all, then wait for each: the sum of the waits is the slowest's."""
    began = time.perf_counter()
    for one in sockets:
        one.sendall(b"?")
    for one in sockets:
        assert one.recv(1) == b"!"
    return (time.perf_counter() - began) * 1e3


def _shard(told: Connection, latencies: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told.send(server.getsockname()[1])
        connected, _ = server.accept()
        with connected:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for ms in latencies:
                if not connected.recv(1):
                    return
                time.sleep(ms / 1e3)
                connected.sendall(b"!")
