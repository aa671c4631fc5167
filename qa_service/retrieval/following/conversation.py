"""From a question and what was said before it to the query that means both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import regex

from embeddings.encoder import Encoder
from qa_service.index.snapshot import Vector
from qa_service.retrieval.following import locating
from qa_service.retrieval.following.cue_words import Cue
from qa_service.retrieval.following.cues import Cues, is_small_talk, new_names, read_cues
from qa_service.retrieval.following.evidence import compare, new_words
from qa_service.retrieval.following.history import Exchange
from qa_service.retrieval.following.reading import MIXTURES, Kind, Signs, dependence, favour_of, joined, kind_of
from qa_service.retrieval.following.scene import Scene
from qa_service.retrieval.query import Favour, Query, Reading, as_encoded
from qa_service.retrieval.ranking import Ranking
from qa_service.retrieval.turns import PatientEncoder
from qa_service.store import passages
from qa_service.text.tokens import Tokenizer

LOCATED = 2
"""Exchanges whose articles are looked for, the newest."""
FAVOURED_ARTICLES = 10
FAVOURED_PASSAGES = 300
"""Passages of the conversation's articles that are scored whether or not an index names them."""

_LEADS = regex.compile(r"^\s*(?:那么|那|还有|還有|至于|至於|and|what about|how about)\s*")
# A run is looked at from its start only, and once: of thousands of marks each would be a start.
_TRAILS = regex.compile(r"(?<![呢吗嗎\p{P}\s])[呢吗嗎\p{P}\s]++$")
"""What stands around the new part of a fragment."""
_NO_NAME = regex.compile(r"[的了吗嗎呢么是有在我你他她它这這也就和与與及]|the|on|in|at|for|of|a|an")

_SAYINGS = {
    Cue.REFERS: "has a word that stands for something said before",
    Cue.MORE: "asks for more",
    Cue.OPENS: "begins like a continuation",
    Cue.BARE: "ends where the rest of the earlier question would follow",
    Cue.CORRECTS: "corrects what was said before",
}


@dataclass(frozen=True, slots=True)
class Followed:
    """A question's query, and its ranking where the choice of the reading has made it."""

    query: Query
    ranking: Ranking | None = None


class Conversations:
    """Reads questions that were asked after others. Holds nothing of them; safe for threads."""

    def __init__(self, encoder: Encoder | PatientEncoder, tokenizer: Tokenizer) -> None:
        self._encoder = encoder
        self._tokenizer = tokenizer

    def read(self, question: str, exchanges: Sequence[Exchange], scene: Scene) -> Followed:
        """Choose what a question means after some exchanges, newest first, at least one.

        Parameters:
            question: as it was asked.
            exchanges: see `read_history`.
            scene: where it is asked.

        Returns:
            A query that says in `reading` how the question was understood. Understood as standing alone, its ranking
            is the one that it has without history.
        """
        both = joined(_earlier(exchanges), question)
        quotes = [locating.quoted(scene, self._tokenizer.words(one.answer)) for one in exchanges[:LOCATED]]
        unquoted = [one.question for one, found in zip(exchanges, quotes, strict=False) if not found]
        scene.watch.lap("history")
        vectors = self._encoder.encode_queries([as_encoded(text) for text in (question, both, *unquoted)])
        scene.watch.lap("encode")
        questions = {text: self._query(text, vector) for text, vector in zip(unquoted, vectors[2:], strict=True)}
        meant = {text: locating.asked(scene, query) for text, query in questions.items()}
        articles = locating.together(
            [
                (found, meant.get(one.question, {}), bool(one.answer))
                for one, found in zip(exchanges, quotes, strict=False)
            ]
        )
        alone = scene.rank(self._query(question, vectors[0]))
        signs = self._signs(scene, alone, articles, exchanges)
        scene.watch.lap("history")
        return self._chosen(scene, alone, signs, articles, both, vectors[1])

    def _query(self, text: str, vector: Vector) -> Query:
        return Query(text, vector, self._tokenizer.words(text))

    def _signs(
        self, scene: Scene, alone: Ranking, articles: locating.Articles, exchanges: Sequence[Exchange]
    ) -> Signs | None:
        """Read the signs against the article that the conversation is most about; None if that is not known."""
        if not articles or alone.evidence is None:
            return None
        nearest = max(articles, key=lambda article: articles[article])
        keys = passages.keys_of_articles(scene.connection, [nearest], FAVOURED_PASSAGES)
        of_article = passages.candidates(scene.connection, keys, scene.snapshot.seq)
        if not of_article:
            return None
        query = alone.query
        said = {word for one in exchanges for word in self._tokenizer.words(one.question)}
        gap, foreign = compare(scene, query, alone.evidence, of_article)
        rival = alone.evidence.candidates[int(np.argmax(alone.evidence.dense))]
        new, rivals = new_words(scene, query.words, said, of_article, rival)
        return Signs(
            read_cues(query.text),
            gap,
            new * (1 - foreign),
            rivals * (1 - foreign),
            foreign,
            len(set(query.words)),
            new_names(query.text, " ".join(f"{one.question} {one.answer}" for one in exchanges)),
        )

    def _chosen(
        self,
        scene: Scene,
        alone: Ranking,
        signs: Signs | None,
        articles: locating.Articles,
        both: str,
        both_vector: Vector,
    ) -> Followed:
        own = alone.query
        cues = signs.cues if signs else read_cues(own.text)
        probability = dependence(signs) if signs else 0.0
        kind = Kind.ALONE if is_small_talk(own.text) else kind_of(cues, probability)
        reading = Reading(
            kind,
            text=own.text if kind is Kind.ALONE else both,
            asks=both if kind is Kind.FRAGMENT else own.text,
            dependence=probability,
            why=tuple(_why(cues, signs)),
        )
        if kind is Kind.ALONE:
            query = replace(own, reading=reading)
            return Followed(query, replace(alone, query=query))
        mixture = MIXTURES[kind]
        vector = own.vector + mixture.vector * both_vector
        slot = _slot(own.text, self._tokenizer) if kind is Kind.FRAGMENT else []
        own_words = [*own.words, *(word for word in slot if word not in own.words)]
        context = sorted(set(self._tokenizer.words(both)) - set(own_words))
        query = Query(
            both,
            _unit(vector),
            [*own_words, *context],
            dict.fromkeys(context, mixture.words),
            slot,
            _favour(scene, articles, favour_of(kind, probability)),
            reading,
        )
        return Followed(query)


def _earlier(exchanges: Sequence[Exchange]) -> str:
    """Give the newest earlier question that is no fragment, or else the oldest."""
    whole = (one.question for one in exchanges if not read_cues(one.question).is_fragment)
    return next(whole, exchanges[-1].question)


def _unit(vector: Vector) -> Vector:
    length = np.float32(max(float(np.linalg.norm(vector)), 1e-9))
    unit: Vector = (vector / length).astype(np.float32)
    return unit


def _favour(scene: Scene, articles: locating.Articles, bonus: float) -> Favour:
    """Prefer the conversation's articles, the most likely ones, and see to it that their passages are scored."""
    likely = sorted(articles, key=lambda article: (-articles[article], article))[:FAVOURED_ARTICLES]
    keys = passages.keys_of_articles(scene.connection, likely, FAVOURED_PASSAGES)
    if scene.admitted is not None:
        keys = scene.admitted.only(keys)
    return Favour({article: bonus * articles[article] for article in likely}, np.array(sorted(keys), dtype=np.int64))


def _why(cues: Cues, signs: Signs | None) -> list[str]:
    """Put the signs into words, for `explain`."""
    why = [f"the question {_SAYINGS[cue]}" for cue in _SAYINGS if cue in cues.found]
    if not cues.asks:
        why.append("the question has no question word")
    if signs is None:
        return [*why, "no article is known that the conversation is about"]
    why.append(f"best passage anywhere is nearer by {signs.gap:.3f} than the best of the conversation's article")
    if signs.foreign > 0.5:
        why.append("that article is in another script")
    if signs.new_words:
        why.append(f"words new to the conversation and its article weigh {signs.new_words:.1f}")
    if signs.rival_words:
        why.append(f"those of them that the best passage has weigh {signs.rival_words:.1f}")
    if signs.names:
        why.append(f"{signs.names} names are new to the conversation")
    return why


def describe_reading(ranking: Ranking) -> dict[str, object]:
    """Tell how a question with history was understood, for `explain`."""
    reading, favour = ranking.query.reading, ranking.query.favour
    if reading is None:
        return {}
    rows = favour.articles if favour else {}
    candidates = ranking.evidence.candidates if ranking.evidence else ()
    named = {one.article_id: round(rows[one.article], 4) for one in candidates if one.article in rows}
    return {
        "kind": str(reading.kind),
        "text": reading.text,
        "dependence": round(reading.dependence, 4),
        "why": list(reading.why),
        "favoured": [
            {"article_id": article, "bonus": bonus}
            for article, bonus in sorted(named.items(), key=lambda one: (-one[1], one[0]))
        ],
    }


def _slot(question: str, tokenizer: Tokenizer) -> list[str]:
    """Cut what a fragment puts in the place of something: 衡川 of 那衡川呢？, where a tokenizer may see one name."""
    core = _TRAILS.sub("", _LEADS.sub("", question))
    return [word for word in dict.fromkeys(tokenizer.words(core)) if not _NO_NAME.fullmatch(word)]
