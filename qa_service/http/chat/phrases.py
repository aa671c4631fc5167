"""The fixed phrases of a chat answer, in the language of the question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qa_service.text.fold import encoder_fold, traditional_form
from qa_service.text.scripts import main_script


@dataclass(frozen=True, slots=True)
class Phrases:
    """What is said around quotes and generated text."""

    unsure: str
    also: str
    none: str
    nearest: str
    nothing: str
    empty: str
    sources: str
    uncited: str
    cut: str
    greeting: str


ENGLISH = Phrases(
    unsure="Not certain, but the likeliest answer is:",
    also="Also found:",
    none="The articles do not answer this surely enough.",
    nearest="The passages that come nearest:",
    nothing="No passage of this collection fits the question.",
    empty="This collection has no articles yet.",
    sources="Sources:",
    uncited="(This answer names no passage; compare it with the sources.)",
    cut="The answer broke off. What the articles say:",
    greeting="Ask a question, and I will look for the answer in the articles.",
)
SIMPLIFIED = Phrases(
    unsure="不能完全确定，最可能的答案是：",
    also="另外还找到：",
    none="文章中没有找到足够可靠的答案。",
    nearest="最接近的原文：",
    nothing="文集中没有与问题相符的段落。",
    empty="该文集还没有文章。",
    sources="来源：",
    uncited="（以上回答没有注明出处，请对照来源核实。）",
    cut="回答中断，以下是原文：",
    greeting="请提出问题，我会在文章中查找答案。",
)
TRADITIONAL = Phrases(
    unsure="不能完全確定，最可能的答案是：",
    also="另外還找到：",
    none="文章中沒有找到足夠可靠的答案。",
    nearest="最接近的原文：",
    nothing="文集中沒有與問題相符的段落。",
    empty="該文集還沒有文章。",
    sources="來源：",
    uncited="（以上回答沒有註明出處，請對照來源核實。）",
    cut="回答中斷，以下是原文：",
    greeting="請提出問題，我會在文章中查找答案。",
)
ALL = (ENGLISH, SIMPLIFIED, TRADITIONAL)


def phrases_for(question: str, earlier: Iterable[str] = ()) -> Phrases:
    """Choose the language of a question; one without letters has that of the question before it.

    Parameters:
        question: in any language; Chinese is answered in its own script, every other language in English.
        earlier: what the user said before, the newest first.
    """
    for text in (question, *earlier):
        script = main_script(text)
        if script is not None:
            return _chinese(text) if script == "Han" else ENGLISH
    return ENGLISH


def _chinese(text: str) -> Phrases:
    traditional = _differences(text, encoder_fold(text))
    simplified = _differences(text, traditional_form(text))
    # Many a character that has a traditional form is written in traditional texts as it is.
    return TRADITIONAL if traditional and traditional >= simplified else SIMPLIFIED


def _differences(text: str, converted: str) -> int:
    return sum(one != other for one, other in zip(text, converted, strict=False))
