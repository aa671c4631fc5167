"""Why an article or a passage is among a question's results, or at which stage it fell out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qa_service.explanation import Account, Closeup, Copies, Explanation, First, StandsFor, StoodForBy, Target, Verdict
from qa_service.filters.tree import Filter
from qa_service.retrieval import verdicts
from qa_service.retrieval.accounts import Accounts, Ranks
from qa_service.retrieval.admission import Admission
from qa_service.retrieval.closeups import Closeups
from qa_service.retrieval.explain import describe_words
from qa_service.retrieval.failing import failed_conditions
from qa_service.retrieval.following.conversation import describe_reading
from qa_service.retrieval.found import Found
from qa_service.retrieval.grouping import Group
from qa_service.retrieval.outcomes import Outcome, outcome_of
from qa_service.retrieval.ranking import Ranking
from qa_service.retrieval.strangers import leg_ranks, with_strangers
from qa_service.retrieval.targets import Sought, seek
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments
from qa_service.types import Ask


@dataclass(frozen=True, slots=True)
class _Seen:
    """A passage as far as it got."""

    candidate: Candidate
    account: Account
    closeup: Closeup


class Explainer:
    """Explains one question's results.

    Parameters:
        found: what the question found.
        threshold: confidence from which the question counts as answered.
    """

    def __init__(self, found: Found, ask: Ask, threshold: float, segments: Segments, admission: Admission) -> None:
        self._found = found
        self._ask = ask
        self._threshold = threshold
        self._segments = segments
        self._admission = admission

    def explain(self, target: Target) -> Explanation:
        """Tell what became of an article's best passage, or of one passage.

        Errors:
            NotFound: the collection has no such article or passage.
        """
        sought = seek(self._found, target)
        found, ask = self._found, self._ask
        keys = {one.key for one in sought.passages}
        outcome = outcome_of(found, keys, ask.top_k)
        seen, first = self._look(sought, outcome)
        words = describe_words(found.ranking)
        explanation = Explanation(
            question=ask.question,
            collection=ask.collection,
            article_id=sought.article_id,
            passage_id=seen.candidate.passage_id if seen else sought.passage_id,
            result=Verdict("not_searched", None, None, verdicts.NOT_YET if sought.unseen else verdicts.ALL_FURNITURE),
            question_words=tuple(words["question_words"]),
            coverage=words["coverage"],
            lexical_weight=words["lexical_weight"],
            candidates=len(found.ranking.order),
            reading=describe_reading(found.ranking) or None,
            first=first,
            generation=found.snapshot.manifest.name if found.snapshot else "empty",
        )
        if seen is None:
            return explanation
        return self._judged(replace(explanation, account=seen.account, closeup=seen.closeup), seen, outcome)

    def _judged(self, explanation: Explanation, seen: _Seen, outcome: Outcome) -> Explanation:
        """Add the verdict on a passage that is searched."""
        account, closeup, first, top_k = seen.account, seen.closeup, explanation.first, self._ask.top_k
        tree = self._ask.filters
        admits = self._admits(seen.candidate.key)
        if tree is not None and not admits(tree):
            failed = failed_conditions(self._found.connection, seen.candidate.article, tree, admits)
            verdict = Verdict("filtered", None, None, verdicts.filtered(failed))
            return replace(explanation, result=verdict, failed_conditions=failed)
        copies = self._copies(outcome)
        explanation = replace(explanation, copies=copies)
        rank = outcome.rank
        if rank is not None:
            score = self._score(outcome.groups[:rank])
            if rank <= top_k:
                verdict = Verdict("returned", rank, score, verdicts.returned(rank, score, self._threshold))
            else:
                by_words = explanation.lexical_weight > 0
                reason = verdicts.outranked(rank, score, top_k, account, closeup, first, by_words=by_words)
                verdict = Verdict("outranked", rank, score, reason)
        elif copies is not None and copies.stood_for_by is not None and copies.stood_for_by.rank <= top_k:
            verdict = Verdict("copy", None, None, verdicts.copy(copies.stood_for_by))
        elif outcome.candidate:
            by = copies.stood_for_by if copies else None
            verdict = Verdict("outranked" if by else "copy", None, None, verdicts.stood_for_outranked(top_k, by))
        else:
            verdict = Verdict("not_nominated", None, None, verdicts.not_nominated(account))
        return replace(explanation, result=verdict)

    def _look(self, sought: Sought, outcome: Outcome) -> tuple[_Seen | None, First | None]:
        """Describe the passage that got furthest, and the one that came first."""
        ranking = self._found.ranking
        known = {one.key for one in ranking.evidence.candidates} if ranking.evidence else set()
        ranking = with_strangers(ranking, [one for one in sought.passages if one.key not in known], self._segments)
        if ranking.evidence is None:
            return None, None
        keys = outcome.keys or {one.key for one in sought.passages}
        places = [place for place, one in enumerate(ranking.evidence.candidates) if one.key in keys]
        furthest = max(places, key=lambda place: float(ranking.fused[place])) if places else None
        head = outcome.groups[0].place if outcome.groups else None
        seen = self._seen(ranking, {place for place in (furthest, head) if place is not None}, outcome)
        first = None
        if head is not None:
            best, score = seen[head], self._score(outcome.groups[:1])
            first = First(best.candidate.article_id, best.candidate.passage_id, score, best.account, best.closeup)
        return None if furthest is None else seen[furthest], first

    def _seen(self, ranking: Ranking, places: Collection[int], outcome: Outcome) -> dict[int, _Seen]:
        """Describe candidates and strangers, by place."""
        evidence = ranking.evidence
        assert evidence is not None
        accounts = Accounts(ranking, self._found.texts, self._found.judge)
        closeups = Closeups(self._found, self._ask.text_form)
        ranks: dict[int, Ranks] = {}
        uncounted = [place for place in places if not accounts.is_nominated_by_all(place)]
        if uncounted:
            counted = leg_ranks(self._found, evidence, uncounted, self._segments)
            ranks = dict(zip(uncounted, counted, strict=True))
        copies = {group.place: {source.article for source in group.sources} for group in outcome.groups}
        return {
            place: _Seen(
                evidence.candidates[place],
                accounts.of(place, copies.get(place, ()), ranks.get(place)),
                closeups.of(evidence.candidates[place], evidence.sentences[place]),
            )
            for place in places
        }

    def _copies(self, outcome: Outcome) -> Copies | None:
        """Tell which result stands for the passage, or what it stands for itself."""
        if outcome.rank is not None:
            sources = outcome.groups[outcome.rank - 1].sources
            if not sources:
                return None
            return Copies(None, tuple(StandsFor(one.article_id, one.start, one.end) for one in sources))
        if outcome.stood_for_by is None:
            return None
        groups = outcome.groups[: outcome.stood_for_by]
        assert self._found.ranking.evidence is not None
        by = self._found.ranking.evidence.candidates[groups[-1].place]
        return Copies(StoodForBy(by.article_id, by.passage_id, len(groups), self._score(groups)))

    def _score(self, groups: Sequence[Group]) -> float:
        """Give the score of the last of some results, which are all from the first one on."""
        return round(self._found.scores(groups)[-1], 6)

    def _admits(self, key: int) -> Callable[[Filter], bool]:
        found = self._found

        def admits(tree: Filter) -> bool:
            admitted = self._admission.admitted(found.connection, found.collection, found.snapshot, tree)
            return admitted is None or bool(admitted.mask(np.array([key], dtype=np.int64))[0])

        return admits
