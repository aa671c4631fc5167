"""Made-up articles: each version of each has a word that no other has, by which it is asked for."""

from __future__ import annotations

import random

_LETTERS = "bcdfghjklmnpqrstvwxz"
_PLACES = ("东区", "西区", "南门", "北门", "河岸", "山脚", "车站", "旧城")
_THINGS = ("仓库", "诊所", "学校", "工厂", "图书馆", "市场", "剧院", "桥梁")


def word(number: int, version: int) -> str:
    """Give the word of a version of an article: letters alone, which no tokenizer takes apart."""
    code = number * 100_000 + version
    letters = ""
    while code or len(letters) < 6:
        code, rest = divmod(code, len(_LETTERS))
        letters += _LETTERS[rest]
    return f"q{letters}q"


def text(number: int, version: int) -> str:
    """Write a version of an article: a few sentences, another number of them in each version."""
    chance = random.Random(number * 100_000 + version)
    own = word(number, version)
    lines = [f"代号{own}是{chance.choice(_PLACES)}的{chance.choice(_THINGS)}。"]
    for _ in range(chance.randrange(1, 12)):
        place, thing = chance.choice(_PLACES), chance.choice(_THINGS)
        lines.append(f"{place}的{thing}有{chance.randrange(10, 10_000)}平方米，建于{chance.randrange(1900, 2020)}年。")
    return "".join(lines)


def question(number: int, version: int) -> str:
    """Ask for a version of an article by its word."""
    return f"代号{word(number, version)}是什么地方？"
