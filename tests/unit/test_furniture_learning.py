"""Page furniture is learnt from what a collection's articles have in common, whatever the order they came in."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import learning
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.index import folding
from qa_service.ingest import Ingestor
from qa_service.types import ArticleDetail, Ask, Submission
from tests.conftest import add, article

pytestmark = pytest.mark.both_catalogues

FOOTER = "晨光日报客户端 看见更大的世界"
DISCLAIMER = "晨光日报刊载的内容只供读者参考，任何人据此行事的后果都由他自己承担。"
TOPICS = (
    "造船厂",
    "植物园",
    "天文台",
    "图书馆",
    "污水处理厂",
    "气象站",
    "纺织厂",
    "动物园",
    "码头",
    "滑雪场",
    "钢琴厂",
    "茶园",
    "档案馆",
    "水库",
)


def story(number: int, *, first: str = "", middle: str = "", last: str = "") -> str:
    """Write an article of its own words, with lines put in."""
    topic = TOPICS[number % len(TOPICS)]
    lines = [
        first,
        f"{topic}的第{number}次大修在去年秋天完成，工程师花了许多个夜晚。",
        middle,
        f"住在{topic}旁边的人说，第{number}批零件运到时下着很大的雨。",
        f"负责{topic}的人认为下一步应当培训更多的学徒工，共需{number + 3}名。",
        last,
    ]
    return "\n".join(line for line in lines if line)


def omitted(engine: Engine, article_id: str) -> list[str]:
    detail = engine.article("default", article_id)
    assert [o.start for o in detail.audit.omitted] == [s.start for p in detail.passages for s in p.omitted]
    return [detail.text[o.start : o.end] for o in detail.audit.omitted]


def spans(detail: ArticleDetail) -> list[tuple[str, int, int]]:
    return [(passage.passage_id, passage.start, passage.end) for passage in detail.passages]


def test_a_line_at_the_edge_of_many_articles_is_left_out_of_all(engine: Engine) -> None:
    texts = {f"a{n}": story(n, last=FOOTER) for n in range(6)}
    add(engine, {"a0": texts["a0"]})
    before = engine.article("default", "a0")
    assert omitted(engine, "a0") == []
    add(engine, texts)
    assert all(omitted(engine, name) == [FOOTER] for name in texts)
    assert spans(engine.article("default", "a0")) == spans(before)
    shown = engine.ask(Ask("造船厂的大修在什么时候完成", top_k=50)).passages
    assert {p.article_id for p in shown} == set(texts)
    for passage in shown:
        text = texts[passage.article_id]
        assert passage.text == text[passage.start : passage.end]
        assert [text[span.start : span.end] for span in passage.omitted] == [FOOTER]
        assert FOOTER not in text[passage.highlights[0].start : passage.highlights[0].end]
    explain = engine.ask(Ask("晨光日报客户端", explain=True)).explain
    assert explain is not None
    assert explain["coverage"] == 0.0
    assert engine.check() == []


def test_learning_encodes_no_sentence_again(engine: Engine, encoder: ToyEncoder) -> None:
    add(engine, {f"a{n}": story(n, last=FOOTER) for n in range(4)})
    before = encoder.passages_encoded
    add(engine, {"a4": story(4, last=FOOTER)})
    # The new window and its four sentences, then the five windows without the footer.
    assert encoder.passages_encoded - before <= 5 + 5


def state(engine: Engine) -> object:
    page = engine.articles("default", limit=200).articles
    details = [engine.article("default", one.id) for one in page]
    asked = [engine.ask(Ask(f"{topic}的大修", top_k=50)) for topic in TOPICS]
    return (
        [(spans(detail), [p.sentences for p in detail.passages], detail.audit) for detail in details],
        [[(p.passage_id, p.score, p.highlights, p.omitted) for p in result.passages] for result in asked],
    )


def test_every_order_of_ingest_gives_the_same_after_compaction(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 5)
    submissions = [article(f"a{n}", story(n, last=FOOTER if n % 7 else "")) for n in range(14)]
    submissions += [article(f"b{n}", story(n + 20, first="首页新闻频道", middle=FOOTER)) for n in range(6)]
    states = []
    for seed in range(3):
        engine = Engine.open(settings.model_copy(update={"data_dir": tmp_path / str(seed)}), ToyEncoder())
        chance = random.Random(seed)
        shuffled = chance.sample(submissions, len(submissions))
        gone = chance.sample([story(n + 50, last=FOOTER) for n in range(5)], 5)
        add(engine, {f"gone{n}": text for n, text in enumerate(gone)})
        while shuffled:
            size = chance.randint(1, 9)
            list(engine.ingest(shuffled[:size]))
            del shuffled[:size]
        for n in range(5):
            engine.delete_article("default", f"gone{n}")
        engine.compact("default")
        states.append(state(engine))
        assert engine.check() == []
        engine.close()
    assert all(other == states[0] for other in states[1:])


def test_what_is_no_more_common_is_searched_again(engine: Engine) -> None:
    add(engine, {f"a{n}": story(n, last=FOOTER) for n in range(6)})
    assert omitted(engine, "a5") == [FOOTER]
    for n in range(3):
        engine.delete_article("default", f"a{n}")
    assert omitted(engine, "a5") == []
    assert engine.check() == []


def test_a_line_of_few_among_many_is_content(engine: Engine) -> None:
    """The first five have it, and it is furniture; then the collection grows, and it is not."""
    add(engine, {f"a{n}": story(n, last="最终未能晋级") for n in range(5)})
    assert omitted(engine, "a0") == ["最终未能晋级"]
    for n in range(5, 15):
        add(engine, {f"a{n}": story(n)})
    assert omitted(engine, "a0") == []
    add(engine, {"b": story(30, last="最终未能晋级")})
    assert omitted(engine, "b") == []
    assert engine.check() == []


def test_what_a_crash_kept_from_learning_is_made_up_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {f"a{n}": story(n, last=FOOTER) for n in range(14)}

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(learning, "learn", die)
        patch.setattr(Ingestor, "_apply", die)
        with pytest.raises(KeyboardInterrupt):
            add(engine, texts)
    with monkeypatch.context() as patch:
        patch.setattr(Ingestor, "_apply", lambda *_, **__: None)
        add(engine, texts)
    assert omitted(engine, "a0") == []
    assert [outcome.outcome for outcome in add(engine, texts)] == ["unchanged"] * 14
    assert all(omitted(engine, name) == [FOOTER] for name in texts)


def test_a_wire_story_is_no_furniture_nor_is_a_quotation(engine: Engine) -> None:
    wire = "\n".join(
        [
            "海湾大桥今天清晨合龙，最后一块钢箱梁重达三百吨。",
            "总工程师感谢了所有的潜水员和他们的家人。",
            "通车典礼定在明年五月",
        ]
    )
    add(engine, {f"wire{n}": f"{wire}\n本报读者第{n}次来信谈到了大桥的灯光，他们都很高兴。" for n in range(15)})
    saying = "众人拾柴火焰高"
    add(engine, {f"saying{n}": story(n, middle=saying) for n in range(15)})
    assert all(omitted(engine, f"wire{n}") == [] for n in range(15))
    assert all(omitted(engine, f"saying{n}") == [] for n in range(15))


def test_copies_of_one_article_count_once(engine: Engine) -> None:
    add(engine, {f"copy{n}": story(3, last=FOOTER) for n in range(4)} | {"other": story(4, last=FOOTER)})
    assert omitted(engine, "other") == []


@pytest.mark.parametrize("line", ["开放时间：周二至周日", "门票20元", "每周一休息"])
def test_facts_that_articles_share_are_kept(engine: Engine, line: str) -> None:
    add(engine, {f"a{n}": story(n, last=line) for n in range(12)})
    assert all(omitted(engine, f"a{n}") == [] for n in range(12))


def test_a_sentence_needs_more_articles_than_a_line(engine: Engine) -> None:
    add(engine, {f"a{n}": story(n, last=DISCLAIMER) for n in range(8)})
    assert omitted(engine, "a0") == []
    add(engine, {f"b{n}": story(n + 20, last=DISCLAIMER) for n in range(8)})
    assert omitted(engine, "a0") == [DISCLAIMER] == omitted(engine, "b7")


def of_site(number: int, host: str, **lines: str) -> Submission:
    return article(f"{host}{number}", story(number, **lines), url=f"https://www.{host}.example/{number}")


def test_furniture_belongs_to_a_site(engine: Engine) -> None:
    list(engine.ingest([of_site(n, f"site{n}", last=FOOTER) for n in range(6)]))
    assert omitted(engine, "site00") == []
    list(engine.ingest([of_site(n + 6, "chenguang", last=FOOTER) for n in range(6)]))
    assert omitted(engine, "chenguang6") == [FOOTER]
    assert omitted(engine, "site00") == []
    list(engine.ingest([of_site(20, "essay", middle=FOOTER)]))
    assert omitted(engine, "essay20") == []


def test_many_sites_with_one_footer_learn_the_same_at_once_and_after_a_rebuild(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "SAMPLE", 8)
    submissions = [of_site(n, f"site{n % 4}-", last=FOOTER) for n in range(24)]
    list(engine.ingest(submissions))
    assert all(omitted(engine, str(one.id)) == [FOOTER] for one in submissions)
    engine.rebuild()
    assert all(omitted(engine, str(one.id)) == [FOOTER] for one in submissions)


def test_another_kind_of_page_of_the_site_does_not_hide_its_furniture(engine: Engine) -> None:
    list(engine.ingest([of_site(n, "chenguang", last=FOOTER if n % 2 else "") for n in range(14)]))
    assert omitted(engine, "chenguang1") == [FOOTER]


def test_an_article_of_furniture_alone_is_kept_and_reported(engine: Engine) -> None:
    add(engine, {f"a{n}": story(n, last=FOOTER) for n in range(6)})
    (outcome,) = add(engine, {"bare": FOOTER})
    assert (outcome.outcome, outcome.passages) == ("created", 0)
    assert "furniture" in str(outcome.reason)
    detail = engine.article("default", "bare")
    assert detail.text == FOOTER
    assert [(p.start, p.end, p.sentences) for p in detail.passages] == [(0, len(FOOTER), ())]
    assert all(p.article_id != "bare" for p in engine.ask(Ask(FOOTER, top_k=50)).passages)
    assert engine.check() == []
    engine.delete_article("default", "bare")
    assert engine.check() == []


def test_another_process_learns_too(settings: Settings) -> None:
    one, two = Engine.open(settings, ToyEncoder()), Engine.open(settings, ToyEncoder())
    for n in range(6):
        add(one if n % 2 else two, {f"a{n}": story(n, last=FOOTER)})
    assert all(omitted(two, f"a{n}") == [FOOTER] for n in range(6))
    assert one.check() == []
    one.close()
    two.close()
