"""The log: lines for people or JSON objects, each with the id of its request, and nothing that looks like another line.

What an exception says may quote a question or an article. It is written for errors whose words are known to hold
neither; of others only the kind and the place are, unless QA_DEBUG is set.
"""

from __future__ import annotations

import json
import logging
import os
import re
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

from qa_service.errors import QAError

LogFormat = Literal["text", "json"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this thread works on."""
trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""The id of its trace, if it is traced."""

FIELDS = "fields"
TRACE = "trace"
"""Names of what `extra` may give a record: a mapping of values, and the lines of `trace_lines`."""
_SAYING = "qa_service.serving"
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What ends a line or changes how one looks: controls, separators, marks of direction, halves of pairs."""
_MARK = "\n  | "
_HARMLESS_MODULES = ("sqlite3",)
_LONGEST_MESSAGE = 4000
_MOST_FRAMES = 40


def configure(log_format: LogFormat) -> None:
    """Have warnings of everything, and what the service says of itself, written to standard error.

    Does nothing where logging was set up before.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if log_format == "json":
        logging.captureWarnings(True)


def forget_request() -> None:
    """Take what this thread logs from now on for no request's."""
    request_id.set(None)
    trace_id.set(None)


def say(line: str, stream: TextIO) -> None:
    """Tell whoever started the program something, as a record where the log is JSON."""
    if any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers):
        logger = logging.getLogger(_SAYING)
        logger.setLevel(logging.INFO)
        logger.info("%s", line)
        return
    stream.write(f"qa-service: {line}\n")
    stream.flush()


def one_line(text: str) -> str:
    """Write what would end a line, or change how one looks, as an escape."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def trace_lines(error: BaseException) -> list[str]:
    """Tell where an exception came from, its causes first; what it says only where that quotes nobody."""
    lines: list[str] = []
    for one in _chain(error):
        frames = traceback.extract_tb(one.__traceback__)[-_MOST_FRAMES:]
        lines += [f"{frame.filename}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]
        lines.append(_said(one))
    return [one_line(line) for line in lines]


def place_of(error: BaseException) -> str:
    """Name the kind of an exception and where it was raised, in a few words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""  # noqa: PTH119
    return f"{type(error).__name__}{where}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an exception after those that led to it."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return reversed(found)


def _said(error: BaseException) -> str:
    kind = type(error)
    harmless = isinstance(error, QAError | OSError | ImportError | MemoryError) or kind.__module__ in _HARMLESS_MODULES
    shown = harmless or os.environ.get("QA_DEBUG", "") not in ("", "0")
    return f"{kind.__name__}: {str(error)[:_LONGEST_MESSAGE]}" if shown else kind.__name__


def _trace_of(record: logging.LogRecord) -> list[str]:
    given = getattr(record, TRACE, None)
    if given:
        return list(given)
    error = record.exc_info[1] if record.exc_info else None
    return trace_lines(error) if error is not None else []


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()[:_LONGEST_MESSAGE]
    except Exception:  # a log call with the wrong arguments loses its words, not the request
        return f"{record.pathname}:{record.lineno}: a message that cannot be put together"


class TextFormatter(logging.Formatter):
    """A line a record; the lines of a traceback follow it, each marked so that none can pass for a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        time = self.formatTime(record)
        request = request_id.get()
        about = f" [{request}]" if request else ""
        head = f"{time} {record.levelname} {record.name}{about}: {one_line(_message(record))}"
        return _MARK.join([head, *_trace_of(record)])


class JsonFormatter(logging.Formatter):
    """A JSON object in ASCII a record, on one line whatever is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        body: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        for name, variable in (("request_id", request_id), ("trace_id", trace_id)):
            if (value := variable.get()) is not None:
                body[name] = value
        fields: object = getattr(record, FIELDS, None)
        if isinstance(fields, Mapping):
            body |= {str(name): value for name, value in fields.items() if name not in body}
        if trace := _trace_of(record):
            body["trace"] = trace
        return json.dumps(body, default=str)
