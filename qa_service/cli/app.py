"""The command group, and what becomes of every error: one line on stderr and an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module, metadata

import click

from embeddings.errors import EmbeddingsError
from qa_service.cli.options import data_option, setting_default
from qa_service.cli.output import error_line
from qa_service.config import Settings
from qa_service.errors import BadInput, QAError

BAD_INPUT, FAILURE, INTERRUPTED = 2, 1, 130

_COMMANDS = {
    "ingest": "ingest",
    "ask": "ask",
    "explain": "explain",
    "serve": "serve",
    "mcp": "mcp",
    "articles": "articles",
    "collections": "collections",
    "keys": "keys",
    "evaluate": "evaluate",
    "questions": "questions",
    "calibrate": "calibrate",
    "check": "maintenance",
    "rebuild": "rebuild",
    "compact": "maintenance",
    "backup": "backup",
    "restore": "backup",
    "migrate": "migrate",
    "model": "model",
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is wanted, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command."""
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"qa_service.cli.{_COMMANDS[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every setting, from its own description."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Settings, from the environment or the TOML file that QA_CONFIG names"):
            rows = [
                (f"QA_{name.upper()}", f"{field.description}  [default: {setting_default(name)}]")
                for name, field in Settings.model_fields.items()
            ]
            rows.append(("QA_DEBUG", "Set to 1 to see the traceback of an error.  [default: none]"))
            formatter.write_dl(rows)


def _version() -> str:
    try:
        return metadata.version("qa-service")
    except metadata.PackageNotFoundError:
        return "unknown (not installed)"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(version=_version(), prog_name="qa-service")
@data_option
def cli() -> None:
    """Answer questions with ranked passages from a body of articles.

    Ingest articles, then ask on the command line or start the server. Exit codes: 0 done, 1 failure, 2 bad input.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Parameters:
        arguments: without the program's name; `sys.argv`'s by default.

    Returns:
        The exit code: 0 done, 1 failure, 2 bad input, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(arguments, prog_name="qa-service", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone; without this the interpreter would complain of the same at its own last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        return _report(error)
    return code if isinstance(code, int) else 0


def _report(error: Exception) -> int:
    debug = os.environ.get("QA_DEBUG", "") not in ("", "0")
    if debug:
        traceback.print_exception(error)
    if isinstance(error, click.ClickException):
        hint = f" (see {error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        error_line(error.format_message() + hint)
        return error.exit_code
    if isinstance(error, QAError | EmbeddingsError):
        error_line(str(error))
        return BAD_INPUT if isinstance(error, BadInput) else FAILURE
    hint = "" if debug else " (set QA_DEBUG=1 for the traceback)"
    error_line(f"{type(error).__name__}: {error}{hint}")
    return FAILURE
