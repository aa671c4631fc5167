"""Writing processed articles to the store, and taking articles out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from qa_service.drafting import Draft
from qa_service.store import articles, collections, furniture, passages, words
from qa_service.store.catalog import WriteTransaction
from qa_service.store.collections import Collection
from qa_service.store.packing import pack_spans, pack_terms, pack_units
from qa_service.store.passages import NewPassage
from qa_service.store.segments import Block
from qa_service.text.units import may_be_learnt
from qa_service.types import Outcome

ALL_FURNITURE = "all of it is page furniture, such as menus and notices: kept, but not searched"


def write_drafts(
    tx: WriteTransaction, collection: Collection, batch: Sequence[Draft], blocks: Mapping[bytes, Block]
) -> list[Outcome]:
    """Write articles with their passages and take their words into the counts, all of them at once.

    Parameters:
        batch: processed articles, each with an id of its own, and those whose outcome is known already.
        blocks: where the vectors of their passages are, by block hash.

    Returns:
        What became of each.
    """
    known = [_outcome_already(tx, collection, draft) for draft in batch]
    written = [(draft, draft.record) for draft, outcome in zip(batch, known, strict=True) if outcome is None]
    searched = [passage.terms for draft, _ in written for passage in draft.passages if passage.texts]
    replaced = [remove_article(tx, collection, record.id) for _, record in written if record is not None]
    ids = words.add_documents(tx, collection.row, searched)
    rows = [_insert(tx, collection, draft) for draft, _ in written]
    new = [_passages(collection, draft, ids, blocks) for draft, _ in written]
    passages.insert_all(tx, collection.row, zip(rows, new, strict=True))
    prints = ((print_, row) for row, (draft, _) in zip(rows, written, strict=True) for print_ in _prints(draft))
    furniture.add_all(tx, collection.row, prints)
    if rows:
        collections.adjust(tx, collection.row, len(rows), len(searched), sum(terms.total() for terms in searched))
    outcomes = iter([_written(draft, before) for (draft, _), before in zip(written, replaced, strict=True)])
    return [outcome or next(outcomes) for outcome in known]


def _outcome_already(tx: WriteTransaction, collection: Collection, draft: Draft) -> Outcome | None:
    """Give the outcome of what is not to be written; None for the rest."""
    if draft.record is None:
        return draft.outcome
    if draft.replaces is not None:
        head = articles.find_head(tx.connection, collection.row, draft.record.id)
        if head is None or head.row != draft.replaces:
            return Outcome(draft.record.id, "unchanged")
    return None


def _written(draft: Draft, replaced: bool) -> Outcome:
    searched = sum(1 for passage in draft.passages if passage.texts)
    return Outcome(draft.id, "updated" if replaced else "created", None if searched else ALL_FURNITURE, searched)


def _insert(tx: WriteTransaction, collection: Collection, draft: Draft) -> int:
    """Write an article's own row; give its number."""
    assert draft.record is not None
    searched = sum(1 for passage in draft.passages if passage.texts)
    since = articles.ingested_at(tx.connection, draft.replaces) if draft.replaces is not None else None
    row = articles.insert(tx, collection.row, draft.record, searched, since or draft.ingested_at or now())
    if since is not None:
        furniture.mark_learnt(tx, [row])
    return row


def _passages(
    collection: Collection, draft: Draft, ids: Mapping[str, int], blocks: Mapping[bytes, Block]
) -> list[NewPassage]:
    record = draft.record
    assert record is not None
    return [
        NewPassage(
            passages.passage_id(collection.name, record.id, record.sha256, passage.spans.start, passage.spans.end),
            passage.spans,
            pack_spans(passage.omitted),
            pack_units(passage.units),
            passage.bands,
            pack_terms({ids[word]: count for word, count in passage.terms.items()}),
            passage.terms.total(),
            passage.block_hash,
            blocks.get(passage.block_hash),
        )
        for passage in draft.passages
    ]


def remove_article(tx: WriteTransaction, collection: Collection, article_id: str) -> bool:
    """End the life of an article and its passages and take its words out of the counts; False when there is none."""
    head = articles.find_head(tx.connection, collection.row, article_id)
    if head is None:
        return False
    gone = passages.mark_deleted(tx, head.row)
    articles.mark_deleted(tx, head.row)
    furniture.remove(tx, head.row)
    words.remove_documents(tx, (terms for terms, _ in gone))
    collections.adjust(tx, collection.row, -1, -len(gone), -sum(count for _, count in gone))
    return True


def _prints(draft: Draft) -> set[int]:
    """Collect the prints from which furniture is learnt."""
    units = (unit for passage in draft.passages for unit in passage.units)
    return {number for number, _, kind in units if may_be_learnt(number, kind)}


def now() -> str:
    """Give the time of day in UTC, to the second, as the catalogue has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
