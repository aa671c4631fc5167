"""The errors of this package: what is wrong, and what the reader can do about it."""

from __future__ import annotations


class EmbeddingsError(Exception):
    """Base of every expected failure here.

    Attributes:
        detail: the problem in a sentence.
        remedy: what the reader can do about it, if anything.
    """

    def __init__(self, detail: str, remedy: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.detail} ({self.remedy})" if self.remedy else self.detail


class ModelError(EmbeddingsError):
    """A model cannot be found, built, loaded or trusted."""


class DamagedModel(ModelError):
    """A model's files are missing, truncated or not what they should be."""


class DamagedIndex(EmbeddingsError):
    """An index file cannot be read, or is not of the kind or dimension asked for."""


class BadVectors(EmbeddingsError, ValueError):
    """Vectors or ids given to an index have a wrong shape, type or value; the index is unchanged."""
