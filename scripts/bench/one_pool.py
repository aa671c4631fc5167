#!/usr/bin/env python
"""nDCG@10 in one pool of all Chinese paragraphs of the public sets, ours beside each leg alone, with 95% intervals.

    scripts/bench/one_pool.py SETS --data DIR [--pool NAME]

DIR is the data directory of `fit_ranking.py`; what it lacks is ingested. Legs rank the candidates of all three.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from ranking_pools import Question, make_pools, read_paragraphs, read_questions

from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.bootstrap import Estimate, estimate
from qa_service.evaluation.calibration import weighted_mean
from qa_service.evaluation.measures import Measure
from qa_service.retrieval.evidence import Evidence, Scores
from qa_service.retrieval.ranking import rank
from qa_service.retrieval.refinement import refine
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.store import collections

ASKED = {"all": ("cmrc", "zh", "en", "ru"), "english": ("en", "zh", "ru"), "russian": ("ru", "zh", "en")}


def main() -> None:
    """Rank every question's articles by each leg, by the fusion and by the refinement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pool", default="all", choices=ASKED)
    options = parser.parse_args()
    engine = Engine.open(load_settings(data_dir=options.data))
    paragraphs, asked = read_paragraphs(options.sets)
    make_pools(engine, paragraphs)
    questions = read_questions(engine, asked, options.data / "questions.npz")
    for name in ASKED[options.pool]:
        plain = [question for question in questions if question.kind == "plain" and question.asked == name]
        figures = ranked(engine, options.pool, plain)
        for half, marks in (("all", (0, 1)), ("odd", (1,))):
            chosen = [place for place, question in enumerate(plain) if question.half in marks]
            clusters = [min(plain[place].paragraphs) for place in chosen]
            everything = np.ones(len(chosen), dtype=bool)
            measures = [
                Measure(way, "higher", partial(weighted_mean, np.array(values)[chosen], everything), len(chosen))
                for way, values in figures.items()
            ]
            line = [_shown(way, found) for way, found in estimate(measures, clusters).items()]
            print(f"{name:>5} {half} ({len(chosen)}): " + "  ".join(line), flush=True)
    engine.close()


def ranked(engine: Engine, pool: str, questions: Sequence[Question]) -> Mapping[str, Sequence[float]]:
    """Give nDCG@10 of each question by each way of ranking."""
    snapshot = engine.opened.snapshot(pool)
    found: dict[str, list[float]] = {}
    with engine.catalog.read() as connection:
        collection, texts = collections.get(connection, pool), Texts(connection)
        for question in questions:
            ranking = rank(connection, engine.segments, collection, snapshot, question.query, Stopwatch())
            evidence = ranking.evidence
            assert evidence is not None
            refined = refine(ranking, texts, Stopwatch())
            ways = {
                "window": evidence.window,
                "sentence": evidence.sentence,
                "dense": evidence.dense,
                "bm25": evidence.lexical,
                "fused": ranking.fused,
                "refined": refined.scores,
            }
            for way, scores in ways.items():
                found.setdefault(way, []).append(_ndcg(question, evidence, scores))
    return found


def _shown(way: str, found: Estimate) -> str:
    interval = f" [{found.low:.4f}, {found.high:.4f}]" if way == "refined" else ""
    return f"{way} {found.value:.4f}{interval}"


def _ndcg(question: Question, evidence: Evidence, scores: Scores) -> float:
    best: dict[str, float] = {}
    for candidate, score in zip(evidence.candidates, scores.tolist(), strict=True):
        best[candidate.article_id] = max(best.get(candidate.article_id, -np.inf), score)
    own = [score for article, score in best.items() if question.answered_by(article)]
    place = sum(score >= max(own) for score in best.values()) if own else 11
    return float(1 / np.log2(place + 1)) if place <= 10 else 0.0


if __name__ == "__main__":
    main()
