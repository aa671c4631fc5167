"""Finds the files to read: recursive, sorted, no hidden ones, and nothing outside the tree that was named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qa_service.errors import BadInput, NotFound, Unavailable
from qa_service.readers.addresses import Unreachable
from qa_service.readers.feeds import is_feed
from qa_service.readers.places import Place, RemotePath
from qa_service.types import Submission

IdFrom = Literal["name", "path"]
FileKind = Literal["article", "jsonl", "json", "csv", "feed", "parquet"]

ROW_KINDS: dict[str, FileKind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".rss": "feed",
    ".atom": "feed",
    ".parquet": "parquet",
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file to read; `article_id` is its article's id, or None for a file of rows that carry their own."""

    path: Place
    kind: FileKind
    article_id: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found under the named paths.

    Attributes:
        files: what to read, in order.
        refused: what will not be read, each a submission with its reason.
        unreadable: places that could not be looked into, so that what they hold is unknown.
    """

    files: tuple[FoundFile, ...]
    refused: tuple[Submission, ...]
    unreadable: tuple[str, ...]


def list_files(paths: Sequence[Place], id_from: IdFrom = "name") -> Listing:
    """Find every file under `paths`.

    Parameters:
        paths: files and directories, here or at addresses; a directory is read recursively in sorted order, hidden
            entries skipped.
        id_from: whether an article's id is its file's name or its path as it was given (`docs/a.txt`).

    Errors:
        NotFound: a path does not exist. Unavailable: what keeps it cannot be reached.
        BadInput: a path is no file or directory, a directory holds no files, or two files give one id.
    """
    files: dict[Place, FoundFile] = {}
    refused: list[Submission] = []
    unreadable: list[str] = []
    for path in paths:
        empty = not unreadable
        for found in _walk(path, unreadable, id_from):
            empty = False
            if not isinstance(found, Submission):
                files.setdefault(found.absolute(), _found_file(found, id_from))
            else:
                refused.append(found)
        if empty and not unreadable:
            raise BadInput("holds no files to read", field=str(path), remedy="hidden files are skipped; name others")
    if not files:
        why = [*unreadable, *(item.rejection or "" for item in refused)]
        raise BadInput(f"no readable files: {'; '.join(why[:3])}", field=", ".join(map(str, paths)))
    _refuse_shared_ids(files.values())
    return Listing(tuple(files.values()), tuple(refused), tuple(unreadable))


def _walk(path: Place, unreadable: list[str], id_from: IdFrom) -> Iterator[Place | Submission]:
    if isinstance(path, RemotePath):
        yield from _walk_address(path)
        return
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise NotFound("there is no such file or directory", field=str(path), remedy="check the path") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read: {_reason(error)}", field=str(path)) from error
    if stat.S_ISDIR(mode):
        yield from _walk_directory(path, path.resolve(), unreadable, id_from)
    elif stat.S_ISREG(mode):
        yield path
    else:
        raise BadInput("is neither a file nor a directory", field=str(path))


def _walk_address(path: RemotePath) -> Iterator[RemotePath]:
    if path.is_page:
        raise BadInput(
            "names no file; over HTTP there are no directories",
            field=str(path),
            remedy="name each file, or have them in an object store such as s3://",
        )
    try:
        found = path.files() if path.is_directory() else [path]
    except FileNotFoundError:
        raise NotFound("there is nothing", field=str(path), remedy="check the address") from None
    except Unreachable as error:
        raise Unavailable(
            f"cannot be reached: {error}", field=str(path), remedy="check the address, or try again later"
        ) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {_reason(error)}", field=str(path)) from error
    yield from found


def _walk_directory(directory: Path, root: Path, unreadable: list[str], id_from: IdFrom) -> Iterator[Path | Submission]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        unreadable.append(f"{directory}: {_reason(error)}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = directory / entry.name
        if entry.is_symlink():
            yield from _follow_link(path, root, id_from)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk_directory(path, root, unreadable, id_from)
        elif entry.is_file(follow_symlinks=False):
            yield path
        else:
            yield _refusal(path, id_from, "is not a regular file")


def _follow_link(path: Path, root: Path, id_from: IdFrom) -> Iterator[Path | Submission]:
    """Take a link to a file of the same tree; a linked directory of it is read at its own place."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        yield _refusal(path, id_from, "is a symbolic link that leads nowhere")
        return
    if not target.is_relative_to(root):
        yield _refusal(path, id_from, "is a symbolic link out of the directory that was named")
    elif target.is_file():
        yield path
    elif not target.is_dir():
        yield _refusal(path, id_from, "is not a regular file")


def _refusal(path: Path, id_from: IdFrom, reason: str) -> Submission:
    # Under the id it would have had: --prune must see that the file is still there.
    return Submission(b"", id=_article_id(path, id_from), rejection=f"{path} {reason}")


def _article_id(path: Place, id_from: IdFrom) -> str:
    if id_from == "name":
        return path.name
    return str(path) if isinstance(path, RemotePath) else Path(os.path.normpath(path)).as_posix()


def _found_file(path: Place, id_from: IdFrom) -> FoundFile:
    suffix = path.suffix.lower()
    kind = "feed" if suffix == ".xml" and is_feed(path) else ROW_KINDS.get(suffix, "article")
    if kind != "article":
        return FoundFile(path, kind, None)
    return FoundFile(path, kind, _article_id(path, id_from))


def _refuse_shared_ids(files: Iterable[FoundFile]) -> None:
    taken: dict[str, Place] = {}
    for file in files:
        if file.article_id is None:
            continue
        other = taken.setdefault(file.article_id, file.path)
        if other is not file.path:
            raise BadInput(
                f"{other} and {file.path} would both be the article {file.article_id!r}",
                field="PATH",
                remedy="use --id-from path" if str(other) != str(file.path) else "take them one after the other",
            )


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
