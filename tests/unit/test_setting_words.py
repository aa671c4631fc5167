"""How settings are shown, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from qa_service.cli.options import setting_default
from qa_service.config import load_settings
from qa_service.errors import ConfigError


def test_a_default_that_is_no_secret_is_shown() -> None:
    assert setting_default("index") == "local"
    assert setting_default("catalog") == "none"


def test_a_wrong_setting_is_told_in_our_words() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(catalog="nonsense")
    assert caught.value.detail.startswith("must be an address")
