"""Reads what was listed, one submission after the other, and remembers what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qa_service.errors import QAError
from qa_service.media_types import media_type
from qa_service.readers.feeds import read_feed
from qa_service.readers.files import FoundFile, Listing
from qa_service.readers.formats import count_lines, read_csv, read_json, read_jsonl
from qa_service.readers.parquet import count_rows, read_parquet
from qa_service.readers.places import Place, RemotePath
from qa_service.types import Submission

DEFAULT_MAX_FILE_BYTES = 64 * 1024 * 1024

_ROW_READERS: dict[str, Callable[[Place], Iterator[Submission]]] = {
    "jsonl": read_jsonl,
    "json": read_json,
    "csv": read_csv,
    "feed": read_feed,
    "parquet": read_parquet,
}


class Source:
    """The submissions of one listing, to be read once.

    Attributes:
        unreadable: places whose articles are unknown because they could not be read; complete after the last
            submission. While there are any, an article missing from the source may still exist.
    """

    def __init__(self, listing: Listing, max_file_bytes: int = DEFAULT_MAX_FILE_BYTES) -> None:
        """Take what `list_files` found.

        Parameters:
            listing: the files to read.
            max_file_bytes: an article file larger than this is rejected unread.
        """
        self._listing = listing
        self._max_file_bytes = max_file_bytes
        self.unreadable: list[str] = list(listing.unreadable)

    def total(self) -> int | None:
        """Count the submissions ahead, or give None when only reading them would tell."""
        try:
            counts = [_count(file) for file in self._listing.files]
        except OSError:
            return None
        known = [count for count in counts if count is not None]
        return sum(known) + len(self._listing.refused) if len(known) == len(counts) else None

    def __iter__(self) -> Iterator[Submission]:
        """Yield every article, and a submission with a rejection for everything that is none."""
        yield from self._listing.refused
        for file in self._listing.files:
            for submission in self._read(file):
                if submission.rejection is not None and submission.id is None:
                    self.unreadable.append(submission.rejection)
                yield submission

    def _read(self, file: FoundFile) -> Iterator[Submission]:
        try:
            if file.article_id is None:
                yield from _ROW_READERS[file.kind](file.path)
            else:
                yield self._article(file.path, file.article_id)
        except QAError:
            raise
        except Exception as error:
            # The libraries of object stores have errors of their own.
            if not isinstance(error, OSError) and not isinstance(file.path, RemotePath):
                raise
            problem = getattr(error, "strerror", None) or str(error)
            if isinstance(file.path, RemotePath):
                problem = file.path.told(problem)
            reason = f"{file.path}: cannot be read: {problem}"
            self.unreadable.append(reason)
            yield Submission(b"", id=file.article_id or file.path.name, rejection=reason)

    def _article(self, path: Place, article_id: str) -> Submission:
        with path.open("rb") as file:
            content = file.read(self._max_file_bytes + 1)
        if len(content) > self._max_file_bytes:
            return Submission(b"", id=article_id, rejection=f"{path}: larger than {self._max_file_bytes:,} bytes")
        return Submission(content, id=article_id, content_type=media_type(path.name))


def _count(file: FoundFile) -> int | None:
    """Count a file's articles as far as that costs little."""
    if file.kind == "jsonl" and not isinstance(file.path, RemotePath):
        return count_lines(file.path)
    if file.kind == "parquet":
        return count_rows(file.path)
    return 1 if file.kind == "article" else None
