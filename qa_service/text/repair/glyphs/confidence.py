"""How likely it is that what a place is best read as was meant."""

from __future__ import annotations

import math

import regex

from qa_service.text.repair.glyphs.evidence import Place
from qa_service.text.repair.glyphs.words import standard

_HAN = regex.compile(r"\p{Han}")
_WEIGHTS: tuple[float, ...] = (
    -1.475, -1.1, -3.176, -0.964, -2.348, 0.08, 0.384,
    0.329, 0.141, 0.015, 2.864, 4.302, 0.097, 0.037,
    1.251, 0.028, -0.251, 0.781, 1.128, -0.28, 0.231,
    -0.093, 0.253, -1.106, 0.368, -0.118, -1.145, -1.221,
    -0.992, -0.844, 0, -0.503, -0.155, -0.246, -0.03,
    0.893, -0.098, -0.115,
)
"""One for each feature: a logistic regression, fitted on paragraphs in which 2% of the characters were swapped, to half
of the pairs of scripts/bench/noise_pairs.tsv, and checked on the other half."""


def features(place: Place) -> tuple[float, ...]:
    """Describe a place to the regression."""
    best = place.best
    common = place.tier == "common"
    odd = not common
    word, usual = len(best.word) > 1, standard(place.glyph)
    value, lead = min(place.value, 14.0), min(place.lead, 6.0)
    agreed = min(place.agreed, 3)
    gain = max(-10.0, min(best.gain, 15.0))
    return (
        float(place.tier == "strange"),
        float(place.tier == "rare"),
        float(common),
        float(place.tier == "strange" and usual),
        float(place.tier == "rare" and usual),
        usual * odd * value,
        (not word) * odd * best.prior,
        (not word) * odd * gain,
        (not word) * odd * lead,
        (not word) * common * best.prior,
        odd * place.game,
        common * place.game,
        odd * min(2.0, place.density),
        common * min(2.0, place.density),
        float(odd and word),
        float(common and word),
        float(len(best.word) > 2),
        odd * value,
        common * value,
        word * value,
        odd * lead,
        common * lead,
        word * lead,
        float(odd * agreed),
        float(common * agreed),
        float(min(place.disputed, 3)),
        float(min(place.times - 1, 3)),
        math.log2(max(1, place.repeated)),
        float(place.named and odd),
        float(place.named and common),
        float(place.apart),
        math.log(place.commonness + 1),
        odd * best.prior,
        common * best.prior,
        common * math.log(place.often + 1),
        float(not _HAN.match(place.glyph)),
        odd * gain,
        common * gain,
    )


def confidence(place: Place) -> float:
    """Give the probability that the best option is what was meant, from 0 to 1."""
    total = sum(weight * feature for weight, feature in zip(_WEIGHTS, features(place), strict=True))
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))
