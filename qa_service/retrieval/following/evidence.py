"""How a question's best passage compares with the article that the conversation is about."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from qa_service.index.bm25 import inverse_document_frequency
from qa_service.retrieval.evidence import Evidence, gather, word_query
from qa_service.retrieval.following.scene import Scene
from qa_service.retrieval.query import Query
from qa_service.store import words
from qa_service.store.packing import unpack_terms
from qa_service.store.passages import Candidate
from qa_service.text.scripts import main_script, script_share

SCRIPT_PREFERENCE = 0.12
"""By how much the summed cosines of a text in the question's own script are higher; fitted with the weights of
`reading`."""


def compare(scene: Scene, query: Query, evidence: Evidence, of_article: Sequence[Candidate]) -> tuple[float, float]:
    """Compare the best of all candidates with the best of an article.

    Returns:
        By how much the former is nearer to the question, 0 and up, and the share of the latter that is not in the
        question's script. Near is the sum of the window's and the best sentence's cosines, less what a text has for
        its script alone.
    """
    top = int(np.argmax(evidence.dense))
    own = gather(query.vector, word_query(scene.connection, scene.collection, ()), of_article, scene.segments)
    best = int(np.argmax(own.dense))
    first, second = evidence.candidates[top], of_article[best]
    script = main_script(query.text)
    share = _share(scene, second, script) if script else 1.0
    if first.key == second.key:
        return 0.0, 1 - share
    preferred = _share(scene, first, script) - share if script else 0.0
    return max(0.0, float(evidence.dense[top] - own.dense[best]) - SCRIPT_PREFERENCE * preferred), 1 - share


def new_words(
    scene: Scene,
    question_words: Sequence[str],
    said: Collection[str],
    of_article: Sequence[Candidate],
    rival: Candidate,
) -> tuple[float, float]:
    """Weigh the question's words that the collection knows, but neither the conversation nor an article has.

    Returns:
        The summed IDF of all of them and of those that a rival passage has, in units of the IDF of a word that one
        passage has.
    """
    known = words.lookup(scene.connection, scene.collection.row, set(question_words) - set(said))
    count = scene.collection.passages
    there = _terms(of_article)
    unit = inverse_document_frequency(count, 1)
    new = {
        term: inverse_document_frequency(count, df) / unit
        for term, df in known.values()
        if df > 0 and term not in there
    }
    return sum(new.values()), sum(new[term] for term in new.keys() & _terms([rival]))


def _terms(candidates: Sequence[Candidate]) -> set[int]:
    return set(np.concatenate([unpack_terms(one.terms)[0] for one in candidates]).tolist())


def _share(scene: Scene, candidate: Candidate, script: str) -> float:
    return script_share(scene.texts.of(candidate.article).original[candidate.start : candidate.end], script)
