from __future__ import annotations

import pytest

from qa_service.text.repair import load_repairer
from qa_service.text.repair.glyphs.judge import Run
from qa_service.text.repair.glyphs.step import GlyphRepair
from qa_service.text.repair.glyphs.tables import MOST, Tables, load_tables
from qa_service.text.repair.glyphs.words import load_words, standard

# Enough swaps that can be nothing else to show that the text plays the game.
_GAME = "新型冠状疒毒来势汹汹。习近岼总书记强调信心。党Φ央高度重视这项笁作。全体人员团结┅心。"


@pytest.fixture(scope="module")
def words():
    return load_words(None)


@pytest.fixture(scope="module")
def repair():
    return load_repairer(None)


def _swaps(repaired):
    return {(change.before, change.after) for change in repaired.changes if change.kind == "glyph"}


def test_swaps_that_words_give_away_are_undone(repair):
    text = repair(_GAME).mapped.text
    assert text == "新型冠状病毒来势汹汹。习近平总书记强调信心。党中央高度重视这项工作。全体人员团结一心。"


@pytest.mark.parametrize(
    ("dirty", "swap"),
    [
        ("越是在危难时刻亿万中国囚民越是团结一心。", ("囚", "人")),
        ("广大党员干部偠全面贯彻。", ("偠", "要")),
        ("大家减尐出门，不尐商店关门，至尐一半。", ("尐", "少")),
        ("他们在现场直接对话叻解情况。", ("叻", "了")),
    ],
)
def test_common_and_grammatical_ones_are_undone_where_the_text_plays_the_game(repair, dirty, swap):
    assert swap in _swaps(repair(_GAME + dirty))


def test_a_swap_is_explained_by_the_word_it_restores(repair):
    change = next(change for change in repair(_GAME).changes if change.before == "岼")
    assert change.kind == "glyph" and "习近平" in change.reason


@pytest.mark.parametrize(
    "text",
    [
        "作家张喆和陈堃一同出席了会议。",
        "诗人淼淼写了一部关于芈月的小说。",
        "农民收割了一茬庄稼，又种下一茬。",
        "监狱里关押着一名囚犯。",
        "化学家测定了镥和铪的原子量。",
        "他买了一本关于甪直古镇的书。",
        "“囧”字在网络上流行起来。",
        "舅舅叻埠打工多年。",
    ],
)
def test_rare_characters_that_are_meant_stay(repair, text):
    assert _swaps(repair(text)) == set()


def test_names_stay_where_the_text_plays_the_game(repair):
    text = _GAME + "市委书记关建勋、市长雷健坤、主任耿玉庆和王素萍出席。关建勋讲话。"
    assert _swaps(repair(text)) <= _swaps(repair(_GAME))


def test_traditional_text_is_left_to_folding(repair):
    assert _swaps(repair("堅定信心，同舟共濟，科學防治，精準施策。習近平總書記強調。")) == set()


def test_one_character_alone_is_never_judged(repair):
    assert _swaps(repair(_GAME + "“偠”，（茬）。")) == _swaps(repair(_GAME))


def test_candidates_come_by_parts_by_sound_and_by_look():
    tables = load_tables(None)
    assert {"要"} <= set(tables.candidates("偠"))
    assert {"平"} <= set(tables.candidates("岼"))
    assert {"末"} <= set(tables.candidates("未"))
    assert set(tables.candidates("Φ")) == {"中"}
    assert len(tables.candidates("疒")) <= MOST


def test_rows_that_name_both_of_a_pair_can_be_left_out(words):
    full, without = Tables(words), Tables(words, [("囚", "人"), ("Φ", "中")])
    assert "人" in full.candidates("囚") and "人" not in without.candidates("囚")
    assert without.candidates("Φ") == {}
    assert GlyphRepair(words, without)("防控疫情").changes == ()


def test_unlinked_pairs_lose_their_likeness_to_the_part_too(words):
    linked, unlinked = Tables(words), Tables(words, [("偠", "要")])
    assert unlinked.candidates("偠")["要"] < linked.candidates("偠")["要"]


def test_a_bare_radical_stands_for_what_contains_it(words):
    assert "病" in list(Tables(words).candidates("疒"))[:5]


def test_particles_stand_for_each_other(words):
    assert {"的", "地", "得"} <= set(list(Tables(words).candidates("哋"))[:3])


def test_ordinary_traditional_characters_stay(repair):
    assert _swaps(repair(_GAME + "牠們在林中。")) == _swaps(repair(_GAME))


def test_a_run_reads_best_with_the_character_that_was_meant(words):
    run = Run("亿万中国囚民", words)
    meant, word = run.score(4, "人")
    assert word == "人民"
    assert meant > run.score(4, "囚")[0]
    assert meant > run.score(4, "入")[0]


def test_scores_agree_with_the_run_written_out(words):
    run = Run("党囚央高度重视", words)
    assert run.score(1, "中")[0] == pytest.approx(Run("党中央高度重视", words).score(1, "中")[0])


@pytest.mark.parametrize(
    ("char", "is_standard"), [("囚", True), ("牠", True), ("偠", False), ("疒", True), ("岼", False)]
)
def test_standard_characters(char, is_standard):
    assert standard(char) is is_standard
