"""What commands share: the data directory, the settings, and an engine opened for as long as a command runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pydantic import SecretStr

from qa_service.config import Settings, load_settings
from qa_service.names import DEFAULT_COLLECTION

if TYPE_CHECKING:
    from qa_service.engine import Engine
    from qa_service.library import Library

Command = TypeVar("Command", bound=Callable[..., Any])
_DATA = "qa_service.data"


def setting_default(name: str) -> str:
    """Describe a setting's default for `--help`, with the home directory as `~`."""
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    if isinstance(default, SecretStr):  # what is secret is what is given, not what is built in
        default = default.get_secret_value()
    text = "none" if default is None else str(default)
    home = str(Path.home())
    return f"~{text.removeprefix(home)}" if text.startswith(home + "/") else text


def setting_option(name: str, **attributes: Any) -> Callable[[Command], Command]:
    """Make an option of a setting, with the setting's own description and default; None when it is not given."""
    description = f"{Settings.model_fields[name].description}  [default: {setting_default(name)}]"
    return click.option(f"--{name.replace('_', '-')}", help=description, show_default=False, **attributes)


def data_option(command: Command) -> Command:
    """Add `--data DIR`, which any level of the command line takes; the innermost one counts."""
    option = click.option(
        "--data",
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False),
        expose_value=False,
        callback=_remember_data,
        help=f"Data directory.  [default: $QA_DATA_DIR or {setting_default('data_dir')}]",
    )
    return option(command)


def collection_option(command: Command) -> Command:
    """Add `--collection NAME`."""
    option = click.option(
        "--collection", metavar="NAME", default=DEFAULT_COLLECTION, show_default=True, help="The collection to work on."
    )
    return option(command)


def current_settings(**overrides: Any) -> Settings:
    """Read the settings; `--data` and `overrides` (None ignored) come above the environment.

    Errors:
        ConfigError: a setting is wrong.
    """
    return load_settings(data_dir=click.get_current_context().meta.get(_DATA), **overrides)


@contextmanager
def open_engine(settings: Settings, *, recover: bool = True, asking: bool = True) -> Iterator[Engine]:
    """Open the engine on the data directory and close it at the end; see `Engine.open`.

    `asking=False` is for commands that ask nothing: they load no reranker and let go of the indexes, which may be
    large. Nor do those with `recover=False` ask.
    """
    from qa_service.engine import Engine  # noqa: PLC0415

    engine = Engine.open(settings, recover=recover, asking=asking and recover)
    if not asking:
        engine.opened.forget_all_but(set())
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def open_library(settings: Settings) -> Iterator[Library]:
    """Open the catalogue alone, for reading what is stored without loading a model."""
    from qa_service.library import Library  # noqa: PLC0415

    library = Library.open(settings)
    try:
        yield library
    finally:
        library.close()


def _remember_data(context: click.Context, _option: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.meta[_DATA] = value
