#!/usr/bin/env python
"""Times ingesting and asking texts that repeat one thing endlessly, at a length and at twice the length.

    scripts/attack/growth.py [--length 200000] [--limit 60] [--out DIR]

The whole write path with the toy encoder, as text, HTML and Markdown, and the whole read path: a long question, a long
history. What takes more than 3 times as long at twice the length grows faster than it should. Ends with exit code 1
when anything takes longer than the limit, or grows so and takes over a second.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "bench"), str(HERE.parents[1])]

from report import Table, publish  # noqa: E402

from embeddings.toy import ToyEncoder  # noqa: E402
from qa_service.config import Settings  # noqa: E402
from qa_service.engine import Engine  # noqa: E402
from qa_service.errors import BadInput  # noqa: E402
from qa_service.media_types import HTML, MARKDOWN, TEXT  # noqa: E402
from qa_service.types import Ask, Submission, Turn  # noqa: E402

REPEATED = {
    "spaces": " ",
    "new lines": "\n",
    "carriage returns and tabs": "\r\t",
    "wide spaces": "\u3000",
    "a letter": "a",
    "a Han character": "字",
    "digits": "7",
    "digits and commas": "1,234",
    "full stops": "。",
    "points": ".",
    "dashes": "—-",
    "commas": "，",
    "opening brackets": "（",
    "closing brackets": "）",
    "quotes": "“",
    "both quotes": "“”",
    "combining marks": "\u0301",
    "a letter with joiners": "a\u200d",
    "flags": "🇨🇳",
    "families": "👨\u200d👩\u200d👧",
    "less-than signs": "<",
    "open tags": "<p",
    "entities": "&amp;",
    "half entities": "&amp",
    "comments": "<!--",
    "pinyin in brackets": "復(fù)",
    "spaced Han": "字 ",
    "mojibake": "Ã¤",
    "addresses": "http://a.",
    "mail addresses": "a@",
    "initials": "A.",
    "numbered items": "1. ",
    "bars": "| ",
    "furniture": "首页 | ",
    "counters": "阅读(1) ",
    "emphasis": "*a_",
    "brackets of links": "[",
    "brackets of images": "![",
    "brackets of references": "[x][",
    "back ticks": "`",
    "quoted lines": "> ",
    "escapes": "\\",
    "Thai": "กขค",
    "Tibetan": "བོད་",
    "right to left": "\u202eשלום",
    "half and full forms": "ｱﾞ㍿",
    "doubled characters": "的的",
    "colons": "：",
}
KINDS = {"text": TEXT, "HTML": HTML, "Markdown": MARKDOWN}
_WORSE = 3.0
_NOTABLE_S = 1.0


def main() -> int:
    """Time and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=200_000, help="characters of the shorter text")
    parser.add_argument("--limit", type=float, default=60, help="seconds that the longer one may take")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(data_dir=Path(home) / "data", cache_dir=Path(home), model="toy", min_confidence=0.0)
        engine = Engine.open(settings, ToyEncoder())
        try:
            _ingest(engine, "warm", TEXT, "开头。")
            for name, piece in REPEATED.items():
                for way, act in _ways(engine, name):
                    short, long = (_once(act, _long(piece, times * options.length)) for times in (1, 2))
                    rows.append([name, way, short, long, long / max(short, 1e-3)])
        finally:
            engine.close()
    rows.sort(key=lambda row: -row[3])
    bad = [row for row in rows if row[3] > options.limit or (row[4] > _WORSE and row[3] > _NOTABLE_S)]
    columns = ["repeated", "as", "seconds", "at twice the length", "times"]
    tables = [Table(f"The slowest of {len(rows)}, {options.length:,} characters and twice", columns, rows[:25])]
    if bad:
        tables.append(Table("Those that grow too fast", columns, bad))
    publish("growth", {"tried": len(rows), "bad": len(bad)}, tables, [], options.out)
    return int(bool(bad))


def _ways(engine: Engine, name: str) -> Iterator[tuple[str, Callable[[str], object]]]:
    for kind, media_type in KINDS.items():
        yield kind, lambda text, media_type=media_type: _ingest(engine, name, media_type, text)
    yield "a history", lambda text: engine.ask(Ask("那他是谁？", history=(Turn("user", text), Turn("assistant", text))))


def _ingest(engine: Engine, name: str, media_type: str, text: str) -> None:
    content = f"开头的一句话。{text}\n末尾的一句话。".encode()
    list(engine.ingest([Submission(content, id=name, content_type=media_type, charset="utf-8")]))


def _long(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def _once(act: Callable[[str], object], text: str) -> float:
    began = time.perf_counter()
    with contextlib.suppress(BadInput):
        act(text)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
