"""Values on their way to PostgreSQL and back, so that they come back as they do from SQLite."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader
from psycopg.types.string import StrBinaryDumper, StrDumper, TextBinaryLoader

_MARK = "\uffff"
"""Stands before what takes the place of a character that PostgreSQL has no text with, and of itself."""


def encoded(text: str) -> str:
    """Write a text without NUL."""
    if "\0" in text or _MARK in text:
        return text.replace(_MARK, _MARK + "1").replace("\0", _MARK + "0")
    return text


def decoded(text: str) -> str:
    """Undo `encoded`."""
    if _MARK in text:
        return text.replace(_MARK + "0", "\0").replace(_MARK + "1", _MARK)
    return text


class TextDumper(StrBinaryDumper):
    """Texts with NUL in them too."""

    def dump(self, obj: str) -> Buffer | None:
        """Write a text."""
        return super().dump(encoded(obj))


class ListedTextDumper(StrDumper):
    """The same in lists of texts, which are written in another format."""

    def dump(self, obj: str) -> Buffer | None:
        """Write a text."""
        return super().dump(encoded(obj))


class TextLoader(TextBinaryLoader):
    """What `TextDumper` wrote."""

    def load(self, data: Buffer) -> bytes | str:
        """Read a text."""
        return decoded(str(data, "utf-8"))


class SumLoader(NumericBinaryLoader):
    """Sums of whole numbers, which PostgreSQL gives as decimal ones."""

    def load(self, data: Buffer) -> Any:
        """Read a sum."""
        return int(super().load(data))


def adapt(connection: psycopg.Connection[Any]) -> None:
    """Have a connection take and give values in this way."""
    adapters = connection.adapters
    # All numbers in one type: else a statement would be prepared anew for each combination of sizes.
    adapters.register_dumper(int, Int8BinaryDumper)
    adapters.register_dumper(str, ListedTextDumper)
    adapters.register_dumper(str, TextDumper)
    adapters.register_loader("text", TextLoader)
    adapters.register_loader("numeric", SumLoader)
