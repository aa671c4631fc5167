"""Questions about nothing in particular: how near a passage comes to any question, whatever that asks.

Some texts lie near all questions of a script (stray letters, a menu's word, a row of keys), so that a cosine alone
takes them for answers. Their mean cosine with a cohort of questions tells them apart: the zero normalisation of speaker
verification (Auckenthaler, Carey and Lloyd-Thomas, "Score normalization for text-independent speaker verification
systems", 2000), where a model's score is seen beside those that it gives to impostors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embeddings.encoder import Encoder, Vectors
from qa_service.index.snapshot import Vector
from qa_service.text.fold import encoder_fold
from qa_service.text.scripts import main_script

COHORTS = {
    "Han": (
        *("怎样给自行车补胎？", "这座山有多高？", "谁写了这本小说？", "火车几点到站？", "为什么天空是蓝色的？"),
        *("会员费每年多少钱？", "哪里可以修手机？", "比赛最后谁赢了？", "什么是通货膨胀？", "这家公司成立于哪一年？"),
    ),
    "Latin": (
        *("How do I mend a flat tyre?", "How high is this mountain?", "Who wrote the novel?", "Why is the sky blue?"),
        *("What is inflation?", "In which year was the company founded?", "¿Cuánto cuesta la entrada?"),
        *("Où puis-je faire réparer mon téléphone ?", "Wer hat das Spiel gewonnen?", "Mấy giờ tàu đến ga?"),
    ),
    "Cyrillic": (
        *("Как починить велосипед?", "Какова высота этой горы?", "Кто написал этот роман?", "Когда приходит поезд?"),
        *("Почему небо голубое?", "Сколько стоит билет?", "Где можно починить телефон?", "Кто выиграл матч?"),
        *("Что такое инфляция?", "В каком году основана компания?"),
    ),
    "Arabic": (
        *("كيف أصلح إطار الدراجة؟", "ما ارتفاع هذا الجبل؟", "من كتب هذه الرواية؟", "متى يصل القطار؟"),
        *("لماذا السماء زرقاء؟", "كم سعر التذكرة؟", "من فاز في المباراة؟", "ما هو التضخم؟"),
    ),
    "Hangul": (
        *("자전거 타이어를 어떻게 고치나요?", "이 산은 얼마나 높습니까?", "이 소설은 누가 썼습니까?"),
        *("기차는 몇 시에 도착하나요?", "하늘은 왜 파란가요?", "입장료는 얼마입니까?", "누가 경기에서 이겼나요?"),
        *("인플레이션이란 무엇인가요?",),
    ),
    "Hiragana": (
        *("自転車のパンクはどうやって直しますか？", "この山の高さはどれくらいですか？", "この小説は誰が書きましたか？"),
        *("電車は何時に着きますか？", "空はなぜ青いのですか？", "入場料はいくらですか？", "試合は誰が勝ちましたか？"),
        *("インフレとは何ですか？",),
    ),
    "Thai": (
        *("ปะยางจักรยานอย่างไร", "ภูเขาลูกนี้สูงเท่าไร", "ใครเขียนนวนิยายเรื่องนี้", "รถไฟมาถึงกี่โมง"),
        *("ทำไมท้องฟ้าเป็นสีฟ้า", "ค่าเข้าชมเท่าไร", "ใครชนะการแข่งขัน", "เงินเฟ้อคืออะไร"),
    ),
    "Devanagari": (
        *("साइकिल का पंक्चर कैसे ठीक करें?", "यह पहाड़ कितना ऊँचा है?", "यह उपन्यास किसने लिखा?"),
        *("ट्रेन कितने बजे आती है?", "आसमान नीला क्यों है?", "टिकट कितने का है?", "मैच किसने जीता?"),
        *("मुद्रास्फीति क्या है?",),
    ),
}
"""Everyday questions by the script that most of their letters are in; of other scripts, nothing is known."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Everyday questions in the script of one question, beside which its candidates are seen.

    Attributes:
        mean: of the questions' vectors (dim,), not of unit length.
        vectors_of: gives the vectors (1 + sentences, dim) of a candidate by its place, the window's first.
    """

    mean: Vector
    vectors_of: Callable[[int], Vectors]

    def cosines(self, place: int, sentence: int) -> tuple[float, float]:
        """Give the mean cosines of the questions with a candidate's window and with one of its sentences."""
        window, one = self.vectors_of(place)[np.array([0, 1 + sentence])] @ self.mean
        return float(window), float(one)


class Cohorts:
    """Mean vectors of questions, by script, each encoded when it is first needed. Safe for threads.

    Parameters:
        encoder: of the questions and of the passages that are compared with them.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._means: dict[str, Vector] = {}

    def of(self, question: str, vectors_of: Callable[[int], Vectors]) -> Cohort | None:
        """Give what a question's candidates are seen beside; None where no questions are known.

        Parameters:
            vectors_of: as of `Cohort`.
        """
        mean = self._mean(main_script(question))
        return None if mean is None else Cohort(mean, vectors_of)

    def _mean(self, script: str | None) -> Vector | None:
        if script is None or script not in COHORTS:
            return None
        mean = self._means.get(script)
        if mean is None:
            # Two threads may both encode them: the result is the same.
            folded = list(map(encoder_fold, COHORTS[script]))
            mean = self._means[script] = self._encoder.encode_queries(folded).mean(axis=0)
        return mean
