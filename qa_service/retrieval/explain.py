"""Why a ranking came out as it did: every shown passage at every stage, and the words that it matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from qa_service.explanation import account_to_dict
from qa_service.retrieval.accounts import Accounts
from qa_service.retrieval.calibration import Judge
from qa_service.retrieval.fusion import lexical_weight
from qa_service.text.tokens import Tokenizer

if TYPE_CHECKING:
    from qa_service.retrieval.grouping import Group
    from qa_service.retrieval.presenting import Shown
    from qa_service.retrieval.ranking import Ranking
    from qa_service.retrieval.texts import Texts


class Words(TypedDict):
    """A question's distinct words, the share of their IDF mass that the collection knows, and the lexical weight."""

    question_words: list[str]
    coverage: float
    lexical_weight: float


def explain_ranking(
    ranking: Ranking,
    groups: Sequence[Group],
    shown: Sequence[Shown],
    judge: Judge | None,
    texts: Texts,
    tokenizer: Tokenizer,
) -> dict[str, object]:
    """Describe the question's words and, for each shown passage, each stage and the words it matches."""
    summary: dict[str, object] = {**describe_words(ranking), "candidates": len(ranking.order), "passages": []}
    if ranking.evidence is None:
        return summary
    accounts = Accounts(ranking, texts, judge)
    passages = []
    for group, one in zip(groups, shown, strict=True):
        account = account_to_dict(accounts.of(group.place, {source.article for source in group.sources}))
        if ranking.reranked is None:
            del account["reranker"]
        passages.append(
            {
                "passage_id": one.passage.passage_id,
                **account,
                "matches": _matches(one, ranking.query.words, tokenizer),
            }
        )
    summary["passages"] = passages
    return summary


def describe_words(ranking: Ranking) -> Words:
    """Tell the question's words, what of them the collection knows, and what the lexical leg counts for that."""
    coverage = ranking.words.coverage
    return {
        "question_words": list(dict.fromkeys(ranking.query.words)),
        "coverage": round(coverage, 4),
        "lexical_weight": round(lexical_weight(coverage), 4),
    }


def _matches(shown: Shown, words: Sequence[str], tokenizer: Tokenizer) -> list[dict[str, int]]:
    """Find the question's words in a passage, in the offsets of its original."""
    passage = shown.passage
    mapped = shown.text.mapped(passage.start, passage.end)
    found = (mapped.to_source(span.start, span.end) for span in tokenizer.matches(mapped.text, set(words)))
    return [{"start": span.start, "end": span.end} for span in found]
