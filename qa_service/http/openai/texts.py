"""Texts of a request, given alone or in a list, with errors that name the one that is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from qa_service.errors import BadInput


def read_texts(value: object, field: str, most: int) -> list[str]:
    """Read a text or a list of 1 to `most`.

    Errors:
        BadInput: it is something else; names `field[place]`.
    """
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise BadInput("must be a string or a list of strings", field=field, remedy="put it in double quotes")
    if not value:
        raise BadInput("is an empty list", field=field, remedy="give at least one text")
    if len(value) > most:
        raise BadInput(f"has {len(value)} texts, {most} are allowed", field=field, remedy="send several requests")
    for place, item in enumerate(value):
        if not isinstance(item, str):
            raise BadInput("must be a string", field=f"{field}[{place}]", remedy="put it in double quotes")
    return value


def check_chars(texts: Sequence[str], field: str, most: int) -> None:
    """Refuse texts of more than `most` characters in all.

    Errors:
        BadInput: they have more.
    """
    chars = sum(map(len, texts))
    if chars > most:
        raise BadInput(
            f"has {chars} characters in all, {most} are allowed", field=field, remedy="send several requests"
        )
