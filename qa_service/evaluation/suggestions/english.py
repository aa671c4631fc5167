"""Drafts from sentences of other languages: wh-questions where simple English rules read well, else a cloze."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa_service.evaluation.suggestions.drafts import CLOZE, Draft

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = rf"(?:\d{{1,2}} {_MONTH}(?: \d{{4}})?|{_MONTH} \d{{1,2}}(?:, \d{{4}})?|{_MONTH}(?: \d{{4}})?|(?:1\d|20)\d\d)"
_DAY = rf"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?{_DATE}"
_SUBJECT = r"^(?P<subject>(?:The|A|An|Each|Every|[A-Z][\w'’-]+)(?: [\w'’-]+){0,8}?) "
_END = r"(?=[ ,.;]|$)"
# What follows the fact, as far as it belongs to the same statement.
_REST = r"(?P<rest>[^,;:.\d]*?)(?= and | but | which | that | who | where | when | — |[,;:.]|$)"
_WHEN = re.compile(
    rf"{_SUBJECT}(?P<aux>was|were|is|are|will|has|have|must)(?P<rest> [^,;:]+?) "
    rf"(?P<when>(?:on|in|from|by|until|since) {_DAY}){_END}"
)
_PAST = {
    "opened": "open",
    "began": "begin",
    "started": "start",
    "died": "die",
    "closed": "close",
    "joined": "join",
    "moved": "move",
    "became": "become",
    "won": "win",
    "ended": "end",
    "published": "publish",
    "signed": "sign",
    "left": "leave",
    "built": "build",
    "returned": "return",
    "introduced": "introduce",
}
_THEN = re.compile(
    rf"{_SUBJECT}(?P<verb>{'|'.join(_PAST)})(?P<rest>(?: [^,;:]+?)?) (?P<when>(?:on|in|from|by|until) {_DAY}){_END}"
)
_MANY = (
    r"(?P<number>\d[\d,]*(?:\.\d+)?(?: (?:million|billion|thousand|hundred))?"
    r"|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
_THINGS = r"(?P<things>(?:[a-z-]+ ){0,2}?[a-z]+s|people|children|men|women)"
_AUXILIARY = re.compile(r"\b(?:was|were|is|are|be|been|has|have|had|will|not)$")
_THERE = re.compile(rf"^There (?P<aux>are|were|will be) {_MANY} {_THINGS}{_REST}")
_HAS = re.compile(
    rf"{_SUBJECT}(?P<verb>has|have|had|(?:hold|take|employ|serve|cover|contain|receive|offer|need|last|include)s?|seats"
    rf"|subscribes to) {_MANY} {_THINGS}{_REST}"
)
_COSTS = re.compile(
    rf"{_SUBJECT}costs? (?P<price>[$€£]\d[\d,.]*\d|\d[\d,.]* (?:yuan|dollars|euros|pounds|cents)){_REST}"
)
_IS = re.compile(rf"{_SUBJECT}(?P<aux>is|was|are|were) (?P<what>(?:an?|the|one of) [^.;]{{12,}})")
_WHERE = re.compile(
    rf"{_SUBJECT}(?P<aux>is|was|are|were) (?P<how>located|situated|based|held|built|born|buried) "
    r"(?P<where>(?:in|on|at|near) [^,;:.]+)"
)
_BY = re.compile(
    rf"{_SUBJECT}(?P<aux>was|were) (?P<done>designed|built|written|founded|invented|directed|discovered|composed"
    r"|painted|created|approved|organi[sz]ed|developed) by (?P<who>(?:the )?[A-Z][^,;:.]*?|the [^,;:.]+?)"
    r"(?= (?:in|on|after|before|at|for|to|and|with) |[,;:.]|$)"
)
_HIDDEN = re.compile(rf"(?<![\w.$£€(-])(?:{_DAY}|[$€£]?\d[\d,.]*\d%?)(?![\w-])")
_POINTING = re.compile(
    r"\b(?:it|its|he|she|they|their|his|her|him|this|that|these|those|such|former|latter|however|also)\b", re.IGNORECASE
)
_JOINED = re.compile(r" (?:and|but|which|that|who|where|while) ")
_NO_SUBJECT = re.compile(
    r"(?:In|On|At|After|Before|During|When|While|Although|As|For|From|With|By|Under|Since|If|But|And|One|Some|Many|Most"
    r"|Other|Both|Several|Two|Three|North|South|East|West|Here|What|Why|How|Not|Only|According) "
)
_SHORTEST, _LONGEST = 24, 160


def draft(sentence: str) -> Iterator[Draft]:
    """Draft questions from a sentence that is not Chinese.

    Parameters:
        sentence: repaired; what the rules do not fit is left as a cloze, its fact replaced by `____`.
    """
    bare = " ".join(sentence.split())
    # The rules' answers are looked for in the sentence as it is; line breaks inside it are left to a person.
    if bare != sentence.strip():
        return
    found = [one for rule in (_when, _then, _there, _has, _costs, _where, _by, _is) if (one := rule(bare))]
    good = [] if _NO_SUBJECT.match(bare) else [one for one in found if _reads_well(one[0])]
    if not good:
        cloze = _cloze(bare)
        good = [cloze] if cloze else []
    for question, kind, answer, score in good:
        start = sentence.find(answer)
        if start >= 0:
            at = sentence.index(bare)
            yield Draft(question, kind, at, at + len(bare), answer, score, whole=True)


_Found = tuple[str, str, str, float] | None


def _reads_well(question: str) -> bool:
    return len(question) <= _LONGEST and not _POINTING.search(question) and not _JOINED.search(question)


def _when(sentence: str) -> _Found:
    match = _WHEN.match(sentence)
    if not match:
        return None
    rest = match["rest"].strip()
    return f"When {match['aux']} {_inside(match['subject'])} {rest}?", "date", match["when"].split(" ", 1)[1], 0.85


def _then(sentence: str) -> _Found:
    match = _THEN.match(sentence)
    if not match or _AUXILIARY.search(match["subject"]):
        return None
    rest = f"{_PAST[match['verb']]}{match['rest']}"
    return f"When did {_inside(match['subject'])} {rest}?", "date", match["when"].split(" ", 1)[1], 0.85


def _there(sentence: str) -> _Found:
    match = _THERE.match(sentence)
    if not match:
        return None
    verb = "will there be" if match["aux"] == "will be" else f"{match['aux']} there"
    return f"How many {match['things']} {verb}{match['rest']}?", "number", match["number"], 0.85


def _has(sentence: str) -> _Found:
    match = _HAS.match(sentence)
    if not match:
        return None
    verb, aux = match["verb"], "do"
    if verb == "had":
        verb, aux = "have", "did"
    elif verb == "has":
        verb, aux = "have", "does"
    elif verb.split(" ")[0].endswith("s"):
        head, *tail = verb.split(" ")
        verb, aux = " ".join([head[:-1], *tail]), "does"
    question = f"How many {match['things']} {aux} {_inside(match['subject'])} {verb}{match['rest']}?"
    return question, "number", match["number"], 0.85


def _costs(sentence: str) -> _Found:
    match = _COSTS.match(sentence)
    if not match:
        return None
    aux = "does" if " costs " in sentence else "do"
    return f"How much {aux} {_inside(match['subject'])} cost{match['rest']}?", "number", match["price"], 0.9


def _where(sentence: str) -> _Found:
    match = _WHERE.match(sentence)
    if not match or re.search(rf"in {_DATE}", match["where"]):
        return None
    question = f"Where {match['aux']} {_inside(match['subject'])} {match['how']}?"
    return question, "place", match["where"], 0.85


def _by(sentence: str) -> _Found:
    match = _BY.match(sentence)
    if not match:
        return None
    return f"Who {match['aux']} {_inside(match['subject'])} {match['done']} by?", "person", match["who"], 0.85


def _is(sentence: str) -> _Found:
    match = _IS.match(sentence)
    if not match or len(match["subject"].split()) > 6:
        return None
    return f"What {match['aux']} {_inside(match['subject'])}?", "definition", match["what"], 0.6


def _cloze(sentence: str) -> _Found:
    """Leave out the last date or number; a person makes a question of it."""
    found = list(_HIDDEN.finditer(sentence))
    if not found or not _SHORTEST <= len(sentence) <= _LONGEST or _POINTING.search(sentence):
        return None
    last = found[-1]
    if sentence.count(last[0]) > 1:
        return None
    return f"{sentence[: last.start()]}____{sentence[last.end() :]}", CLOZE, last[0], 0.2


def _inside(subject: str) -> str:
    """Write a subject as it stands inside a sentence: only an article loses its capital."""
    first, _, rest = subject.partition(" ")
    return f"{first.lower()} {rest}" if first in ("The", "A", "An", "Each", "Every") and rest else subject
