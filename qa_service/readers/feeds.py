"""Reads RSS and Atom files: each entry is an article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from qa_service.errors import Rejected
from qa_service.readers.places import Place
from qa_service.readers.rows import rejected_row, submission_from_row
from qa_service.sandbox import Sandbox
from qa_service.types import Submission

MAX_FEED_BYTES = 64 * 1024 * 1024
_SAMPLE_BYTES = 4096
_PARSE = "qa_service.readers.feed_entries:parse"
_ROOT = re.compile(rb"<(?:[A-Za-z0-9_.-]{1,40}:)?(rss|feed|RDF)[\s>]")
_OTHER_ROOT = re.compile(rb"<[A-Za-z]")


def is_feed(path: Place) -> bool:
    """Tell whether an XML file is an RSS or Atom feed, by its root element; False when it cannot be read."""
    try:
        with path.open("rb") as file:
            sample = file.read(_SAMPLE_BYTES).replace(b"\0", b"")
    except OSError:
        return False
    first = _OTHER_ROOT.search(sample)
    root = _ROOT.search(sample)
    return root is not None and first is not None and root.start() == first.start()


def read_feed(path: Place) -> Iterator[Submission]:
    """Read a feed's entries: their content, or else their summary, as HTML.

    Errors:
        OSError: the file cannot be read.
    """
    if path.stat().st_size > MAX_FEED_BYTES:
        yield rejected_row(None, str(path), f"larger than {MAX_FEED_BYTES:,} bytes")
        return
    try:
        entries = _sandbox().call(_PARSE, path.read_bytes(), {}).get("entries")
    except Rejected as error:
        yield rejected_row(None, str(path), str(error))
        return
    for position, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        place = f"{path}: entry {position}"
        if isinstance(entry, Mapping) and not (entry.get("html") or entry.get("text")):
            yield rejected_row(entry, place, "has neither content nor a summary")
        else:
            yield submission_from_row(entry, place)


@cache
def _sandbox() -> Sandbox:
    return Sandbox(processes=1)
