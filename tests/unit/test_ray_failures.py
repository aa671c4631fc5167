"""What is told when Ray fails: the worker's own reason, and what may help; without Ray itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from qa_service.distributed.failing import explained
from qa_service.errors import ConfigError, QAError, Unavailable


class RayError(Exception):
    """As Ray's: it keeps its cause under a name of its own, and colours its text."""

    def __init__(self, cause: Exception | None = None) -> None:
        super().__init__("\x1b[36mray::MapBatches(Reading)()\x1b[39m (pid=7)\nTraceback ...")
        self.cause = cause


class Death(RayError):
    """A worker died."""


NAMES = ("RayActorError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError")
RAY = SimpleNamespace(exceptions=SimpleNamespace(RayError=RayError, **dict.fromkeys(NAMES, Death)))


def told(error: Exception) -> QAError:
    with pytest.raises(QAError) as caught, explained(RAY):
        raise error
    return caught.value


def test_the_innermost_reason_is_told() -> None:
    found = told(RayError(RayError(ValueError("\x1b[31mno such column\x1b[0m\nmore"))))
    assert isinstance(found, Unavailable)
    assert str(found) == "--engine ray: a worker failed: ValueError: no such column"


def test_what_a_worker_refused_is_told_as_it_is() -> None:
    refused = ConfigError("needs fsspec", field="s3://bucket")
    assert told(RayError(refused)) is refused


@pytest.mark.parametrize("error", [RayError(), Death(), RayError(Death()), RayError(ConnectionResetError("reset"))])
def test_the_same_command_helps_after_deaths_and_outages(error: Exception) -> None:
    found = told(error)
    assert "the same command goes on" in str(found.remedy) and "\x1b" not in found.detail
