"""Installs Open WebUI from its package into an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from checks import Trouble

TORCH = "torch==2.13.0"
"""Taken first: on its own, pip chooses a build of several gigabytes for graphics cards."""
INSTALLED = "open-webui==0.12.4"


def install(environment: Path) -> Path:
    """Make the environment, unless it is whole already.

    Returns:
        The program `open-webui` in it.

    Errors:
        Trouble: it cannot be installed.
    """
    program, whole = environment / "bin" / "open-webui", environment / ".whole"
    if program.is_file() and whole.is_file() and whole.read_text() == INSTALLED:
        return program
    print(f"installing {INSTALLED} into {environment}; this takes some minutes", flush=True)
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(environment)], [*pip, TORCH], [*pip, INSTALLED]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Trouble(f"{' '.join(command)} failed:\n{done.stderr[-1000:]}")
    whole.write_text(INSTALLED)
    return program
