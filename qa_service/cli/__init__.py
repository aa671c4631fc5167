"""The command `qa-service`: one thin module for each command or group of commands."""

from __future__ import annotations

from qa_service.cli.app import main

__all__ = ["main"]
