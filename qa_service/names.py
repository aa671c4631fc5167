"""What article ids and collection names may be."""

from __future__ import annotations

import re
import unicodedata

from qa_service.errors import BadInput, Rejected

MAX_ID_BYTES = 512
COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DEFAULT_COLLECTION = "default"


def check_article_id(article_id: str) -> str:
    """Return a well-formed article id.

    Errors:
        Rejected: it is empty, over 512 bytes of UTF-8, or holds control characters or lone surrogates.
    """
    try:
        size = len(article_id.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise Rejected("the id holds a lone surrogate", field="id", remedy="use valid Unicode") from error
    if not 1 <= size <= MAX_ID_BYTES:
        raise Rejected(f"the id has {size} bytes", field="id", remedy=f"use 1 to {MAX_ID_BYTES} bytes of UTF-8")
    if any(unicodedata.category(char) == "Cc" for char in article_id):
        raise Rejected("the id holds a control character", field="id", remedy="remove it")
    return article_id


def check_collection(name: str) -> str:
    """Return a well-formed collection name.

    Errors:
        BadInput: the name does not match `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
    """
    if not COLLECTION.fullmatch(name):
        raise BadInput(
            f"{name[:80]!r} is not a collection name",
            field="collection",
            remedy="use 1 to 64 of the characters A-Z a-z 0-9 . _ - and start with a letter or digit",
        )
    return name
