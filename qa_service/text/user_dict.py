"""The user's words and synonyms: one entry a line, `word [frequency] [tag]` or `word = synonym = ...`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from qa_service.errors import ConfigError
from qa_service.text.fold import lexical_fold

MAX_TERM = 64
_COMMENT = re.compile(r"(^|\s)#.*")
_TAG = re.compile(r"[a-z]{1,5}")
_MAX_FREQUENCY = 10**9


@dataclass(frozen=True, slots=True)
class UserDict:
    """Parsed entries, all terms in the lexical fold.

    Attributes:
        words: each word with its jieba frequency; None lets jieba choose one that keeps the word whole,
            0 takes the word out of the dictionary.
        canonical: each synonym, the canonical form included, with the canonical form.
        sha256: hex digest of the file's bytes; "none" without a file.
    """

    words: dict[str, int | None] = field(default_factory=dict)
    canonical: dict[str, str] = field(default_factory=dict)
    sha256: str = "none"


def read_user_dict(path: Path | None) -> UserDict:
    """Read a user dictionary.

    Parameters:
        path: a UTF-8 file, or None for an empty dictionary. `#` at the start of a line or after a space
            begins a comment.

    Errors:
        ConfigError: the file cannot be read, is not UTF-8, or has a bad line; names the line.
    """
    if path is None:
        return UserDict()
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"cannot read the user dictionary {path}: {error.strerror}",
            field="user_dict",
            remedy="name a readable file",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"the user dictionary {path} is not UTF-8 at byte {error.start}",
            field="user_dict",
            remedy="save it as UTF-8",
        ) from error
    entries = UserDict(sha256=hashlib.sha256(content).hexdigest())
    for number, line in enumerate(text.splitlines(), 1):
        entry = _COMMENT.sub("", line).strip()
        if entry:
            _read_line(entry, entries, f"{path}, line {number}")
    return entries


def _read_line(entry: str, entries: UserDict, where: str) -> None:
    if "=" in entry:
        terms = [_term(part, where) for part in entry.split("=")]
        for term in terms:
            if entries.canonical.setdefault(term, terms[0]) != terms[0]:
                _bad(
                    where,
                    f"{term!r} is already a synonym of {entries.canonical[term]!r}",
                    "keep each word in one group",
                )
            entries.words.setdefault(term, None)
        return
    word, *rest = entry.split()
    frequency: int | None = None
    if rest and re.fullmatch("[0-9]+", rest[0]):
        frequency = int(rest.pop(0))
    if frequency is not None and frequency > _MAX_FREQUENCY:
        _bad(where, f"frequency {frequency} is over {_MAX_FREQUENCY}", "give a smaller one")
    if len(rest) > 1 or (rest and not _TAG.fullmatch(rest[0])):
        _bad(where, f"{entry!r} is not `word [frequency] [tag]`", "a term with spaces needs a synonym: `term = other`")
    entries.words[_term(word, where)] = frequency


def _term(raw: str, where: str) -> str:
    """Fold one term; inner white space becomes one space."""
    term = " ".join(lexical_fold(raw).split())
    if not any(char.isalnum() for char in term):
        _bad(where, f"{raw.strip()!r} has no letter or digit", "write a word, or put `#` before a comment")
    if len(term) > MAX_TERM:
        _bad(where, f"a term of {len(term)} characters", f"at most {MAX_TERM}")
    return term


def _bad(where: str, problem: str, remedy: str) -> NoReturn:
    raise ConfigError(f"{where}: {problem}", field="user_dict", remedy=remedy)
