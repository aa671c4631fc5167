"""What is told of the default model's files, by `check` and by a server that has begun to serve."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings.bundled import FOLDER
from embeddings.manifest import write_manifest
from qa_service.config import Settings
from qa_service.model_file import ModelFile

Make = Callable[..., Settings]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "models" / FOLDER
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"size": 3}))
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 8)
    write_manifest(folder, "m", "s", "MIT", {})
    return Settings(model="default", model_dir=tmp_path / "models", data_dir=tmp_path / "data")


def flip(settings: Settings, name: str) -> None:
    path = settings.model_dir / FOLDER / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def test_nothing_is_said_of_a_sound_model_or_of_one_that_is_not_built(settings: Settings, tmp_path: Path) -> None:
    assert ModelFile(settings).problems() == []
    assert ModelFile(settings.model_copy(update={"model_dir": tmp_path / "elsewhere"})).problems() == []


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_an_altered_byte_is_told_with_its_file_and_the_remedy(settings: Settings, name: str) -> None:
    flip(settings, name)
    (problem,) = ModelFile(settings).problems()
    assert name in problem
    assert f"delete {settings.model_dir / FOLDER}" in problem
    assert ModelFile(settings.model_copy(update={"model": "toy"})).problems() == []


def test_a_server_finds_it_in_the_background(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    sound = ModelFile(settings)
    sound.watch(0).join()
    assert sound.warnings() == []
    flip(settings, "model.safetensors")
    harmed = ModelFile(settings)
    harmed.watch(0).join()
    assert "model.safetensors" in harmed.warnings()[0]
    assert "model.safetensors" in caplog.text


def test_a_server_that_ends_first_does_not_begin(settings: Settings) -> None:
    flip(settings, "model.safetensors")
    model_file = ModelFile(settings)
    thread = model_file.watch(3600)
    model_file.close()
    thread.join()
    assert model_file.warnings() == []
