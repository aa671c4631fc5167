"""What is published of a collection in Milvus: a record in the catalogue."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from typing import Any

from qa_service.errors import Damaged, Incompatible
from qa_service.index.manifest import Versions
from qa_service.index.milvus.schema import IndexKind

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Departed:
    """Passages that one publication left out, whose rows stay for as long as a question may ask for the one before.

    Attributes:
        since: the last write that the publication before covered: none of them was gone by then.
        at: when they were left out, in seconds since 1970.
        keys: of the passages.
    """

    since: int
    at: float
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """One published state.

    Attributes:
        collection: the row of the collection.
        seq: the last write that it covers.
        created_at: when it was published, in UTC.
        versions: what its vectors and words were made with.
        build: which collections in Milvus it is in: each rebuild makes others; 0 before the first passage.
        index: the kind of vector index that these have.
        last_key: the highest key of a passage that it covers: rows beyond belong to a write that is not published.
        departed: passages that are gone, but in Milvus still, in the order in which they went.
        written: Milvus's time of the last row by kind, which a search waits for; none where it is not known.
        retired: builds that were replaced and are still to be removed.
    """

    collection: int
    seq: int
    created_at: str
    versions: Versions
    build: int = 0
    index: IndexKind = "hnsw"
    last_key: int = 0
    departed: tuple[Departed, ...] = ()
    written: dict[str, int] = field(default_factory=dict)
    retired: tuple[int, ...] = ()
    stamp: str = field(default="", compare=False)

    @property
    def dead(self) -> tuple[int, ...]:
        """Keys of passages that are gone, but in Milvus still."""
        return tuple(chain.from_iterable(one.keys for one in self.departed))

    @property
    def name(self) -> str:
        """The generation's name as the API shows it."""
        return f"{self.collection}-{self.seq}-m{self.build}"

    def to_json(self) -> str:
        """Write it for the catalogue."""
        given = asdict(replace(self, stamp=""))
        return json.dumps({"format": FORMAT, **given})

    @staticmethod
    def parse(text: str, stamp: str) -> Publication:
        """Undo `to_json`.

        Errors:
            Damaged: it is no record. Incompatible: a later version of the service wrote it.
        """
        try:
            raw: dict[str, Any] = json.loads(text)
            written_by = raw.pop("format")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(error) from error
        if written_by != FORMAT:
            raise Incompatible(
                f"what is published was written in format {written_by}, this version knows {FORMAT}",
                field="publications",
                remedy="run the same version of qa-service everywhere; if it was an earlier one, `qa-service rebuild`",
            )
        try:
            versions = Versions(**raw.pop("versions"))
            departed = tuple(Departed(one["since"], one["at"], tuple(one["keys"])) for one in raw.pop("departed"))
            lists = {"departed": departed, "retired": tuple(raw.pop("retired"))}
            return Publication(**{**raw, **lists, "versions": versions, "stamp": stamp})
        except (TypeError, KeyError) as error:
            raise _damaged(error) from error


def _damaged(error: Exception) -> Damaged:
    return Damaged(
        f"a record of what is published cannot be read: {error}",
        field="publications",
        remedy="run `qa-service rebuild`",
    )
