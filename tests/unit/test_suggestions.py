"""Suggested questions read as they should, name their topic, and have anchors that stand in the originals."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from qa_service.engine import Engine
from qa_service.evaluation.suggestions import chinese, english
from qa_service.evaluation.suggestions.drafts import Draft
from qa_service.evaluation.suggestions.suggesting import Suggester, Suggestion, with_topic
from qa_service.evaluation.suggestions.tagging import Tagger
from qa_service.evaluation.suggestions.topic import Topic, topic_text
from qa_service.readers import Source, list_files
from qa_service.samples import articles_path
from qa_service.text.fold import encoder_fold
from qa_service.types import Submission
from tests.conftest import article


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return Tagger(tmp_path_factory.mktemp("tags"))


def drafts(tagger: Tagger, sentence: str) -> dict[str, str]:
    return {one.question: one.answer for one in chinese.draft(sentence, encoder_fold(sentence), tagger)}


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("柳溪县教育局8月27日召开家长代表会。", "柳溪县教育局哪一天召开家长代表会？", "8月27日"),
        ("8月22日下午，临澜市卫生局召开发布会。", "临澜市卫生局召开发布会是在什么时候？", "8月22日下午"),
        ("望潮大桥1998年建成通车。", "望潮大桥哪一年建成通车？", "1998年"),
        ("在校学生集中接种安排在10月20日至11月21日。", "在校学生集中接种安排在什么时候？", "10月20日至11月21日"),
        ("全市今年新增学位1,620个。", "全市今年新增学位多少个？", "1,620个"),
        ("工作人员约240人，三价疫苗每剂58元。", "三价疫苗每剂多少元？", "58元"),
        ("市场的占有率达到38%。", "市场的占有率达到百分之多少？", "38%"),
        ("咨询电话：0000-5550101，工作日接听。", "咨询电话是多少？", "0000-5550101"),
        ("市疾控中心免疫规划科科长罗敬文提醒，发热的人应当推迟接种。", "市疾控中心免疫规划科科长是谁？", "罗敬文"),
        ("望潮区办事窗口设在盐仓街政务大厅。", "望潮区办事窗口设在哪里？", "盐仓街政务大厅"),
        ("由于道路还没有修好，窑湾站暂时不启用。", "为什么窑湾站暂时不启用？", "道路还没有修好"),
        ("预约有两种办法：打电话；上网。", "预约有哪两种办法？", "打电话；上网"),
        ("開幕禮定於3月28日舉行。", "開幕禮定於哪一天舉行？", "3月28日"),
        ("列車在3月28日晚上8時停駛。", "列車在什麼時候停駛？", "3月28日晚上8時"),
    ],
)
def test_chinese_rules(tagger: Tagger, sentence: str, question: str, answer: str) -> None:
    found = drafts(tagger, sentence)
    assert found.get(question) == answer, found


@pytest.mark.parametrize(
    "sentence",
    [
        "该公司在2020年成立。",
        "临澜市教育局公布2025年秋季小学招生办法。",
        "乘坐4号线的市民很多。",
        "第3届大会今天开幕。",
        "天气很好。",
        "年龄要求为2019年8月31日以前出生。",
    ],
)
def test_sentences_that_give_no_good_question(tagger: Tagger, sentence: str) -> None:
    assert not drafts(tagger, sentence)


def test_a_clause_without_a_subject_is_given_the_one_before(tagger: Tagger) -> None:
    found = drafts(tagger, "望潮大桥是连接两区的通道，平均每天通过车辆5.2万辆。")
    assert "望潮大桥是连接两区的通道，平均每天通过车辆多少辆？" in found


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("The bridge was opened in 1998.", "When was the bridge opened?", "1998"),
        (
            "The hospital opened an international desk on 6 May.",
            "When did the hospital open an international desk?",
            "6 May",
        ),
        ("The library has 96 seats.", "How many seats does the library have?", "96"),
        ("There are 37 schools in the county.", "How many schools are there in the county?", "37"),
        ("The fast ferry costs $6.50 more.", "How much does the fast ferry cost more?", "$6.50"),
        ("The museum is located in the old town.", "Where is the museum located?", "in the old town"),
        ("The bridge was designed by Ada Moore.", "Who was the bridge designed by?", "Ada Moore"),
        (
            "Children under 12 travel free of charge in August.",
            "Children under 12 travel free of charge in ____.",
            "August",
        ),
    ],
)
def test_english_rules(sentence: str, question: str, answer: str) -> None:
    assert [(one.question, one.answer) for one in english.draft(sentence)] == [(question, answer)]


def test_what_points_elsewhere_gives_nothing() -> None:
    assert not list(english.draft("It was opened in 1998."))
    assert not list(english.draft("There is nothing to count in this one."))


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("临澜市通报登革热疫情：累计9例，核心区逐户灭蚊", "临澜市通报登革热疫情"),
        ("【公告】望潮大桥4月1日起封闭维修三个月 - 临澜日报", "望潮大桥封闭维修三个月"),
        ("Pik Wan ferry: new timetable | News", "Pik Wan ferry"),
        ("首页", None),
        (None, None),
    ],
)
def test_topic_of_a_title(title: str | None, topic: str | None) -> None:
    assert topic_text(title) == topic


def test_topic_is_put_in_front_only_where_it_is_not_named() -> None:
    topic = Topic("临澜市流感疫苗接种安排", ("临澜市",), ("流感", "疫苗"), noun=True)
    bare = Draft("三价每剂多少元？", "number", 0, 9, "58元", 1)
    assert with_topic(bare, topic) == "关于临澜市流感疫苗接种安排，三价每剂多少元？"
    named = Draft("临澜市流感疫苗多少元？", "number", 0, 9, "58元", 1)
    assert with_topic(named, topic) == named.question
    told = Draft("打的是什么？", "number", 0, 9, "流感疫苗", 1)
    assert with_topic(told, topic) is None
    assert with_topic(bare, None) is None
    assert with_topic(Draft("临澜图书馆哪年建成？", "date", 0, 9, "1900年", 1, whole=True), None)


def suggested(engine: Engine, count: int, seed: int = 0) -> list[Suggestion]:
    return Suggester(engine.library, "default", engine.settings.cache_dir).suggest(count, seed)


def test_samples_give_questions_of_many_articles_and_kinds(engine: Engine) -> None:
    list(engine.ingest(Source(list_files([articles_path()]))))
    found = suggested(engine, 60)
    assert len(found) == 60
    assert len({one.question for one in found}) == 60
    assert set(Counter(one.article_id for one in found).values()) == {2}
    assert {"date", "number", "person", "place", "phone", "list"} <= {one.kind for one in found}
    for one in found:
        text = engine.article("default", one.article_id).text
        assert text.count(one.anchor) == 1
        assert one.answer.strip()
        assert one.answer not in one.question
    assert suggested(engine, 60) == found
    assert suggested(engine, 5, seed=1) != suggested(engine, 5)


def test_anchors_stand_in_dirty_originals(engine: Engine) -> None:
    page = (
        "<html><body><article><p>临&nbsp;澜<b>市</b>图书馆&#26159;1900年建成通车的。</p>"
        "<p>望潮大桥1998年建成通车，长(cháng)约2,100米。</p></article></body></html>"
    )
    given = Submission(page.encode(), id="page", content_type="text/html", charset="utf-8", title="望潮大桥")
    dirty = article(
        "dirty", "望潮大桥(dà qiáo)于1998年建成通车,全长2,100米。\r\n柳溪县教育局8月27日召开家长代表会。", title="桥"
    )
    list(engine.ingest([given, dirty]))
    found = suggested(engine, 20)
    assert {one.article_id for one in found} == {"page", "dirty"}
    for one in found:
        assert one.anchor in engine.article("default", one.article_id).text


def test_nothing_to_ask(engine: Engine, tmp_path: Path) -> None:
    list(engine.ingest([article("a", "天气很好。")]))
    assert suggested(engine, 5) == []
