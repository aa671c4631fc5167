"""Sentences welded together by a lost full stop."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from qa_service.text.repair.steps import Change, Step, edited, unchanged

# Words that open a sentence and are rarely found within one.
_OPENERS = (
    "然而|此外|与此同时|不仅如此|除此之外|据悉|据了解|据介绍|据报道|据统计|总的来说|总而言之|由此可见|换句话说|"
    "值得一提的是|值得注意的是|需要指出的是|相比之下|事实上|一方面|另一方面|尽管如此|在此之前|在此之后|在此期间|"
    "時至今日|时至今日|據悉|據報道|據統計|據介紹|據了解|與此同時"
)
_OPENER = regex.compile(rf"(?<=\p{{Han}}{{8}})(?:{_OPENERS})(?=[，,]?\p{{Han}})")
_LEADING = regex.compile(
    r"[至的地得之在从自到对于向把被将让使是为与和跟同及或而但却则就才也都还又再更最很已曾正不没未无非这那每各某第其该並并且]$"
)
_LEAST = 12


def repair_welds(text: str) -> Step:
    """Insert a full stop where a whole clause runs, without any mark, into a word that opens sentences."""
    if not _OPENER.search(text):
        return unchanged(text)
    return edited(text, _changes(text))


def _changes(text: str) -> Iterator[Change]:
    for match in _OPENER.finditer(text):
        place = match.start()
        clause = regex.split(r"[^\p{Han}\p{L}\p{N}]", text[max(0, place - 60) : place])[-1]
        if len(clause) >= _LEAST and not _LEADING.search(clause):
            yield Change("welded", place, place, "", "。", f"{match[0]} opens a sentence")
