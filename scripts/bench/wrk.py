"""The load tool wrk: given questions for /v1/ask, each asked by whichever connection is free next."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = r"""
local bodies, place, threads = {}, 0, {}
for line in io.lines(%(bodies)s) do bodies[#bodies + 1] = line end
wrk.method, wrk.path = "POST", "/v1/ask"
wrk.headers["Content-Type"] = "application/json"
asked, refused, failed = 0, 0, 0
function setup(thread) threads[#threads + 1] = thread end
function request()
  asked = asked + 1
  return wrk.format(nil, nil, nil, bodies[(asked - 1) %% #bodies + 1])
end
function response(status)
  if status == 429 or status == 503 then refused = refused + 1
  elseif status ~= 200 then failed = failed + 1 end
end
function done(summary, latency)
  local thread, errors = threads[1], summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('\nMEASURED {"requests": %%d, "seconds": %%f, "asked": %%d, "refused": %%d, "failed": %%d, ' ..
    '"lost": %%d, "p50": %%f, "p90": %%f, "p99": %%f}\n', summary.requests, summary.duration / 1e6,
    thread:get("asked"), thread:get("refused"), thread:get("failed"), lost,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk measured: latencies in ms, answers a second, and how many requests failed in which way.

    Attributes:
        asked: requests sent, those still under way at the end too.
        refused: answered with 429 or 503; `failed`: with anything else but 200; `lost`: no answer, or a late one.
    """

    clients: int
    requests: int
    seconds: float
    asked: int
    refused: int
    failed: int
    lost: int
    p50: float
    p90: float
    p99: float

    @property
    def per_second(self) -> float:
        """Requests answered with 200 a second."""
        return (self.requests - self.refused - self.failed) / self.seconds

    @property
    def errors(self) -> int:
        """All that were not answered with 200."""
        return self.refused + self.failed + self.lost


def require_wrk() -> None:
    """End the benchmark when wrk is not installed."""
    if shutil.which("wrk") is None:
        sys.exit("this needs the load tool wrk: install the Debian package `wrk` (apt-get install wrk)")


def load(port: int, questions: Sequence[str], collection: str, clients: int, seconds: int, folder: Path) -> Load:
    """Ask a server on this machine for some seconds with so many clients at once, in one thread of wrk.

    Parameters:
        questions: asked in this order, from the start again when they run out.
        folder: for the files that wrk reads.
    """
    bodies, script = folder / "bodies.jsonl", folder / "ask.lua"
    lines = (json.dumps({"question": question, "collection": collection}) for question in questions)
    bodies.write_text("\n".join(lines) + "\n", encoding="ascii")
    script.write_text(_SCRIPT % {"bodies": json.dumps(str(bodies))}, encoding="utf-8")
    ran = subprocess.run(
        ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", script, f"http://127.0.0.1:{port}"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in ran.stdout.splitlines() if line.startswith("MEASURED ")]
    if ran.returncode or not found:
        sys.exit(f"wrk failed: {(ran.stderr or ran.stdout)[-1000:]}")
    return Load(clients, **json.loads(found[0].removeprefix("MEASURED ")))
