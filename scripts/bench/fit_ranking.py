#!/usr/bin/env python
"""Fits the learned weights of the ranking and of its calibration on the public sets, and reports both halves.

    scripts/bench/fit_ranking.py SETS --data DIR [--write]

SETS holds the public sets. DIR is a data directory that gets the pools as collections; kept, a second run ingests and
encodes nothing. The even subjects fit, the odd ones are reported. `--write` replaces the package's weights.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
from ranking_pools import Pool, Question, make_pools, read_paragraphs, read_questions
from ranking_report import SAMPLES, Judged, Ranked, pool_and_set, report_calibration, report_ranking
from regression import Bound, doubled, fit_listwise, fit_logistic

from embeddings.encoder import Vectors
from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.index.local_snapshot import LocalSnapshot
from qa_service.retrieval import calibration, refinement
from qa_service.retrieval.blended import BlendedWeights
from qa_service.retrieval.calibration import Adjustment, Judge
from qa_service.retrieval.cohorts import Cohorts
from qa_service.retrieval.fusion import lexical_share
from qa_service.retrieval.ranking import Ranking, rank
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.retrieval.typical import TypicalPassages
from qa_service.store import collections
from qa_service.store.catalog import Connection
from qa_service.store.segments import Block

RANKED_POOLS = {
    "all": ("cmrc", "zh", "en", "ru"),
    "english": ("zh", "en", "ru"),
    "russian": ("ru",),
    "small-0": ("cmrc", "zh", "en"),
}
"""Pools and the sets asked of them that fit the ranking."""
SMALL = ("small-0", "small-1", "small-2", "small-3")
TOPICAL = tuple(f"topics-{number}" for number in range(6))
JUDGED_POOLS = (
    *("half", "other-half", "subjects", "all", *SMALL, *TOPICAL, *SAMPLES),
    *("mixed", "english-half", "russian-half"),
)
SAMPLES_WEIGHT = 3.0
"""The samples' few questions are the only ones that are asked as people ask."""
KIND_WEIGHT = {"plain": 1.0, "altered": 0.35, "domain": 0.25}
ALTERED_POOLS = ("half", "all")
_RANK_PENALTY, _JUDGE_PENALTY = 1e-3, 1e-5
_SIGNS: dict[str, Bound] = {
    **dict.fromkeys(("constant", "coverage"), (None, None)),
    **dict.fromkeys(("same_script", "missing_numbers"), (None, 0.0)),
}
"""Evidence never speaks against a passage, but for numbers it lacks and for a script that is the question's own."""


class Fitter:
    """Asks the questions of the pools with the code that the service runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._typical = TypicalPassages(engine.segments)
        self._cohorts = Cohorts(engine.encoder)

    def ranked(self, pool: Pool, questions: Sequence[Question]) -> Iterator[Ranked]:
        """Describe the candidates that refinement orders."""
        for question, ranking, texts, _, _ in self._asked(pool, questions):
            evidence = ranking.evidence
            if evidence is None:
                continue
            first = ranking.order[: refinement.DEPTH]
            share = lexical_share(ranking.words.coverage)
            excess = refinement.script_excess(evidence, first, texts, question.query.text, share)
            articles = [evidence.candidates[place].article_id for place in first]
            yield Ranked(pool.name, question, refinement.features(evidence, first, excess), articles, share)

    def judged(self, pool: Pool, questions: Sequence[Question], weights: BlendedWeights) -> Iterator[Judged]:
        """Describe the first passages under these ranking weights."""
        for question, ranking, texts, connection, snapshot in self._asked(pool, questions):
            answerable = any(question.answered_by(article) for article in pool.articles)
            if question.kind == "altered" and not self._could_be(question, pool):
                continue
            refined = refinement.refine(ranking, texts, Stopwatch(), weights)
            if refined.evidence is None:
                continue
            typical = self._typical.of(connection, snapshot, refined.evidence.candidates)
            blocks = [candidate.block for candidate in refined.evidence.candidates]
            cohort = self._cohorts.of(question.query.text, partial(self._vectors, blocks))
            judge = Judge(refined, typical, texts, Adjustment(), cohort)
            place = refined.order[0]
            right = question.answered_by(refined.evidence.candidates[place].article_id)
            yield Judged(pool.name, question, judge.features(place), judge.nativeness(place), right, answerable)

    def _vectors(self, blocks: Sequence[Block], place: int) -> Vectors:
        return self._engine.segments.gather([blocks[place]])

    def _could_be(self, question: Question, pool: Pool) -> bool:
        return any(f"{question.family}.zh.{paragraph}" in pool.articles for paragraph in question.paragraphs)

    def _asked(
        self, pool: Pool, questions: Sequence[Question]
    ) -> Iterator[tuple[Question, Ranking, Texts, Connection, LocalSnapshot]]:
        snapshot = self._engine.opened.snapshot(pool.name)
        assert snapshot is not None
        with self._engine.catalog.read() as connection:
            collection = collections.get(connection, pool.name)
            texts = Texts(connection)
            for question in questions:
                ranking = rank(connection, self._engine.segments, collection, snapshot, question.query, Stopwatch())
                yield question, ranking, texts, connection, snapshot


def fit_ranking(examples: Sequence[Ranked], encoder: str) -> BlendedWeights:
    """Fit the refinement on the even half; every set of every pool counts alike."""
    even = [one for one in examples if one.question.half == 0 and one.right().any()]
    sizes = {key: len(list(group)) for key, group in groupby(sorted(map(pool_and_set, even)))}
    lists = [
        (doubled(one.features, np.full(len(one.features), one.share)), one.right(), 1 / sizes[pool_and_set(one)])
        for one in even
    ]
    fitted = fit_listwise(lists, _bounds(), _RANK_PENALTY)
    count = len(refinement.FEATURES)
    return BlendedWeights(fitted[:count], fitted[count:], encoder)


def _bounds() -> list[Bound]:
    """Evidence never counts against a passage, but for what its script alone gave it, and that only to foreigners."""
    one: list[Bound] = [(None, 0.0) if name == "script" else (0.0, None) for name in refinement.FEATURES]
    native: list[Bound] = [
        (0.0, 0.0) if name == "script" else bound for name, bound in zip(refinement.FEATURES, one, strict=True)
    ]
    return one + native


def fit_calibration(examples: Sequence[Judged], encoder: str) -> BlendedWeights:
    """Fit the calibration on the even half; every set and kind of every pool counts alike, up to its kind's weight."""
    even = [one for one in examples if one.question.half == 0]
    sizes: dict[tuple[str, str, str], int] = {}
    for one in even:
        key = (one.pool, one.question.asked, one.question.kind)
        sizes[key] = sizes.get(key, 0) + 1
    weights = [
        KIND_WEIGHT[one.question.kind]
        * (SAMPLES_WEIGHT if one.pool in SAMPLES else 1.0)
        / sizes[one.pool, one.question.asked, one.question.kind]
        for one in even
    ]
    features = doubled(np.stack([one.features for one in even]), np.array([one.share for one in even]))
    labels = np.array([float(one.right) for one in even])
    bounds = [_SIGNS.get(name, (0.0, None)) for name in calibration.FEATURES] * 2
    fitted = fit_logistic(features, labels, np.array(weights), _JUDGE_PENALTY, bounds)
    count = len(calibration.FEATURES)
    return BlendedWeights(fitted[:count], fitted[count:], encoder)


def main() -> None:
    """Fit, report, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--calibration-only", action="store_true", help="keep the ranking's weights")
    options = parser.parse_args()
    engine = Engine.open(load_settings(data_dir=options.data))
    encoder = engine.encoder.description.name
    started = time.perf_counter()
    paragraphs, asked = read_paragraphs(options.sets)
    pools = {pool.name: pool for pool in make_pools(engine, paragraphs)}
    questions = read_questions(engine, asked, options.data / "questions.npz")
    _note(started, f"{len(pools)} pools, {len(questions)} questions")
    fitter = Fitter(engine)
    ranking = refinement.shipped_weights()
    if not options.calibration_only:
        ranked = [
            one
            for name, sets in RANKED_POOLS.items()
            for one in fitter.ranked(pools[name], _answerable(questions, pools[name], sets))
        ]
        ranking = fit_ranking(ranked, encoder)
        _note(started, "ranking fitted")
        report_ranking(ranked, ranking)
    judged = [one for name in JUDGED_POOLS for one in fitter.judged(pools[name], _asked_of(name, questions), ranking)]
    calibrated = fit_calibration(judged, encoder)
    _note(started, "calibration fitted")
    report_calibration(judged, calibrated)
    for kind, weights in (("ranking", ranking), ("calibration", calibrated)):
        print(kind, "foreign", weights.foreign.round(2).tolist(), "native", weights.native.round(2).tolist())
    if options.write:
        ranking.write(refinement.FILE, refinement.VERSION, refinement.FEATURES)
        calibrated.write(calibration.FILE, calibration.VERSION, calibration.FEATURES)
    engine.close()


def _answerable(questions: Sequence[Question], pool: Pool, sets: Sequence[str]) -> list[Question]:
    return [
        question
        for question in questions
        if question.kind == "plain" and question.asked in sets and any(map(question.answered_by, pool.articles))
    ]


def _asked_of(pool: str, questions: Sequence[Question]) -> list[Question]:
    """Thin the questions out: the pools together must not take an hour."""
    step = {"half": 1, "subjects": 2, "other-half": 3, "all": 3}.get(pool, 40 if pool in SAMPLES else 4)
    step = 40 if pool in TOPICAL else step
    subjects = (int(pool[-1]) * 8, int(pool[-1]) * 8 + 1) if pool in TOPICAL else ()
    return [
        question
        for place, question in enumerate(questions)
        if question.asked == "samples"
        or (question.kind == "altered" and pool in ALTERED_POOLS)
        or (question.kind == "plain" and place % (step * (2 if question.asked == "cmrc" else 1)) == 0)
        or (question.kind == "plain" and question.family == "xquad" and question.subject in subjects)
    ]


def _note(started: float, text: str) -> None:
    print(f"[{time.perf_counter() - started:.0f} s] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
