"""`qa-service serve` hands its settings on."""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from qa_service.config import Settings

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Stands in for the server and notes what it was started with."""
    seen: list[Settings] = []
    module = ModuleType("qa_service.http.server")

    def serve(settings: Settings) -> int:
        seen.append(settings)
        return 7

    module.serve = serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "qa_service.http.server", module)
    monkeypatch.setenv("QA_SAMPLES", "unset")
    return seen


def test_options_and_exit_code(run: Runner, served: list[Settings]) -> None:
    assert run("serve", "--host", "::1", "--port", "0", "--threads", "3").code == 7
    assert (served[0].host, served[0].port, served[0].threads) == ("::1", 0, 3)
    assert os.environ["QA_SAMPLES"] == "0"


def test_environment_counts_without_options(
    run: Runner, served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_PORT", "9001")
    run("serve")
    assert served[0].port == 9001
    assert served[0].host == "127.0.0.1"


@pytest.mark.parametrize(
    ("options", "samples"), [(["--samples"], "1"), (["--samples", "--no-samples"], "0"), ([], "0")]
)
def test_samples(run: Runner, served: list[Settings], options: list[str], samples: str) -> None:
    run("serve", *options)
    assert os.environ["QA_SAMPLES"] == samples
