"""Where files are: on this machine, or in an object store that fsspec knows by the address's scheme."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeAlias, TypeVar

from qa_service.errors import BadInput, ConfigError, QAError
from qa_service.readers.addresses import as_os_error, shown, web_path, without_secrets

Result = TypeVar("Result")
EXTRA = "pip install 'qa-service[ray]'"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
"""A scheme of two letters at least: one letter is a drive."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is asked of a file's status."""

    st_size: int


class RemotePath:
    """A file or directory at an address such as `s3://bucket/articles`, with those methods of `Path` that readers use.

    Whatever goes wrong is an OSError, as with files. Credentials are the business of fsspec; those in an address go to
    it, and are neither shown nor a part of what the file is known by.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def __str__(self) -> str:
        return shown(self._address)

    def __repr__(self) -> str:
        return f"RemotePath({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemotePath) and other._address == self._address

    def __hash__(self) -> int:
        return hash(self._address)

    def __reduce__(self) -> tuple[type[RemotePath], tuple[str]]:
        return RemotePath, (self._address,)

    @property
    def name(self) -> str:
        """The last part of the address."""
        path = web_path(self._address)
        return PurePosixPath((self._address if path is None else path).rstrip("/")).name

    @property
    def suffix(self) -> str:
        """The last part's ending, with the dot."""
        return PurePosixPath(self.name).suffix

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return self._address.partition("://")[0].lower()

    @property
    def is_page(self) -> bool:
        """Whether this is a web address of no file, which would give a page with links, if anything."""
        path = web_path(self._address)
        return path is not None and (not path or path.endswith("/"))

    def absolute(self) -> RemotePath:
        """Give itself: an address is absolute."""
        return self

    def stat(self) -> Status:
        """Tell the file's size in bytes, 0 where the store does not tell."""
        return Status(int(self._asked(lambda: self._system.size(self._inner)) or 0))

    def open(
        self, mode: str = "r", *, encoding: str | None = None, errors: str | None = None, newline: str | None = None
    ) -> IO[Any]:
        """Open the file for reading: `rb`, or `r` as text."""
        file = self._asked(lambda: self._system.open(self._inner, "rb"))
        if hasattr(file, "blocksize"):
            # Fsspec's own files, those of HTTP and S3 among them, have no readline of at most so many bytes.
            file = io.BufferedReader(file)
        return file if "b" in mode else io.TextIOWrapper(file, encoding=encoding, errors=errors, newline=newline)

    def read_bytes(self) -> bytes:
        """Read all of the file."""
        with self.open("rb") as file:
            return bytes(file.read())

    def is_directory(self) -> bool:
        """Tell whether there is anything below the address; FileNotFoundError when nothing is there at all."""
        return bool(self._asked(lambda: self._system.info(self._inner))["type"] == "directory")

    def files(self) -> list[RemotePath]:
        """List the files below, at any depth, in order; hidden ones and what is in hidden directories are skipped."""
        root = self._inner.rstrip("/")
        found = self._asked(lambda: self._system.find(root))
        below = sorted(str(path)[len(root) :].strip("/") for path in found)
        base = self._address.rstrip("/")
        return [
            RemotePath(f"{base}/{path}") for path in below if not any(part.startswith(".") for part in path.split("/"))
        ]

    @cached_property
    def _split(self) -> tuple[Any, str]:
        try:
            import fsspec  # noqa: PLC0415
        except ImportError:
            raise ConfigError("reading from addresses needs fsspec", field=str(self), remedy=EXTRA) from None
        try:
            system, inner = fsspec.core.url_to_fs(self._address)
        except ImportError as error:
            raise ConfigError(f"fsspec lacks what reads it: {error}", field=str(self), remedy="install that") from error
        except ValueError as error:
            raise BadInput(self.told(str(error)), field=str(self), remedy="check the address") from None
        return system, str(inner)

    def told(self, text: str) -> str:
        """Take what must not be shown of the address out of a text."""
        return without_secrets(text, self._address)

    def _asked(self, ask: Callable[[], Result]) -> Result:
        """Ask a store, whose library may raise anything.

        Errors:
            OSError: of whatever kind it was; see `as_os_error`.
        """
        try:
            return ask()
        except QAError:
            raise
        except Exception as error:
            # Not from that: a traceback would show the address.
            raise as_os_error(error, self._address) from None

    @property
    def _system(self) -> Any:
        return self._split[0]

    @property
    def _inner(self) -> str:
        return self._split[1]


Place: TypeAlias = Path | RemotePath


def place_of(given: str | Path) -> Place:
    """Tell an address from a path of this machine."""
    return RemotePath(given) if isinstance(given, str) and _ADDRESS.match(given) else Path(given)
