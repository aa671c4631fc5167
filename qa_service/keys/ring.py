"""The keys as a server knows them: read again whenever their file changes."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from qa_service.errors import Damaged
from qa_service.keys.key import Key, hash_of, id_in
from qa_service.keys.key_file import NAME, read_keys

_log = logging.getLogger(__name__)
_NOBODY = Key("", "nobody", hash_of(""), (), (), "")


class KeyRing:
    """Finds the key that a text is. Safe for threads.

    Once there was a key, a caller needs one, also when all are revoked or their file is gone: whoever takes keys away
    does not mean to open the service to all.
    """

    def __init__(self, data_dir: Path, single: str | None = None) -> None:
        """Read the keys.

        Parameters:
            data_dir: has the file of keys, if there are any.
            single: the text of a further key, which may do everything.

        Errors:
            Damaged: the file cannot be read.
        """
        self._data_dir = data_dir
        self._path = data_dir / NAME
        self._single = None if single is None else Key("single", "QA_API_KEY", hash_of(single), ("admin",), None, "")
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._closed = single is not None
        self._problem: str | None = None
        self._seen = self._stamp()
        self._take(read_keys(data_dir))

    @property
    def closed(self) -> bool:
        """Whether callers need a key."""
        self._refresh()
        return self._closed

    def find(self, text: str) -> Key | None:
        """Give the key that this is the text of; it may have expired."""
        self._refresh()
        if self._single is not None and self._single.matches(text):
            return self._single
        key = self._keys.get(id_in(text) or "", _NOBODY)
        return key if key.matches(text) and key is not _NOBODY else None

    def warnings(self) -> list[str]:
        """Say what is wrong with the file now, if anything."""
        self._refresh()
        return [] if self._problem is None else [self._problem]

    def _refresh(self) -> None:
        if self._stamp() == self._seen:
            return
        with self._lock:
            stamp = self._stamp()
            if stamp == self._seen:
                return
            try:
                self._take(read_keys(self._data_dir))
                self._problem = None
            except Damaged as error:
                # What was known before is the best there is: forgetting it would lock everybody out.
                self._problem = f"the keys known before stay in use: {error}"
                _log.error("%s", self._problem)
            # Last, so that no thread takes the keys of before for those of now.
            self._seen = stamp

    def _take(self, keys: tuple[Key, ...] | None) -> None:
        self._keys = {key.id: key for key in keys or ()}
        self._closed = self._closed or bool(self._keys)

    def _stamp(self) -> tuple[int, int, int] | None:
        """Identify the file's state; it is only ever replaced, so that each has an inode or a time of its own."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
