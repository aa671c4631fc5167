from __future__ import annotations

import pytest

from qa_service.text.kept import cached
from qa_service.text.repair import load_repairer
from qa_service.text.repair.doubled import Doubled
from qa_service.text.repair.glyphs.words import load_words
from qa_service.text.repair.mojibake import Mojibake
from qa_service.text.repair.welded import repair_welds

_TEXT = "疫情防控工作取得重大进展"


@pytest.fixture(scope="module")
def words():
    return load_words(None)


@pytest.mark.parametrize(("true", "wrong"), [("utf-8", "latin-1"), ("gb18030", "latin-1"), ("utf-8", "gb18030")])
def test_a_wrong_decoding_is_undone(words, true, wrong):
    dirty = "前文 " + _TEXT.encode(true).decode(wrong) + " END"
    assert Mojibake(words)(dirty).mapped.text == f"前文 {_TEXT} END"


def test_bytes_shifted_by_one_are_paired_anew_before_a_tag(words):
    assert Mojibake(words)("“構築嚴密防線?!?/p>").mapped.text == "“構築嚴密防線。”</p>"


def test_bytes_shifted_by_one_are_paired_anew_before_pinyin(words):
    assert Mojibake(words)("抓?!绷?xí)近平").mapped.text == "抓。”習(xí)近平"
    assert Mojibake(words)("元?!皟蓚€(gè)四川人").mapped.text == "元。“兩個(gè)四川人"


@pytest.mark.parametrize(
    "text",
    [
        "頂?shù)闷?、扛得住",
        "真的吗?是的?/p>",
        "Ärzte für Große Straße",
        "naïve café Åå",
        "鐵路涓涓細流",
        "价格€100?",
        "線?!?/p>",
        "什么?!",
    ],
)
def test_what_is_not_certain_stays(words, text):
    assert Mojibake(words)(text).changes == ()


@pytest.mark.parametrize(
    ("dirty", "clean"), [("我对你有信心心打赢这场战役", "我对你有信心打赢这场战役"), ("人民的的生活", "人民的生活")]
)
def test_characters_written_twice_are_written_once(words, dirty, clean):
    assert Doubled(words)(dirty).mapped.text == clean


@pytest.mark.parametrize(
    "text",
    [
        "天天向上",
        "人人有责",
        "爸爸妈妈",
        "红旗高高飘扬",
        "目的的确定",
        "一个个村庄",
        "慢慢走",
        "看看书",
        "李冰冰",
        "人民民主",
        "哈哈哈",
        "变变变！",
        "清清楚楚",
    ],
)
def test_reduplication_stays(words, text):
    assert Doubled(words)(text).changes == ()


def test_a_full_stop_is_put_where_an_opener_follows_a_whole_clause():
    step = repair_welds("各地各部门采取了最严格的防控措施与此同时医院加紧救治患者。")
    assert step.mapped.text == "各地各部门采取了最严格的防控措施。与此同时医院加紧救治患者。"
    assert [change.before for change in step.changes] == [""]


@pytest.mark.parametrize("text", ["他说的然而并非如此", "据悉，医院已开放。", "各地采取措施，与此同时医院加紧救治。"])
def test_no_full_stop_without_a_whole_clause(text):
    assert repair_welds(text).changes == ()


def test_all_steps_work_together():
    dirty = "<p>他說：&ldquo;防控就是責(zé)任。”</p><p>我们有信心心打赢\u200b阻击战。"
    repaired = load_repairer(None)(dirty)
    assert repaired.mapped.text == "他說：“防控就是責任。”\n我们有信心打赢阻击战。"
    assert {change.kind for change in repaired.changes} == {"markup", "pinyin", "doubled", "space"}


def test_tables_are_kept_and_a_damaged_file_is_built_again(tmp_path):
    calls: list[int] = []

    def build() -> dict[str, int]:
        calls.append(1)
        return {"a": 1}

    assert cached(tmp_path, "t", "1", build) == cached(tmp_path, "t", "1", build) == {"a": 1}
    assert len(calls) == 1
    next(tmp_path.glob("*.cache")).write_bytes(b"broken")
    assert cached(tmp_path, "t", "1", build) == {"a": 1}
    cached(tmp_path, "t", "2", build)
    assert len(calls) == 3
