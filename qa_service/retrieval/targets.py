"""The article or the passage that an explanation is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa_service.errors import NotFound
from qa_service.explanation import Target
from qa_service.retrieval.found import Found
from qa_service.store import articles, passages
from qa_service.store.passages import Candidate

_MOST = 100_000
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked about, with those of its passages that are searched.

    Attributes:
        passage_id: the passage asked about, None for an article.
        unseen: whether there are passages that the snapshot does not have yet.
    """

    article_id: str
    passage_id: str | None
    passages: Sequence[Candidate]
    unseen: bool


def seek(found: Found, target: Target) -> Sought:
    """Look an article or a passage up.

    Errors:
        NotFound: the collection has none of this id.
    """
    if target.passage_id is not None:
        return _passage(found, target.passage_id)
    assert target.article_id is not None
    return _article(found, target.article_id)


def _article(found: Found, article_id: str) -> Sought:
    head = articles.find_head(found.connection, found.collection.row, article_id)
    if head is None:
        raise NotFound(
            f"collection {found.collection.name!r} has no article {article_id[:_SHOWN]!r}",
            field="article_id",
            remedy="list the articles to see their ids",
        )
    keys = passages.keys_of_articles(found.connection, [head.row], _MOST)
    searched = _searched(found, keys)
    return Sought(article_id, None, searched, bool(keys) and not searched)


def _passage(found: Found, passage_id: str) -> Sought:
    # Most who ask do so about a passage that they were shown.
    for one in found.ranking.evidence.candidates if found.ranking.evidence else ():
        if one.passage_id == passage_id:
            return Sought(one.article_id, passage_id, [one], False)
    live = passages.find_live(found.connection, found.collection.row, passage_id)
    if live is None:
        raise NotFound(
            f"collection {found.collection.name!r} has no passage {passage_id[:_SHOWN]!r}",
            field="passage_id",
            remedy="take the id from an answer: an article that was changed since has other passages",
        )
    key, article_id, is_searched = live
    searched = _searched(found, [key]) if is_searched else []
    return Sought(article_id, passage_id, searched, is_searched and not searched)


def _searched(found: Found, keys: Sequence[int]) -> list[Candidate]:
    """Read those that the snapshot has."""
    snapshot = found.snapshot
    if snapshot is None or snapshot.manifest.collection != found.collection.row:
        return []
    return [one for one in passages.candidates(found.connection, keys, snapshot.seq) if one.block.vectors]
