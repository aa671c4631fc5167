#!/usr/bin/env python3
"""Ingest mixed HTML pages and measure time, memory and what share of the time is not encoding.

Usage: python scripts/bench/pages.py TEXTS.json [--pages 10000] [--encode] [--seed N]

TEXTS.json is a set in SQuAD layout; its paragraphs, mixed anew for every page, are the pages' text. The pages come
from some twenty made-up sites with menus, share bars and footers of their own; some are in GBK or Big5, say another
charset than they have, are cut off in the middle, are nested 2,000 deep, or hold nothing but scripts or menus.
Without --encode a stand-in gives every text a random vector, so that all time is the rest's; with it the default model
encodes, and its share is printed.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from wrapped import WrappedEncoder

from embeddings.encoder import Encoder, Vectors
from qa_service.assembly import load_model
from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.measuring import fresh_engine
from qa_service.evaluation.squad import load_squad
from qa_service.types import Submission

MENU = ("首页", "新闻", "财经", "体育", "文化", "旅游", "健康", "教育", "科技", "图片", "视频", "论坛")
PLACES = ("青石", "临江", "云岭", "东湾", "白沙", "古渡", "松桥", "望海", "金谷", "柳林")
TRADES = ("日报", "晚报", "在线", "生活网", "论坛")


class Timed(WrappedEncoder):
    """Times the encoding of passages, or has it done by a stand-in."""

    def __init__(self, encoder: Encoder, *, stand_in: bool) -> None:
        super().__init__(encoder)
        self._stand_in = stand_in
        self.seconds = 0.0
        self.texts = 0

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode and take the time."""
        started = time.perf_counter()
        vectors = self._random(texts) if self._stand_in else self.inner.encode_passages(texts)
        self.seconds += time.perf_counter() - started
        self.texts += len(texts)
        return vectors

    def _random(self, texts: Sequence[str]) -> Vectors:
        vectors = np.random.default_rng(len(texts)).standard_normal((len(texts), self.description.dim))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def page(chance: random.Random, paragraphs: Sequence[str], number: int) -> Submission:
    """Make one page."""
    place, trade = chance.choice(PLACES), chance.choice(TRADES)
    site = f"{place}{trade}"
    menu = "".join(f'<li><a href="/{i}">{word}</a></li>' for i, word in enumerate(MENU))
    body = "".join(f"<p>{text}</p>" for text in chance.sample(paragraphs, chance.randint(1, 4)))
    footer = f"<p>{site}客户端 与{place}人同行</p><p>版权所有 {site} 新ICP备{sum(map(ord, site))}号</p>"
    kind = chance.random()
    if kind < 0.01:
        body = "<div>" * 2000 + body + "</div>" * 2000
    elif kind < 0.02:
        body = "<script>var a = 1;</script>"
    elif kind < 0.03:
        body = f"<ul>{menu}</ul>"
    html = (
        f"<!DOCTYPE html><html><head><title>{place}第{number}号报道</title><meta charset=utf-8></head><body>"
        f"<nav><ul>{menu}</ul></nav><article><h1>{place}第{number}号报道</h1>{body}</article>"
        f"<div>分享到: 微信 微博</div><footer>{footer}</footer></body></html>"
    )
    charset = chance.choice(("utf-8", "utf-8", "utf-8", "gb18030", "big5hkscs"))
    content = html.replace("utf-8", charset if chance.random() < 0.9 else "utf-8").encode(charset, "ignore")
    if chance.random() < 0.02:
        content = content[: int(len(content) * chance.uniform(0.3, 0.95))]
    host = f"site{PLACES.index(place)}-{TRADES.index(trade)}.example"
    return Submission(content, f"page-{number}", "text/html", url=f"https://{host}/{number}")


def pages(texts: Path, count: int, seed: int) -> Iterator[Submission]:
    """Make pages of the paragraphs of a set."""
    paragraphs = [article.content.decode() for article in load_squad(texts).articles]
    for number in range(count):
        yield page(random.Random(f"{seed} {number}"), paragraphs, number)


def run(options: argparse.Namespace) -> None:
    """Ingest the pages and print the figures."""
    settings = load_settings()
    encoder = Timed(load_model(settings), stand_in=not options.encode)
    with fresh_engine(settings, lambda given: Engine.open(given, encoder)) as engine:
        engine.opened.forget_all_but(set())  # as the command line does, which asks nothing
        outcomes: Counter[str] = Counter()
        passages = 0
        started = time.perf_counter()
        for done, outcome in enumerate(engine.ingest(pages(options.texts, options.pages, options.seed)), start=1):
            reason = str(outcome.reason).split(":")[0] if outcome.reason else ""
            outcomes[f"{outcome.outcome} {reason}".strip()] += 1
            passages += outcome.passages
            if done % 1000 == 0:
                print(f"{done} pages, {time.perf_counter() - started:.0f} s, {memory()}", flush=True)
        seconds = time.perf_counter() - started
    print(dict(outcomes))
    rest = seconds - encoder.seconds
    print(f"{options.pages} pages, {passages} passages, {encoder.texts} texts encoded, {seconds:.1f} s; {memory()}")
    each = 1e3 * rest / max(passages, 1)
    print(f"encoding {encoder.seconds:.1f} s, everything else {rest:.1f} s: {each:.1f} ms a passage")
    if options.encode:
        print(f"everything but encoding: {rest / seconds:.1%} of the time")


def memory() -> str:
    """Say how much memory this process has had at most."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"at most {peak:.0f} MiB"


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, metavar="TEXTS.json")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--encode", action="store_true")
    parser.add_argument("--seed", type=int, default=7)
    run(parser.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
