"""Who asks: what the caller of a request may do, and which collections are there for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from flask import g

from qa_service.errors import NotFound
from qa_service.keys.key import SCOPES, Key, Scope
from qa_service.names import check_collection


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller's rights.

    Attributes:
        id: of its key; None without one.
        scopes: what it may do, `admin` being all.
        collections: the only ones there are for it; None for all.
    """

    id: str | None
    scopes: frozenset[Scope]
    collections: frozenset[str] | None

    @classmethod
    def of_key(cls, key: Key) -> Caller:
        """Give the rights of a key."""
        scopes = SCOPES if "admin" in key.scopes else key.scopes
        return cls(key.id, frozenset(scopes), None if key.collections is None else frozenset(key.collections))

    @property
    def operator(self) -> bool:
        """Whether it may know all of the service's state, the causes of failures among it."""
        return "admin" in self.scopes and self.collections is None

    def may(self, scopes: Collection[Scope]) -> bool:
        """Tell whether it has one of these scopes."""
        return not self.scopes.isdisjoint(scopes)

    def sees(self, collection: str) -> bool:
        """Tell whether there is such a collection for it, if there is one."""
        return self.collections is None or collection in self.collections

    def require(self, collection: str) -> None:
        """Refuse a collection that is not there for the caller, in the same words whether there is one or not.

        Errors:
            BadInput: the name is malformed. NotFound: it is not there for this caller.
        """
        if not self.sees(check_collection(collection)):
            raise NotFound(
                f"there is no collection {collection!r}",
                field="collection",
                remedy="GET /v1/collections lists those that this key sees",
            )


ANYBODY = Caller(None, frozenset(SCOPES), None)
"""Every caller of a service that asks for no key."""
NOBODY = Caller(None, frozenset(), frozenset())
"""A caller that is not known, or not yet."""


def current_caller() -> Caller:
    """Give the caller of the request now handled."""
    return cast(Caller, g.get("caller", NOBODY))
