"""Made articles with dates, places and people, so that words and meanings find different ones."""

from __future__ import annotations

import json
import random
from typing import Any

from qa_service.types import Ask, Result, Submission

_TOWNS = ["临安", "姑苏", "会稽", "金陵", "江都", "寿春", "襄阳", "江陵", "成都", "长安", "洛阳", "汴京", "晋阳"]
_PEOPLE = [
    "沈明远",
    "陆子清",
    "顾云舟",
    "谢长河",
    "崔静之",
    "卢怀瑾",
    "郑若水",
    "王伯安",
    "裴行远",
    "柳三白",
    "白乐山",
    "苏东林",
]
_WORKS = [
    "水渠",
    "石桥",
    "书院",
    "粮仓",
    "城墙",
    "驿站",
    "药圃",
    "钟楼",
    "船坞",
    "官窑",
    "织坊",
    "义学",
    "观象台",
    "藏书楼",
]
_SAID = ["由{who}主持，历时{years}年。", "{who}为它写过一篇记，如今刻在门前。", "传说{who}在此住过{years}年。"]


def submission(number: int, version: int = 0) -> Submission:
    """Make an article by its number; each version says something else."""
    draw = random.Random(f"{number}-{version}")
    town, work, who = draw.choice(_TOWNS), draw.choice(_WORKS), draw.choice(_PEOPLE)
    year = 600 + draw.randrange(700)
    lines = [f"{town}的{work}建于公元{year}年，编号{number}。"]
    lines += [draw.choice(_SAID).format(who=draw.choice(_PEOPLE), years=draw.randrange(2, 40)) for _ in range(4)]
    lines.append(f"后来{who}把{town}的{work}重修了一次，用去白银{draw.randrange(100, 9000)}两。")
    metadata: dict[str, Any] = {"n": number, "town": town, "year": year, "version": version}
    if number % 3 == 0:
        metadata["tags"] = [work, who]
    return Submission(
        content="".join(lines).encode(),
        id=f"a{number}",
        charset="utf-8",
        content_type="text/plain",
        title=f"{town}{work}" if number % 2 else None,
        published_at=f"20{10 + number % 15:02}-0{1 + number % 9}-11" if number % 4 else None,
        metadata=metadata,
    )


QUESTIONS = tuple(
    f"{town}的{work}是哪一年建的？" for town, work in zip(_TOWNS[::2], _WORKS[::2], strict=False)
) + tuple(f"{who}主持过什么工程？" for who in _PEOPLE[::3])


def shown(result: Result) -> str:
    """Write all of an answer down that does not depend on where it came from."""
    passages = [
        (
            one.passage_id,
            one.article_id,
            round(one.score, 6),
            one.start,
            one.end,
            one.text,
            sorted(map(str, one.also_in)),
        )
        for one in result.passages
    ]
    return json.dumps(
        [result.answerable, round(result.confidence, 6), str(result.answer), passages], ensure_ascii=False
    )


def ask(question: str, **more: Any) -> Ask:
    """Ask for many passages."""
    return Ask(question, top_k=20, **more)
