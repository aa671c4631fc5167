"""Ranking documents that come with the question: the fusion, the refinement and the judgement, without a collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder
from qa_service import long_work
from qa_service.index.bm25 import WordQuery, inverse_document_frequency, score_passages
from qa_service.retrieval.calibration import Adjustment, Judge
from qa_service.retrieval.cohorts import Cohorts
from qa_service.retrieval.evidence import Evidence
from qa_service.retrieval.fusion import fuse
from qa_service.retrieval.query import Query, QueryReader
from qa_service.retrieval.ranking import Ranking, in_order
from qa_service.retrieval.refinement import refine
from qa_service.retrieval.reranking import Reranking
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import ArticleText, Texts
from qa_service.retrieval.typical import Typical
from qa_service.store.packing import pack_spans, pack_terms
from qa_service.store.passages import Candidate
from qa_service.store.segments import Block
from qa_service.text.fold import encoder_fold
from qa_service.text.passages import split_passages
from qa_service.text.repair import Repaired
from qa_service.text.scan import is_number
from qa_service.text.tokens import Tokenizer
from qa_service.types import PassageSpans

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage of a document: what is encoded of it, its window and then its sentences, and its words."""

    document: int
    spans: PassageSpans
    texts: tuple[str, ...]
    words: Counter[str]


class _Given(Texts):
    """The documents in the place of articles."""

    def __init__(self, documents: Sequence[str]) -> None:
        self._read = {row: ArticleText(text, ()) for row, text in enumerate(documents)}

    def share(self, candidate: Candidate, script: str) -> float:
        """Give the share of a passage's letters that are of a script; nothing of it is kept."""
        return self.measured(candidate, script)

    def share_of_sentence(self, candidate: Candidate, number: int, script: str) -> float:
        """Give the share of a sentence's letters that are of a script; nothing of it is kept."""
        return self.measured(candidate, script, candidate.spans()[number])


class GivenDocuments:
    """Ranks documents that are not in any collection and are not kept. Safe for threads.

    A document counts as its best passage. They are repaired, folded, split, encoded and cut into words as articles
    are, but nothing is left out as page furniture. Word statistics and the scale of the dense leg are those of the
    documents given. Equal documents count once, and the order in which they come makes no difference.

    Parameters:
        passage_tokens: longest passage in model tokens.
        repair: mends a text.
        reranking: reads the first passages once more, as for a question to a collection.
        adjustment: of the confidences to a user's own questions.
        cohorts: beside which candidates are judged.
    """

    def __init__(
        self,
        encoder: Encoder,
        tokenizer: Tokenizer,
        passage_tokens: int,
        repair: Callable[[str], Repaired],
        reranking: Reranking | None,
        adjustment: Callable[[], Adjustment],
        cohorts: Cohorts,
    ) -> None:
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._passage_tokens = passage_tokens
        self._repair = repair
        self._reranking = reranking
        self._adjustment = adjustment
        self._queries = QueryReader(encoder, tokenizer)
        self._cohorts = cohorts

    def rank(self, question: str, documents: Sequence[str]) -> list[tuple[int, float]]:
        """Put documents in order, best first, of equal ones the first given.

        Returns:
            Each document's place among those given, and the probability that it answers, made non-increasing; 0 for a
            document without a letter or digit: a mark comes near to any question.
        """
        distinct = sorted(set(documents))
        scored = self._ranked(question, distinct)
        places: dict[str, list[int]] = {}
        for place, document in enumerate(documents):
            places.setdefault(document, []).append(place)
        order = sorted(
            (-value, -score, place) for row, (value, score) in scored.items() for place in places[distinct[row]]
        )
        ceiling, ranked = 1.0, []
        for _, negative, place in order:
            ceiling = min(ceiling, -negative)
            ranked.append((place, round(ceiling, 6)))
        without = [place for row, text in enumerate(distinct) if row not in scored for place in places[text]]
        return ranked + [(place, 0.0) for place in sorted(without)]

    def _ranked(self, question: str, documents: Sequence[str]) -> Mapping[int, tuple[float, float]]:
        """Give what the order of distinct documents goes by, and their probabilities; nothing for empty ones."""
        watch = Stopwatch()
        clean = [self._repaired(document) for document in documents]
        passages = [passage for row, text in enumerate(clean) for passage in self._passages(row, text)]
        if not passages:
            return {}
        query = self._queries.read(question, watch)
        vectors = self._encoded(passages)
        texts = _Given(clean)
        ranking = refine(_fused(query, passages, vectors), texts, watch)
        if self._reranking:
            ranking = self._reranking.apply(ranking, texts, watch)
        cohort = self._cohorts.of(question, vectors.__getitem__)
        judge = Judge(ranking, _typical(vectors), texts, self._adjustment(), cohort)
        best: dict[int, tuple[float, float]] = {}
        for place in ranking.order:
            if passages[place].document not in best:
                probability = judge.adjustment.probability(judge.log_odds(place))
                best[passages[place].document] = (float(ranking.scores[place]), probability)
        return best

    def _repaired(self, document: str) -> str:
        long_work.go_on()
        return self._repair(document).mapped.text

    def _passages(self, row: int, text: str) -> list[_Passage]:
        long_work.go_on()
        found = []
        for spans in split_passages(text, self._encoder.count_tokens, self._passage_tokens):
            window = text[spans.start : spans.end].strip()
            if not any(map(str.isalnum, window)):
                continue
            sentences = (text[sentence.start : sentence.end] for sentence in spans.sentences)
            texts = tuple(map(encoder_fold, (window, *sentences)))
            found.append(_Passage(row, spans, texts, Counter(self._tokenizer.words(window))))
        return found

    def _encoded(self, passages: Sequence[_Passage]) -> list[Vectors]:
        """Encode each distinct text once, in an order that is theirs: batches decide about last digits.

        Errors:
            Whatever ends work that takes long, see `long_work`.
        """
        distinct = sorted({text for passage in passages for text in passage.texts})
        known = dict(zip(distinct, long_work.encode_in_steps(self._encoder.encode_passages, distinct), strict=True))
        return [np.stack([known[text] for text in passage.texts]) for passage in passages]


def _fused(query: Query, passages: Sequence[_Passage], vectors: Sequence[Vectors]) -> Ranking:
    """Score passages on full evidence and put them in order."""
    ids: dict[str, int] = {}
    for passage in passages:
        for word in passage.words:
            ids.setdefault(word, len(ids))
    words = _word_query(query, passages, ids)
    candidates = [_candidate(number, passage, ids) for number, passage in enumerate(passages)]
    matches = score_passages(words, [one.split_terms for one in candidates], [one.words for one in candidates])
    cosines = [rows @ query.vector for rows in vectors]
    evidence = Evidence(
        candidates,
        np.array([float(row[0]) for row in cosines]),
        np.array([float(row[1:].max()) for row in cosines]),
        [row[1:] for row in cosines],
        matches.bm25,
        matches.matched,
        matches.numbers,
    )
    fused = fuse(evidence.dense, evidence.lexical, evidence.matched, words.coverage)
    nothing = np.zeros(len(candidates))
    return Ranking(query, words, None, evidence, fused, in_order(candidates, fused), nothing, nothing)


def _word_query(query: Query, passages: Sequence[_Passage], ids: Mapping[str, int]) -> WordQuery:
    """Weigh the question's distinct words by the passages given."""
    count = len(passages)
    distinct = list(dict.fromkeys(query.words))
    frequencies = {word: sum(word in passage.words for passage in passages) for word in distinct}
    by_word = {word: inverse_document_frequency(count, df) for word, df in frequencies.items() if df}
    mass = sum(by_word.values())
    numbers = [word for word in distinct if is_number(word)]
    return WordQuery(
        {ids[word]: weight for word, weight in by_word.items()},
        mass + inverse_document_frequency(count, 0) * (len(distinct) - len(by_word)),
        mass,
        sum(passage.words.total() for passage in passages) / count,
        by_word,
        frozenset(ids[word] for word in numbers if word in by_word),
        len(numbers),
    )


def _candidate(number: int, passage: _Passage, ids: Mapping[str, int]) -> Candidate:
    """Describe a passage as one of the catalogue, with the document in the place of the article."""
    return Candidate(
        key=number,
        article=passage.document,
        article_id=f"{passage.document:09d}",
        passage_id=str(number),
        start=passage.spans.start,
        end=passage.spans.end,
        sentences=pack_spans(passage.spans.sentences),
        terms=pack_terms({ids[word]: count for word, count in passage.words.items()}),
        words=passage.words.total(),
        omitted=b"",
        units=b"",
        block=Block(0, 0, len(passage.texts), 0),
    )


def _typical(vectors: Sequence[Vectors]) -> Typical:
    """Average the passages given, in the place of a collection's."""
    windows = np.stack([rows[0] for rows in vectors])
    sentences = np.concatenate([rows[1:] for rows in vectors])
    return Typical(windows.mean(axis=0), sentences.mean(axis=0), len(vectors))
