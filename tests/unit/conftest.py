"""The HTTP application over the fake engine, made once: its routes and schemas take long to build."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.http.fake_engine import FakeEngine, shared_application


@pytest.fixture
def fake() -> FakeEngine:
    """Give the engine behind the application, emptied."""
    engine = shared_application()[1]
    engine.reset()
    return engine


@pytest.fixture
def client(fake: FakeEngine) -> FlaskClient:
    """Give a client of it."""
    return shared_application()[0].test_client()
