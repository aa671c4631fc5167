"""Drafts from Chinese sentences: a date becomes 哪一天, a count 多少, and so on, where the rest still reads well.

The rules see the sentence in simplified form, the question is made from the sentence as it is; the two are of equal
length, and the words put in are those of the sentence's own script.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from qa_service.evaluation.suggestions.chinese_patterns import (
    BECAUSE,
    DAY,
    DAY_ONLY,
    ENDS_DATE,
    FEW,
    KINDS,
    MEANS,
    MENTIONED,
    NUMBER,
    PERSON,
    PHONE,
    PLACE,
    POINTING,
    SEPARATORS,
    SHORTEST_REST,
    TO,
)
from qa_service.evaluation.suggestions.chinese_place import Place, reads_well, tidy
from qa_service.evaluation.suggestions.drafts import Draft, clauses
from qa_service.evaluation.suggestions.tagging import Tagger

_Rule = Callable[["Place"], Iterator[Draft]]


def draft(text: str, plain: str, tagger: Tagger) -> Iterator[Draft]:
    """Draft questions from a sentence.

    Parameters:
        text: the sentence, repaired.
        plain: the same in simplified characters, of the same length.
        tagger: tells the parts of speech.
    """
    parts = clauses(plain, SEPARATORS)
    for number in range(len(parts)):
        place = Place(text, plain, parts, number, tagger)
        for rule in _RULES:
            yield from rule(place)


def _dates(place: Place) -> Iterator[Draft]:
    for match in reversed(list(DAY.finditer(place.clause.text))):
        found = _date(place, match)
        if found:
            yield from _date_asked(place, *found)
            return


def _date(place: Place, match: re.Match[str]) -> tuple[int, int, str] | None:
    """Find what a date reaches over, in its clause, and which word asks for it; None for one that is but mentioned."""
    text, start, end = place.clause.text, match.start(), match.end()
    to = TO.match(text, end)
    second = (DAY.match(text, to.end()) or DAY_ONLY.match(text, to.end())) if to else None
    end = second.end() if second else end
    if (to and not second) or _is_mentioned(place, match, end):
        return None
    if ENDS_DATE.match(text, end) or second:
        return start, end, "什么时候"
    if re.fullmatch(r"\d{2,4}年", match[0]):
        return start, end, "哪一年"
    precise = match[2].endswith(("日", "号")) and not (match[1] or match[3] or match[4])
    return start, end, "哪一天" if precise else "什么时候"


def _is_mentioned(place: Place, match: re.Match[str], end: int) -> bool:
    """Tell whether a date describes a thing rather than says when something is: 2025年秋季招生办法, 100年前."""
    text, start = place.clause.text, match.start()
    if start and text[start - 1] in "个的第至到—-、和同":
        return True
    if MENTIONED.match(text, end) or (re.fullmatch(r"\d{1,3}年", match[0]) and text[end : end + 1] in "前后来"):
        return True
    following = place.tagger.words(text[end:])[:1]
    ends = bool(ENDS_DATE.match(text, end)) or end != match.end()
    return bool(start and following and not ends and not following[0][1].startswith(("v", "p", "d", "f", "c", "a")))


def _date_asked(place: Place, start: int, end: int, word: str) -> Iterator[Draft]:
    clause = place.clause
    before, after = clause.text[:start].strip(), clause.text[end:].strip()
    first, last = clause.start + start, clause.start + end
    if not before and after in ("", "当天", "起"):
        yield from _dated_clause(place, first, last)
    elif not before and place.tagger.has_subject(after) and after[0] not in "起前以":
        # A date in front of its subject goes behind it: 8月14日全市启动 -> 全市启动是在哪一天.
        rest = tidy(place.as_is(last, clause.end))
        yield from place.draft(f"{rest}{place.word('是在' + word)}", "date", first, last, 0.9)
    else:
        yield from place.draft(place.asked(first, last, word), "date", first, last, 0.9)


def _dated_clause(place: Place, start: int, end: int) -> Iterator[Draft]:
    """Ask for a date that is a clause of its own, with what the next clause says."""
    if place.number + 1 >= len(place.parts):
        return
    following = place.parts[place.number + 1]
    if place.tagger.has_subject(following.text):
        body = tidy(place.as_is(following.start, following.end))
        yield from place.draft(f"{body}{place.word('是在什么时候')}", "date", start, end, 0.8)


def _numbers(place: Place) -> Iterator[Draft]:
    clause = place.clause
    found = list(NUMBER.finditer(clause.text))
    if found:
        match = found[-1]
        unit = match[2]
        if unit == "年" and len(match[1]) > 2:
            return
        number_end = match.end() if match[3] else match.end(1)
        start = re.sub(r"(?:大约|(?<![续签合预])约|(?<!附)近|将近|接近)$", "", clause.text[: match.start()])
        first, last = clause.start + len(start), clause.start + number_end
        word = "百分之多少" if match[3] else "多少"
        # A number in an attribute is a condition rather than a fact: 超过10吨的货车.
        many = "的" in clause.text[match.end() :] or len(found) > 2 or start.endswith(("至", "到", "-", "~", "—"))
        yield from place.draft(
            place.asked(first, last, word), "number", first, clause.start + match.end(), 0.6 if many else 0.85
        )
        return
    for match in FEW.finditer(clause.text):
        if clause.text.endswith(match[0]) or not match[1].startswith("一"):
            first, last = clause.start + match.start(1), clause.start + match.end(1)
            yield from place.draft(place.asked(first, last, "几"), "number", first, clause.start + match.end(), 0.6)
            return


def _phones(place: Place) -> Iterator[Draft]:
    clause = place.clause
    # The number may stand behind a colon, in the next clause.
    match = PHONE.match(place.plain, clause.start)
    if match and match.start("number") <= clause.end + 2:
        what = tidy(place.as_is(match.start("what"), match.end("what")))
        start, end = match.span("number")
        question = f"{what}{place.word('是多少')}？"
        yield Draft(question, "phone", clause.start, end, place.as_is(start, end), 0.6)


def _people(place: Place) -> Iterator[Draft]:
    match = PERSON.match(place.clause.text)
    if match:
        start, end = place.clause.start + match.start("name"), place.clause.start + match.end("name")
        who = tidy(place.as_is(place.clause.start + match.start("who"), start))
        question = f"{who}{place.word('是谁')}"
        if not POINTING.search(who) and len(who) >= 2:
            yield Draft(f"{question}？", "person", place.clause.start, end, place.as_is(start, end), 0.65)


def _places(place: Place) -> Iterator[Draft]:
    match = PLACE.search(place.clause.text)
    # 松坪区设在 says too little, 一个位于 and a 的 behind it belong to more than the place.
    if (
        match
        and match.start() >= SHORTEST_REST
        and "的" not in match["place"]
        and place.clause.text[match.start() - 1] != "个"
    ):
        start, end = place.clause.start + match.start("place"), place.clause.start + match.end("place")
        yield from place.draft(place.asked(start, end, "哪里"), "place", start, end, 0.85)


def _kinds(place: Place) -> Iterator[Draft]:
    """Ask for the list that a colon announces: 办法有两种： -> 办法有哪两种."""
    clause = place.clause
    match = KINDS.search(clause.text)
    if (
        not match
        or not (match[2] or match[3])
        or place.number + 1 >= len(place.parts)
        or place.text[clause.end : clause.end + 1] != "："
    ):
        return
    start, end = place.parts[place.number + 1].start, place.parts[-1].end
    if not match[1]:
        return
    at = clause.start + match.start(1)
    question = place.asked(at, at, "哪")
    if question and reads_well(question):
        yield Draft(question + "？", "list", start, end, place.as_is(start, end), 0.95)


def _meanings(place: Place) -> Iterator[Draft]:
    if place.number:
        return
    match = MEANS.match(place.clause.text)
    if match and place.tagger.is_noun_phrase(match["what"]) and not POINTING.search(match["what"]):
        what = tidy(place.as_is(place.clause.start, place.clause.start + match.end("what")))
        start, end = place.clause.start + match.start("rest"), place.clause.end
        verb = "指的是什么" if match["verb"].startswith(("是指", "指")) else "是什么"
        yield Draft(f"{what}{place.word(verb)}？", "definition", place.clause.start, end, place.as_is(start, end), 0.7)


def _reasons(place: Place) -> Iterator[Draft]:
    match = BECAUSE.match(place.clause.text)
    if not match or place.number + 1 >= len(place.parts):
        return
    following = place.parts[place.number + 1]
    if place.tagger.has_subject(following.text):
        body = tidy(place.as_is(following.start, following.end))
        start, end = place.clause.start + match.start("why"), place.clause.end
        yield from place.draft(f"{place.word('为什么')}{body}", "reason", start, end, 0.8)


_RULES: tuple[_Rule, ...] = (_dates, _numbers, _phones, _people, _places, _kinds, _meanings, _reasons)
