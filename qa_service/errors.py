"""One tree of errors. Each says what is wrong, where, and what to do; the edges turn them into HTTP or exit codes."""

from __future__ import annotations


class QAError(Exception):
    """Base of every expected failure.

    Attributes:
        detail: the problem in a sentence, naming the offending value where it is short and safe.
        field: the request field, setting or file it is about, if any.
        remedy: what the reader can do about it, if anything.
        retry_after: after how many seconds asking again may succeed, where that is known.
    """

    retry_after: int | None = None

    def __init__(self, detail: str, *, field: str | None = None, remedy: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.remedy = remedy

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{where}{self.detail}{remedy}"


class BadInput(QAError):
    """The caller's input is wrong; nothing was changed. HTTP 422, exit code 2."""


class NotFound(BadInput):
    """What was named does not exist. HTTP 404, exit code 2."""


class TooLarge(BadInput):
    """The input is over a limit. HTTP 413, exit code 2."""


class Rejected(BadInput):
    """One article cannot be taken; the rest of its batch can. Becomes a `rejected` outcome."""


class Forbidden(QAError):
    """The caller is known and may not do this. HTTP 403, exit code 1."""


class TooMany(QAError):
    """The caller asks more often than it may. HTTP 429, exit code 1."""

    def __init__(self, detail: str, *, retry_after: int, field: str | None = None, remedy: str | None = None) -> None:
        super().__init__(detail, field=field, remedy=remedy)
        self.retry_after = retry_after


class ConfigError(BadInput):
    """A setting is missing or wrong. Exit code 2."""


class Unavailable(QAError):
    """The service cannot answer now but may later. HTTP 503, exit code 1."""


class Overloaded(Unavailable):
    """More is asked at once than can be answered. HTTP 503, exit code 1.

    Attributes:
        retry_after: seconds after which it is worth asking again.
    """

    def __init__(
        self, detail: str, *, retry_after: int = 1, field: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(detail, field=field, remedy=remedy or f"try again in {retry_after} s")
        self.retry_after = retry_after


class Superseded(Unavailable):
    """What was opened is not the truth any more, since a rebuild has ended; nothing was changed. HTTP 503."""

    retry_after = 1


class Incompatible(QAError):
    """Stored data was made with another encoder, splitter or format. Exit code 1; names the command that fixes it."""


class Damaged(QAError):
    """Stored data fails its checks. HTTP 500, exit code 1; names the command that fixes it."""
