"""Matrix products have no threads of their own in the server, whatever was imported first."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_TOLD = "print(*{one['num_threads'] for one in threadpool_info() if one['user_api'] == 'blas'})"
_NUMPY_FIRST = f"""
import numpy
from embeddings.products import compute_alone
from threadpoolctl import threadpool_info
compute_alone()
{_TOLD}
"""
_LOADED_BY_THE_SERVER = f"""
import numpy
from pathlib import Path
import qa_service.http
from qa_service.config import Settings
from qa_service.http import host, server
from threadpoolctl import threadpool_info

host.EngineHost.start = lambda self: None
host.EngineHost.wait = lambda self, *_: None
qa_service.http.create_app = lambda *_, **__: None
application = server._Server(Settings(data_dir=Path("nowhere")), server._listen("127.0.0.1", 0), announce=lambda: None)
application.load()
{_TOLD}
"""


@pytest.mark.parametrize("program", [_NUMPY_FIRST, _LOADED_BY_THE_SERVER])
@pytest.mark.parametrize(("wanted", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")])
def test_products_are_computed_by_one_thread_unless_told_otherwise(
    program: str, wanted: dict[str, str], threads: str
) -> None:
    if (os.cpu_count() or 1) < 2:
        pytest.skip("numpy has one thread on one core anyway")
    unset = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    env = {name: value for name, value in os.environ.items() if name not in unset} | wanted
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [threads]
