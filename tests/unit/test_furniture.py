from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.config import Settings
from qa_service.text.fold import lexical_fold
from qa_service.text.furniture import labels, local_furniture, notices, words_east, words_west
from qa_service.text.furniture.matching import fold_all
from qa_service.text.furniture.patterns import PATTERNS, TRIGGER
from qa_service.text.split import split_sentences
from qa_service.types import Span

pytestmark = pytest.mark.both_catalogues

_VOCABULARIES = (labels.ALONE, labels.HALF, notices.EAST, notices.WEST_REST, words_east.COMPANY, words_west.ALONE)
_PIECES = [
    *(phrase for part in _VOCABULARIES for phrases in part.values() for phrase in phrases.split("|")),
    *("\n", "\n", " | ", "：", "。", "12", "\ud800"),
]
_PAGES = Path(__file__).with_name("furniture_pages.txt").read_text(encoding="utf-8")
_RECALL = {"first": 0.98, "second": 0.93, "third": 0.78, "fourth": 0.84}
_PROSE = "这座石桥建于一九五七年，全长六十四米，是河东居民进城的必经之路。"
_MORE = "桥面铺着青石板，每年汛期过后都要检查一遍，损坏的石板随时更换。"


def _hits(text: str) -> list[tuple[str, str]]:
    spans = split_sentences(text)
    reasons = local_furniture(text, spans)
    return [(text[span.start : span.end], reason) for span, reason in zip(spans, reasons, strict=True) if reason]


def _taken(text: str) -> list[str]:
    return [unit for unit, _ in _hits(text)]


def _pages() -> dict[str, list[tuple[str, str]]]:
    """Each page's (mark, line) pairs by its name."""
    pages = {}
    for part in re.split(r"(?m)^=== ", _PAGES)[1:]:
        name, _, body = part.strip("\n").partition("\n")
        pages[name] = [(line[0], line[2:]) for line in body.split("\n")]
    return pages


def _judged(page: list[tuple[str, str]]) -> list[tuple[str, str, str | None]]:
    """The mark, text and reason of every unit of a page."""
    text = "\n".join(line for _, line in page)
    spans = split_sentences(text)
    reasons = local_furniture(text, spans)
    marks = [page[text.count("\n", 0, span.start)][0] for span in spans]
    return [(mark, text[s.start : s.end], reason) for mark, s, reason in zip(marks, spans, reasons, strict=True)]


@pytest.mark.parametrize("name", _pages())
def test_no_text_of_a_page_is_taken_for_furniture(name):
    assert [(unit, reason) for mark, unit, reason in _judged(_pages()[name]) if mark == "T" and reason] == []


@pytest.mark.parametrize(("batch", "least"), _RECALL.items())
def test_most_furniture_of_the_pages_is_found(batch, least):
    judged = [unit for name, page in _pages().items() if f"({batch})" in name for unit in _judged(page)]
    found = [reason is not None for mark, _, reason in judged if mark == "F"]
    assert len(found) > 100
    assert sum(found) >= least * len(found)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("关于我们 联系我们 网站地图 用户调查", "menu"),
        ("關於我們｜聯絡我們｜網站導覽｜隱私權政策", "menu"),
        ("Home | About | Contact", "menu"),
        ("点击：载入中...", "counter"),
        ("阅读(1234)", "counter"),
        ("分享到：微信 新浪微博", "share line"),
        ("Click to share on Facebook (Opens in new window)", "share line"),
        ("河东新闻网 版权所有 浙ICP备12345678号-1", "copyright line"),
        ("Copyright © 2010-2014 River Press. All rights reserved.", "copyright line"),
        ("更多关于 石桥 的文章", "related articles"),
        ("上一篇：老桥的故事", "next or previous article"),
        ("我要回帖", "comment form"),
        ("【打印本页】 【关闭窗口】 字体：大 中 小", "page tools"),
        ("歡迎使用手機瀏覽", "browser notice"),
        ("时间：2020-02-01 21:21来源：河东网 作者：陆文渊 点击：载入中...", "counter"),
        ("（责任编辑：何晓岚）", "byline"),
        ("第 3 页 共 10 页", "page number"),
        ("- 12 -", "page number"),
        ("We use cookies to improve your experience.", "cookie notice"),
        ("本文仅代表作者个人观点，不代表本站立场，转载请注明出处。", "disclaimer"),
        ("Все права защищены", "copyright line"),
        ("関連記事", "related articles"),
        ("무단전재 및 재배포 금지", "copyright line"),
        ("Das könnte Sie auch interessieren", "related articles"),
        ("Tous droits réservés", "copyright line"),
        ("Política de privacidad | Aviso legal | Contacto", "menu"),
        ("جميع الحقوق محفوظة", "copyright line"),
        ("＊ ＊ ＊", "no words"),
    ],
)
def test_furniture_after_the_text_is_named(line, reason):
    hits = _hits(f"{_PROSE}\n{line}")
    assert hits
    assert {found for _, found in hits} == {reason}
    assert not any(unit in _PROSE for unit, _ in hits)


@pytest.mark.parametrize(
    "text",
    [
        f"联系我们\n地址：柳堤路18号\n电话：0555-3312048\n关于我们\n{_PROSE}",
        f"{_PROSE}\n主办单位：市文化局\n承办单位：桥梁公司\n开放时间：9:00-17:00\n门票：30元",
        "版权所有的声明并不放弃合理使用。\n分享照片前请征得同意，点击率高低不影响侵权的认定。",
        "英语试卷\n二、阅读(40分)\n阅读：40\n写作：30\n请把答案写在答题卡上，不要写在试卷上。",
        "型号：XK-200\n发布日期：2020-03-01\n来源：进口\n分类：单子叶植物\n作者：鲁迅\n评论：5",
        f"菜单共有六项：\n首页\n搜索\n登录\n注册\n帮助\n关于我们\n{_PROSE}",
        "The bar has these items:\nHome\nSearch\nLogin\nContact\nHelp\nAbout\nEach opens a page in the same window.",
        "How to grow a blog\n1. Read more\n2. Leave a comment\n3. Share this\nThose who do so get more readers.",
        f"{_PROSE}\n“分享到朋友圈”\n{_MORE}",
        'She stopped. Read more. "Leave a comment," he said.',
        "Platforms: Facebook, Twitter, Instagram\nPrint shop\nHome 3 Away 1\nPage 12",
        "The divers searched for eleven days. The second ship was not found.",
        f"历史\n{_PROSE}\n新闻\n{_MORE}",
        "未经著作权人许可，不得复制其作品。\n侵权人应当赔偿损失，数额按违法所得计算。",
        "周一 06:30 07:10\n周二 06:30 07:50\n龙井 42元\n普洱 36元\n2024\n2025\n3\n4",
        "def share(x):\n    return x\nprint(share(1))\nhome = 1\nlogin()",
    ],
)
def test_text_stays(text):
    assert _taken(text) == []


def _around(line: str, count: int) -> str:
    return "\n".join(f"{_PROSE}第{number}段{_MORE}\n{line}" for number in range(count)) + "\n" + _MORE


@pytest.mark.parametrize(("count", "kept"), [(2, 2), (3, 1), (7, 1), (8, 0), (30, 0)])
def test_a_caption_between_paragraphs_is_kept_once_or_not_at_all(count, kept):
    assert _taken(_around("河东守桥人影像志", count)) == ["河东守桥人影像志"] * (count - kept)


def test_repeated_lines_are_compared_without_width_spaces_and_marks():
    text = "\n".join([_PROSE, "河东，守桥人：影像志", _MORE, "河东 守橋人 影像志", _PROSE, "河東・守桥人影像志", _MORE])
    assert _hits(text) == [("河东 守橋人 影像志", "repeated line"), ("河東・守桥人影像志", "repeated line")]


def test_a_running_head_is_known_by_all_but_its_page_number():
    head = [f"河东县桥梁年度报告 第{number}页 共8页" for number in range(1, 9)]
    assert len(_taken("\n".join(f"{line}\n{_PROSE}" for line in head))) == 8


def test_a_refrain_is_kept_once():
    chorus = ["摇啊摇啊摇过桥", "摇到对岸天亮了", "谁家炊烟袅袅高"]
    verses = [["月亮挂在柳树梢"], ["夏天荷花满河湾"], ["冬天渡口落满霜"]]
    song = "\n".join(line for verse in verses for line in verse + chorus)
    assert _hits(song) == [(line, "repeated line") for line in chorus * 2]


@pytest.mark.parametrize(
    "record",
    [
        ("一号水泵{}", "是", "省机械设备质量检验中心"),
        ("守桥人{}", "清华大学", "北京大学附属中学"),
        ("第{}号桥", "工程概况与地点", _PROSE, "验收结论与意见", _MORE),
        ("老船工", "第{}次涨水比往年都早，你去把缆绳再系一道。", "小女儿", "我这就去，您把灯给我留着，路上黑。"),
    ],
)
def test_cells_speakers_and_headings_of_records_stay(record):
    assert _taken("\n".join(line.format(number) for number in range(9) for line in record)) == []


def test_titles_under_a_heading_of_related_articles_go_with_it():
    titles = ["老桥的故事", "新桥何时通车？", "桥头的面馆"]
    assert _taken("\n".join([_PROSE, "相关文章：", *titles])) == ["相关文章：", *titles]


@pytest.mark.parametrize("line", ["电话：0555-3312048", "龙井 42元", "08:00 开门", _MORE])
def test_titles_are_not_taken_where_something_else_follows(line):
    assert _taken("\n".join([_PROSE, "相关文章", "老桥的故事", line])) == ["相关文章"]


def test_weak_words_and_numbers_need_company():
    assert _taken(f"{_PROSE}\n评论\n(0)\n{_MORE}") == []
    assert _taken(f"{_PROSE}\n分享到：\n评论\n(0)\n返回顶部\n{_MORE}") == ["分享到：", "评论", "(0)", "返回顶部"]


def test_a_page_of_furniture_is_furniture_throughout():
    page = "404\n抱歉，您访问的页面不存在或已被删除\n返回首页\n返回上一页\n关于我们 联系我们\n版权所有 © 2018 青鸟"
    assert len(_hits(page)) == len(split_sentences(page))


_ABOUT_RIGHTS = [
    "© 符号表示版权保留，后面写上年份和名称。",
    "© 2020年起，许多国家不再要求这一标记。",
    "© 2020年起，作者照样受到保护。",
    "版权所有：这四个字表示作者保留全部权利。",
    "Copyright 2020 was a year of change for authors in Europe.",
    "Copyright 2020: what changed for authors?",
    "© means that a work is protected by law in most countries of the world.",
    "Copyright © protects authors for seventy years.",
    "© означает, что произведение охраняется законом почти везде.",
    "Powered by WordPress, the site of the two brothers soon had a million readers.",
]


@pytest.mark.parametrize("sentence", _ABOUT_RIGHTS)
@pytest.mark.parametrize("join", ["\n", " "])
def test_sentences_about_rights_stay_between_others(sentence, join):
    assert _taken(join.join([_PROSE, sentence, _MORE])) == []
    assert _taken("\n".join([_PROSE, *_ABOUT_RIGHTS, _MORE])) == []


@pytest.mark.parametrize("sentence", [_ABOUT_RIGHTS[0], *_ABOUT_RIGHTS[3:]])
def test_sentences_about_rights_stay_at_the_edges(sentence):
    assert _taken(f"{_PROSE}\n{sentence}") == []
    assert _taken(f"{sentence}\n{_PROSE}") == []


@pytest.mark.parametrize(
    "line",
    [
        "© 2020 River Press.",
        "Copyright © 2020 River Press or its affiliated companies. All rights reserved.",
        "© 2020 The Board of Trustees of Larch University.",
        "© 2020 by the authors.",
        "版权所有 © 2020 河东日报社。",
        "版权所有：河东日报社。",
        "Proudly powered by WordPress.",
    ],
)
def test_names_of_owners_do_not(line):
    assert "".join(_taken(f"{_PROSE}\n{line}")) == line.replace(". All", ".All")
    assert _taken(f"{_PROSE}\n{line}\n{_MORE}") != []


def test_a_sentence_that_may_be_a_copyright_line_needs_company():
    line = "© 河东日报社。"
    assert _taken(f"{_PROSE}\n{line}") == []
    assert _taken(f"{_PROSE}\n{line}\n返回顶部") == [line, "返回顶部"]


_FIGURES = ["点击量：120万次", "阅读(1234)", "12,345,678 views", "3,210 comments", "Views: 3210", "共有120条评论"]


@pytest.mark.parametrize("line", [*_FIGURES, "\n".join(_FIGURES[:3]), "The video has 12,345,678 views."])
def test_figures_between_sentences_stay(line):
    assert _taken(f"{_PROSE}\n{line}\n{_MORE}") == []


@pytest.mark.parametrize("line", _FIGURES)
def test_figures_beside_furniture_go(line):
    assert _taken(f"{_PROSE}\n分享到：\n{line}\n{_MORE}") == ["分享到：", line]


@pytest.mark.parametrize("line", [line for line in _FIGURES if line != "12,345,678 views"])
def test_figures_at_the_edges_go(line):
    assert _taken(f"{_PROSE}\n{line}") == [line]
    assert _taken(f"{line}\n{_PROSE}") == [line]


@pytest.mark.parametrize("item", ["联系我们", "关于我们", "隐私政策", "版权声明", "免责声明", "法律声明"])
def test_items_that_fit_a_pattern_count_in_menus(item):
    menu = ["首页", "新闻", "登录", "注册", item]
    assert _taken("\n".join([*menu, _PROSE])) == menu
    assert _taken("\n".join([_PROSE, *menu])) == menu
    assert _taken("\n".join([*menu[1:], _PROSE])) == []
    assert _taken(f"{_PROSE}\n{item}\n{_MORE}") == []


def test_a_word_before_a_section_inside_the_text_is_its_heading():
    menu = ["首页", "新闻", "登录", "注册", "搜索", "网站地图", "隐私政策"]
    assert _taken("\n".join([_PROSE, *menu, "联系我们", _MORE])) == menu


@pytest.mark.parametrize(("count", "kept"), [(2, 2), (3, 1), (7, 1), (8, 0), (30, 0)])
def test_lines_in_a_row_are_one_place(count, kept):
    text = "\n".join([_PROSE, *["图为现场照片"] * count, _MORE])
    assert _hits(text) == [("图为现场照片", "repeated line")] * (count - kept)
    assert _taken("\n".join(["年度工程", *["图为现场照片"] * count, "验收意见", _PROSE])) == []


def test_an_article_of_one_line_over_and_over_stays():
    assert _taken("\n".join(["图为现场照片"] * 30)) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40))
def test_every_unit_has_an_answer_and_the_same_one_again(parts):
    text = "".join(parts)
    spans = split_sentences(text)
    reasons = local_furniture(text, spans)
    assert len(reasons) == len(spans)
    assert local_furniture(text, spans) == reasons
    assert local_furniture(text, []) == []


def test_long_lines_and_many_lines_are_read():
    assert local_furniture("版权" * 500_000, [Span(0, 1_000_000)]) == [None]
    assert local_furniture("—" * 1_000_000, [Span(0, 1_000_000)]) == ["no words"]
    many = "\n".join("一二三"[number % 3] for number in range(50_000))
    assert _taken(many) == []


def test_patterns_are_written_as_text_is_folded_and_none_is_missed():
    joined = " ".join(pattern.expression for pattern in PATTERNS)
    assert [
        run for run in re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+", joined) if lexical_fold(run) != run
    ] == []
    lines = [line for page in _pages().values() for _, line in page]
    for folded in fold_all(lines):
        assert TRIGGER.search(folded) or not any(re.match(pattern.expression, folded) for pattern in PATTERNS), folded


_SEEDS = {
    "000": ["comment form", "related articles", "related articles"],
    "001": ["browser notice", "menu", "copyright line"],
    "002": [
        *("counter", "byline", "related articles", "counter", "counter", "counter", "counter", "counter", "counter"),
        *("page tools", "related articles", "menu", "copyright line", "copyright line", "copyright line"),
    ],
    "003": [],
    "004": ["repeated line"] * 32 + ["share line", "related articles"],
}


@pytest.mark.shared
@pytest.mark.parametrize("seed", _SEEDS)
def test_the_furniture_of_the_seeds_and_nothing_else_is_found(shared, seed):
    from qa_service.text.repair import repair

    [path] = (shared / "seeds").glob(f"{seed}_*.txt")
    text = repair(path.read_text(encoding="utf-8"), cache_dir=Settings().cache_dir).mapped.text
    hits = _hits(text)
    assert [reason for _, reason in hits] == _SEEDS[seed]
    captions = {re.sub(r"\W", "", unit) for unit, reason in hits if reason == "repeated line"}
    lines = [re.sub(r"\W", "", line) for line in text.splitlines()]
    assert len(captions) <= 1
    assert sum(line in captions for line in lines) == _SEEDS[seed].count("repeated line")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["cmrc2018_dev", "xquad.zh", "xquad.en", "xquad.ru"])
def test_clean_paragraphs_hold_no_furniture(shared, name):
    data = json.loads((shared / "eval" / f"{name}.json").read_text(encoding="utf-8"))["data"]
    texts = [paragraph["context"] for article in data for paragraph in article["paragraphs"]]
    lines = ["\n".join(text[span.start : span.end] for span in split_sentences(text)) for text in texts]
    assert {hit for text in texts + lines for hit in _hits(text) if hit[1] != "no words"} == set()


def test_samples_hold_no_furniture():
    folder = Path(__file__).parents[2] / "qa_service" / "samples"
    rows = (folder / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    assert [hit for row in rows for hit in _hits(json.loads(row)["text"])] == []
