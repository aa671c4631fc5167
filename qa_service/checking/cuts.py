"""Whether an article's passages are those of its text: sentences and bands, which nothing else vouches for."""

from __future__ import annotations

from dataclasses import dataclass

from qa_service.audit import Edit
from qa_service.cutting import block_hash_of
from qa_service.drafting import Processing
from qa_service.errors import QAError
from qa_service.store import articles, audits, bands, furniture, passages
from qa_service.store.catalog import Connection
from qa_service.text.edits import repaired_slice
from qa_service.text.fold import encoder_fold
from qa_service.text.prints import bands_of, canonical
from qa_service.text.units import LOCAL, OMITTED
from qa_service.types import StoredPassage


@dataclass(frozen=True, slots=True)
class Mistaken:
    """The live articles, by row, whose passages or bands are not those of their text."""

    passages: tuple[int, ...]
    bands: tuple[int, ...]


def mistaken(connection: Connection, collection: int, processing: Processing) -> Mistaken:
    """Compare the passages of a collection with its texts; articles that were processed otherwise are left out.

    What is encoded and what is shared is derived from the stored sentences and compared by its hashes; only where
    these differ the article is cut again, which takes longer.
    """
    late = set(articles.outdated(connection, collection, processing.pipeline))
    wrong_passages, wrong_bands = [], []
    for row, _ in articles.live(connection, collection):
        if row in late:
            continue
        try:
            text, edits = articles.original_text(connection, row), audits.edits(connection, row)
            if _is_sound(connection, row, text, edits, processing):
                continue
            as_cut = _as_cut(connection, row, text, processing)
        except (QAError, ValueError):
            continue  # which is a problem of its own
        if not as_cut[0]:
            wrong_passages.append(row)
        elif not as_cut[1]:
            wrong_bands.append(row)
    return Mistaken(tuple(wrong_passages), tuple(wrong_bands))


def _as_cut(connection: Connection, row: int, text: str, processing: Processing) -> tuple[bool, bool]:
    """Tell whether an article's passages, and whether its bands, are those that cutting its text gives."""
    units = [unit for packed in furniture.units(connection, row) for unit in packed.tolist()]
    learnt = {number for number, _, kind in units if kind & OMITTED and not kind & LOCAL}
    cut = processing.cutting.cut(text, lambda prints: learnt & prints).passages
    held, keys = passages.of_article(connection, row), passages.keys_of_article(connection, row)
    stored = bands.of_article(connection, row)
    return (
        [(p.spans.start, p.spans.end, p.spans.sentences, p.omitted) for p in cut]
        == [(p.start, p.end, p.sentences, p.omitted) for p in held],
        [set(p.bands) for p in cut] == [stored.get(key, set()) for key in keys],
    )


def _is_sound(connection: Connection, row: int, text: str, edits: tuple[Edit, ...], processing: Processing) -> bool:
    expected: dict[int, set[int]] = {}
    fingerprint = processing.cutting.fingerprint
    for key, (passage, block_hash, _) in passages.blocks_by_key(connection, row).items():
        sentences = [repaired_slice(text, span.start, span.end, edits) for span in passage.sentences]
        window = _window(text, passage, edits)
        if block_hash_of(fingerprint, [encoder_fold(one) for one in (window, *sentences)]) != block_hash:
            return False
        expected[key] = {band for sentence in sentences for band in bands_of(canonical(sentence))}
    return {key: own for key, own in expected.items() if own} == bands.of_article(connection, row)


def _window(text: str, passage: StoredPassage, edits: tuple[Edit, ...]) -> str:
    """Give what is encoded of a passage as a whole: its repaired text without what is omitted."""
    pieces, start = [], passage.start
    for gap in passage.omitted:
        pieces.append(repaired_slice(text, start, gap.start, edits))
        start = gap.end
    return "".join((*pieces, repaired_slice(text, start, passage.end, edits))).strip()
