"""From an original text to passages ready to be encoded, with an account of what was repaired and left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field

from qa_service.audit import Change, Edit, Omission
from qa_service.text.edits import edits_of
from qa_service.text.fold import encoder_fold
from qa_service.text.furniture import local_furniture
from qa_service.text.offsets import MappedText
from qa_service.text.passages import split_passages
from qa_service.text.prints import bands_of
from qa_service.text.repair import Repaired
from qa_service.text.tokens import Tokenizer
from qa_service.text.units import LOCAL, OMITTED, Unit, describe
from qa_service.types import PassageSpans, Span

LEARNT = "stands in other articles too"
Learnt = Callable[[Set[int]], Set[int]]
"""Tells which of some prints the collection has learnt to be furniture."""


@dataclass(frozen=True, slots=True)
class DraftPassage:
    """A passage split and tokenised but not yet encoded.

    Attributes:
        spans: its place and that of the sentences searched, in the original.
        omitted: furniture in it, in the original.
        units: print, length and flags of all its sentences, the omitted ones too, in order.
        texts: what is encoded, its window and then its sentences; empty when all of it is furniture.
        terms: word frequencies.
        bands: of the sentences searched.
        block_hash: identifies `texts` and the encoder.
    """

    spans: PassageSpans
    omitted: tuple[Span, ...]
    units: tuple[tuple[int, int, int], ...]
    texts: tuple[str, ...]
    terms: Counter[str]
    bands: frozenset[int]
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """An article's passages, and what became of its text on the way."""

    passages: tuple[DraftPassage, ...] = ()
    edits: tuple[Edit, ...] = ()
    changes: tuple[Change, ...] = ()
    omitted: tuple[Omission, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Cutting:
    """How texts are cut.

    Attributes:
        tokenizer: cuts passages into words.
        count_tokens: the encoder's count of model tokens.
        passage_tokens: longest passage in model tokens.
        repair: mends a text for the search, with a map to the original.
        fingerprint: of the encoder; part of what identifies encoded text.
    """

    tokenizer: Tokenizer
    count_tokens: Callable[[Sequence[str]], Sequence[int]]
    passage_tokens: int
    repair: Callable[[str], Repaired]
    fingerprint: str

    def cut(self, text: str, learnt: Learnt) -> Cut:
        """Repair, split, set furniture aside and tokenise; every offset given out is the original's."""
        repaired = self.repair(text)
        clean = repaired.mapped.text
        placed: list[list[tuple[Span, Span]]] = []
        end = 0
        for passage in split_passages(clean, self.count_tokens, self.passage_tokens):
            pairs = in_original(repaired.mapped, passage.sentences, end)
            if pairs:
                placed.append(pairs)
                end = pairs[-1][1].end
        units = describe(clean, [pair for pairs in placed for pair in pairs])
        reasons = local_furniture(clean, [unit.sentence for unit in units])
        known = learnt({unit.print for unit in units})
        kinds = [
            unit.kind | (LOCAL | OMITTED if reason else OMITTED if unit.print in known else 0)
            for unit, reason in zip(units, reasons, strict=True)
        ]
        passages, first = [], 0
        for pairs in placed:
            last = first + len(pairs)
            passages.append(self._draft(clean, units[first:last], kinds[first:last]))
            first = last
        omitted = (
            Omission(unit.place.start, unit.place.end, reason or LEARNT)
            for unit, reason, kind in zip(units, reasons, kinds, strict=True)
            if kind & OMITTED
        )
        return Cut(tuple(passages), edits_of(text, repaired.mapped), repaired.changes, tuple(omitted))

    def _draft(self, clean: str, units: Sequence[Unit], kinds: Sequence[int]) -> DraftPassage:
        kept = [unit for unit, kind in zip(units, kinds, strict=True) if not kind & OMITTED]
        omitted = [unit for unit, kind in zip(units, kinds, strict=True) if kind & OMITTED]
        window = _without(clean, units[0].sentence.start, units[-1].sentence.end, [unit.sentence for unit in omitted])
        sentences = [clean[unit.sentence.start : unit.sentence.end] for unit in kept]
        texts = tuple(map(encoder_fold, (window, *sentences))) if kept else ()
        return DraftPassage(
            spans=PassageSpans(units[0].place.start, units[-1].place.end, tuple(unit.place for unit in kept)),
            omitted=tuple(unit.place for unit in omitted),
            units=tuple((unit.print, unit.length, kind) for unit, kind in zip(units, kinds, strict=True)),
            texts=texts,
            terms=Counter(self.tokenizer.words(window)) if kept else Counter(),
            bands=frozenset(band for unit in kept for band in bands_of(unit.form)),
            block_hash=block_hash_of(self.fingerprint, texts),
        )


def block_hash_of(fingerprint: str, texts: Sequence[str]) -> bytes:
    """Identify the vectors of a window and its sentences by what is encoded and the encoder's fingerprint."""
    digest = hashlib.sha256(fingerprint.encode())
    for text in texts:
        data = text.encode("utf-8")
        digest.update(len(data).to_bytes(4, "little") + data)
    return digest.digest()


def in_original(repaired: MappedText, sentences: Sequence[Span], floor: int) -> list[tuple[Span, Span]]:
    """Carry sentences of the repaired text over to the original.

    Two sentences may come from one stretch that was restored as a whole; it then belongs to the first of them.

    Parameters:
        sentences: in order and disjoint, in the repaired text.
        floor: where the passage before ends in the original.

    Returns:
        The sentences that have a place of their own, each with it; the places are in order, disjoint, not empty.
    """
    placed: list[tuple[Span, Span]] = []
    for sentence in sentences:
        place = repaired.to_source(sentence.start, sentence.end)
        start = max(place.start, floor)
        if start < place.end:
            placed.append((sentence, Span(start, place.end)))
            floor = place.end
    return placed


def _without(text: str, start: int, end: int, gaps: Sequence[Span]) -> str:
    """Take spans out of `text[start:end]`."""
    pieces = []
    for gap in gaps:
        pieces.append(text[start : gap.start])
        start = gap.end
    return "".join((*pieces, text[start:end])).strip()
