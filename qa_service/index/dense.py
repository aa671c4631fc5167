"""Building and opening the vector indexes of a base: exact while there are few vectors, inverted lists of codes above.

A new base of many vectors takes the lists and codes of the old one over, and is trained anew once it holds twice as
many vectors or finds too little.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from embeddings import ivf_build
from embeddings.errors import DamagedIndex
from embeddings.faiss_index import FaissFlatIndex
from embeddings.ivf_build import Stored
from embeddings.ivf_file import IvfPaths
from embeddings.ivf_index import Effort, IvfIndex
from qa_service.errors import Damaged
from qa_service.index import recall
from qa_service.index.legs import SENTENCE_BITS, ExactLeg, IvfLeg, Leg
from qa_service.index.manifest import LegEntry
from qa_service.index.places import Places, Rows, Vectors
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

EXACT_VECTORS = 40_000
"""Up to so many vectors are compared one by one: it takes some 3 ms, less than encoding a question, and misses none."""
FETCHED = 400
"""Hits by code that are scored anew. Of 200, .002 fewer of the ten best among 1.5 M vectors were found, of 800 .001
more."""
FIRST_PROBES = 8
_GROWTH = 2**0.5
_FIRST_REACH, _LAST_REACH = 0.01, 0.2
_MEASURED_AGAIN = 1.1
"""A leg is measured again once it holds this many times the vectors, or as many times fewer."""
_BATCH = 20_000
IVF = "ivf-rabitq"
EXACT = "exact"
_REMEDY = "run `qa-service rebuild`"


@dataclass(frozen=True, slots=True)
class Source:
    """Vectors of one kind, numbered from 0: those of the windows of a base, or of its sentences.

    `others` are those of the other kind, `ids` gives the ids that vectors have in an exact index.
    """

    name: str
    places: Places
    dim: int
    count: int
    stored: Stored
    other_count: int
    others: Stored
    ids: Callable[[Rows], Rows]

    @staticmethod
    def both(places: Places, segments: Segments, dim: int) -> tuple[Source, Source]:
        """Give the windows, numbered by the rows of their passages, and the sentences, in the order of the passages."""

        def windows(rows: Rows) -> Vectors:
            return places.windows(segments, rows)

        def sentences(numbers: Rows) -> Vectors:
            return places.sentence_vectors(segments, numbers)

        def sentence_ids(numbers: Rows) -> Rows:
            rows = places.owners(numbers)
            return (places.keys[rows] << SENTENCE_BITS) + numbers - places.starts[rows]

        of_windows, of_sentences = (len(places), windows), (places.sentences, sentences)
        return (
            Source("windows", places, dim, *of_windows, *of_sentences, lambda rows: places.keys[rows]),
            Source("sentences", places, dim, *of_sentences, *of_windows, sentence_ids),
        )

    @property
    def of_sentences(self) -> bool:
        """Tell whether the numbers are those of sentences."""
        return self.name == "sentences"


@dataclass(frozen=True, slots=True)
class Former:
    """What a new base takes over of a leg of an old one: its lists, and the new numbers of the old vectors, or -1."""

    root: Path
    entry: LegEntry
    renumbered: Rows

    @property
    def survives(self) -> bool:
        """Tell whether the leg is worth taking over."""
        return self.entry.kind == IVF and (self.entry.recall is None or self.entry.recall >= recall.TARGET)


def build_leg(directory: Path, source: Source, former: Former | None = None) -> LegEntry:
    """Write one leg of a base into a directory.

    Args:
        directory: where to.
        source: its vectors.
        former: the same leg of the base before, if it may be taken over.
    """
    if source.count <= EXACT_VECTORS:
        _build_exact(directory, source)
        return LegEntry(EXACT, source.count)
    paths = IvfPaths(directory, source.name)
    if former is not None and former.survives and source.count < 2 * max(former.entry.trained_on, 1):
        entry = _extend(paths, source, former)
        if entry.recall is None or entry.recall >= recall.TARGET:
            return entry
    coarse = ivf_build.train(source.stored, source.count, source.dim, ivf_build.lists_for(source.count))
    ivf_build.build(paths, source.stored, source.count, coarse)
    entry = LegEntry(IVF, source.count, coarse.lists, trained_on=source.count, recall=None)
    return _calibrated(paths, source, entry)


def open_leg(directory: Path, source: Source, entry: LegEntry | None) -> Leg:
    """Open one leg of a base.

    Errors:
        Damaged: its files cannot be read, or are of another index than its manifest says.
    """
    try:
        if entry is None or entry.kind == EXACT:
            index = FaissFlatIndex.load(directory / f"{source.name}.faiss", dim=source.dim)
            return ExactLeg(index, SENTENCE_BITS if source.of_sentences else 0)
        return open_ivf(directory, source, entry)
    except DamagedIndex as error:
        raise Damaged(f"a vector index cannot be read: {error}", field=str(directory), remedy=_REMEDY) from error


def open_ivf(directory: Path, source: Source, entry: LegEntry) -> IvfLeg:
    """Open a leg of inverted lists; DamagedIndex if it is not what its manifest says."""
    index = IvfIndex(IvfPaths(directory, source.name), source.stored, entry.effort)
    if (len(index), index.coarse.lists) != (source.count, entry.lists):
        raise DamagedIndex(f"{directory} has {len(index)} {source.name} in {index.coarse.lists} lists")
    return IvfLeg(index, source.places, of_sentences=source.of_sentences)


def measured(directory: Path, source: Source, entry: LegEntry, queries: int = recall.QUERIES) -> LegEntry:
    """Measure the recall of a leg as it is."""
    if entry.kind == EXACT:
        return entry
    index = IvfIndex(IvfPaths(directory, source.name), source.stored, entry.effort)
    truth = _truth(source, queries)
    return _stamped(entry, recall.recall(index, truth), truth, source)


def _build_exact(directory: Path, source: Source) -> None:
    index = FaissFlatIndex(source.dim)
    for start in range(0, source.count, _BATCH):
        numbers = np.arange(start, min(start + _BATCH, source.count), dtype=np.int64)
        index.add(source.ids(numbers), source.stored(numbers))
    index.save(directory / f"{source.name}.faiss")


def _extend(paths: IvfPaths, source: Source, former: Former) -> LegEntry:
    kept = former.renumbered[former.renumbered >= 0]
    added = np.setdiff1d(np.arange(source.count, dtype=np.int64), kept, assume_unique=True)
    ivf_build.extend(paths, IvfPaths(former.root, source.name), former.renumbered, source.stored, added)
    entry = replace(former.entry, vectors=source.count)
    change = max(source.count, 1) / max(entry.measured_on, 1)
    if entry.recall is not None and 1 / _MEASURED_AGAIN < change < _MEASURED_AGAIN:
        return entry
    return _calibrated(paths, source, entry)


def _calibrated(paths: IvfPaths, source: Source, entry: LegEntry) -> LegEntry:
    """Choose the least effort that finds enough, from that of `entry` up."""
    truth = _truth(source, recall.QUERIES)
    index = IvfIndex(paths, source.stored, Effort(1, FETCHED))
    reached, effort = 0.0, Effort(0, FETCHED)
    # With a reach, twice the lists were allowed that were needed without.
    first = entry.probes if entry.reach is None else entry.probes // 2
    for effort in _efforts(max(first, FIRST_PROBES), entry.lists):
        reached = recall.recall(index, truth, effort)
        if reached >= recall.TARGET:
            break
    else:
        logger.warning("the %s index finds %.3f of the ten nearest, not %.2f", source.name, reached, recall.TARGET)
    chosen = replace(entry, probes=effort.probes, fetched=effort.fetched, reach=None)
    for bounded in _reaches(effort, entry.lists) if reached >= recall.TARGET else ():
        found = recall.recall(index, truth, bounded)
        if found >= recall.TARGET:
            chosen, reached = replace(chosen, probes=bounded.probes, reach=bounded.reach), found
            break
    return _stamped(chosen, reached, truth, source)


def _truth(source: Source, queries: int) -> recall.Truth:
    made = recall.sample_queries(source.others, source.other_count, source.stored, source.count, queries)
    return recall.exact(source.stored, source.count, made)


def _efforts(probes: int, lists: int) -> Iterable[Effort]:
    """Give ever larger efforts, up to all lists and many more hits scored anew."""
    while probes < lists:
        # What is missed is missed for one reason or the other; twice the hits take less time than many more lists.
        yield Effort(probes, FETCHED)
        yield Effort(probes, 2 * FETCHED)
        probes = int(np.ceil(probes * _GROWTH))
    for times in (1, 4, 16):
        yield Effort(lists, times * FETCHED)


def _reaches(effort: Effort, lists: int) -> Iterable[Effort]:
    """Give ever larger reaches: hard questions may look into more lists if easy ones look into fewer."""
    reach = _FIRST_REACH
    while reach <= _LAST_REACH:
        yield Effort(min(2 * effort.probes, lists), effort.fetched, round(reach, 6))
        reach *= _GROWTH**0.5


def _stamped(entry: LegEntry, reached: float, truth: recall.Truth, source: Source) -> LegEntry:
    return replace(
        entry,
        recall=round(reached, 4),
        queries=len(truth.queries),
        measured_on=source.count,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
