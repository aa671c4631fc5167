"""Traces that answers of a type leave in a sentence: dates, numbers, names, places, reasons, lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from qa_service.retrieval.answering.interrogatives import QuestionType

# All patterns are over the lexical fold: lower case, simplified, half width. They are cheap signs, not a parser.
_HAN = r"[\u3400-\u9fff]"
_NUMERAL = "零〇一二三四五六七八九十百千万亿两"
_MEASURE = (
    "个名位次种条支部座只头匹年月天日岁分秒元米里吨斤人家所项场届章篇首张本册层级度倍成块段队站架艘辆台件枚颗株棵根套组"
    "批类辈代户口间面点线公平英美港万亿"
)
_YEAR = rf"\d{{3,4}} ?年|(?<![\d.,])(?:1\d{{3}}|20\d\d)(?![\d.,%])|[{_NUMERAL}元]+年(?![龄级])"
_DATE = (
    rf"{_YEAR}|前?\d{{1,4}} ?年[代度间]?|\d{{1,2}} ?[月日号]|[\d{_NUMERAL}]+ ?世纪|[{_NUMERAL}]+年代"
    r"|[春夏秋冬]季|今[年天日]|昨[天日]|[东西]汉|[汉唐宋元明清][朝代]|年间|时[期代]|期间|之际|[去逝]世后|战后|\d{1,2}[:时点]\d{0,2}"
    r"|jan(?:uary|uar|vier)|feb(?:ruary|ruar)|march|april|june|july|august|septem|octob|novem|decem"
    r"|январ|феврал|апрел|июн|июл|август|сентябр|октябр|ноябр|декабр|год[уае]?\b|века?\b"
)
_QUANTITY = (
    rf"\d[\d.,]*(?![\d.,]| ?[年月日号世])|百分之|[{_NUMERAL}数半]+(?=[{_MEASURE}])|(?:没有|无)(?:一|任何)"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million)\b"
    r"|\b(?:один|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|сто|тысяч\w*|миллион\w*)\b"
)
_NAME = rf"{_HAN}{{1,8}}[·•・‧.]{_HAN}{{1,8}}"
_PLACE = (
    rf"{_HAN}(?:[省市县区州国岛山河湖海街路村镇洲岸港湾城乡部角站]|平原|半岛|大学|学院|教堂)|位于|坐落|地处|分布|出?生于"
    r"|[东南西北]部|境内|日本|台湾|香港|北京|上海"
)
_REASON = (
    r"因为|由于|因此|所以|因而|从而|为了|以便|以免|导致|使得|使|令|因|故|缘故|旨在|目的|以"
    rf"{_HAN}{{2,}}|\b(?:because|due|since|cause[sd]?|so that|in order|therefore)\b|потому|из-за|поэтому|чтобы|причин"
)
_MEANS = r"通过|利用|使用|采用|借助|凭借|依靠|经由|方法|方式|步骤|首先|\b(?:by|using|through|via)\b|путем|с помощью"
_IS = r"是指|指的是|是一|是|指|即|称为|意为|意思|定义|属于|为|\b(?:is an?|refers|means|called)\b|это|называ"
_LIST = r"、|以及|包括|分别|和|与|及|等|,|;|\b(?:and|including)\b"
_TITLE = (
    r"《[^》]{1,60}》|「[^」]{1,60}」|“[^”]{1,60}”|‘[^’]{1,60}’|\"[^\"]{1,60}\"|『[^』]{1,60}』|称为|名为|叫做|又称|简称|称作|称之|名叫|命名|俗称"
    r"|called|named|known as|назыв"
)
_NEGATION = r"不|没|无|未|非|\bnot?\b|нет|\bне\b"

# Over the text before folding, which takes capitals away; a sentence's own first word says nothing.
_CAPITALISED = r"\p{Lu}[\p{L}\p{M}'’-]+"
_SPACED_TRACES: dict[QuestionType, regex.Pattern[str]] = {
    QuestionType.WHO: regex.compile(rf"(?<=[^\s.!?].?){_CAPITALISED}(?: {_CAPITALISED})*"),
    QuestionType.WHERE: regex.compile(
        rf"(?<=\b(?:in|at|near|from|im|auf|aus|à|en|dans|в|на|из|στη|στο|στην) ){_CAPITALISED}"
    ),
}
_TRACES: dict[QuestionType, re.Pattern[str]] = {
    QuestionType.WHEN: re.compile(_DATE),
    QuestionType.QUANTITY: re.compile(_QUANTITY),
    QuestionType.WHO: re.compile(_NAME),
    QuestionType.WHERE: re.compile(_PLACE),
    QuestionType.WHY: re.compile(_REASON),
    QuestionType.HOW: re.compile(_MEANS),
    QuestionType.DEFINITION: re.compile(_IS),
    QuestionType.LIST: re.compile(_LIST),
    QuestionType.NAME: re.compile(_TITLE),
    QuestionType.YES_NO: re.compile(_NEGATION),
}
# The measure that a question of number names: 多少公里, 几条.
_ASKED_MEASURE = re.compile(rf"(?:多少|几)(?!乎|率)({_HAN})")


def traced(
    kind: QuestionType, sentences: Sequence[str], question: str, unfolded: Sequence[str] = ()
) -> NDArray[np.float64]:
    """Tell which sentences hold traces of an answer that are not the question's own words.

    Parameters:
        kind: what is asked for.
        sentences: n sentences in the lexical fold.
        question: in the same fold.
        unfolded: the same sentences as they were, whose capitals show names; none of them when not known.

    Returns:
        1 or 0 for each (n,); zeros for a type that leaves no trace.
    """
    found = _fresh(_TRACES.get(kind), sentences, question)
    names = _SPACED_TRACES.get(kind)
    if names is None or not unfolded:
        return found
    return np.maximum(found, _fresh(names, unfolded, question))


def measured(kind: QuestionType, sentences: Sequence[str], question: str) -> NDArray[np.float64]:
    """Tell which sentences hold a number before the measure word that a Chinese question of number asks for (n,)."""
    found = _ASKED_MEASURE.search(question) if kind is QuestionType.QUANTITY else None
    pattern = re.compile(rf"[\d{_NUMERAL}数] ?{found[1]}") if found else None
    return _fresh(pattern, sentences, question)


def _fresh(
    pattern: re.Pattern[str] | regex.Pattern[str] | None, sentences: Sequence[str], question: str
) -> NDArray[np.float64]:
    if pattern is None:
        return np.zeros(len(sentences))
    found = [any(match[0].lower() not in question for match in pattern.finditer(sentence)) for sentence in sentences]
    return np.array(found, dtype=np.float64)
