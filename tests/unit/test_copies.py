"""Copies: passages that share their sentences, however split, and say nothing else anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa_service.index.copies import Match, Outline, compare
from qa_service.index.wording import Wording, words_of
from qa_service.text.prints import canonical, print_of

pytestmark = pytest.mark.both_catalogues

STORY = (
    "青河公园管理处昨天宣布，公园从三月一日起延长开放时间。",
    "每天早上6点开门，晚上10点关门。",
    "管理处主任张伟说，延长开放是为了方便附近居民锻炼。",
    "公园里不许放风筝，也不许遛狗。",
    "儿童票价是五元，老人免费入园。",
)
NEWS = (
    "The night bus leaves the harbour at 23:40 on Monday.",
    "It does not stop at the old market.",
    "Tickets cost 4.50 and are sold by John Parker.",
)
OWN = ("本报记者昨天走访了几个小区，居民们议论纷纷。", "有人希望公园全天开放，也有人担心夜里太吵。")


def outline(sentences: Sequence[str]) -> Outline:
    forms = [canonical(sentence) for sentence in sentences]
    return Outline([print_of(form) for form in forms], [len(form) for form in forms])


def wording(sentences: Sequence[str], swaps: int = 0, before: str = "", after: str = "") -> Wording:
    return Wording([words_of(sentence) for sentence in sentences], words_of(before), words_of(after), swaps)


def match(ours: Sequence[str], theirs: Sequence[str], *, swaps: int = 0, similar: bool = True) -> Match:
    return compare(
        outline(ours), outline(theirs), lambda: wording(ours), lambda: wording(theirs, swaps), similar=similar
    )


def with_change(sentences: Sequence[str], old: str, new: str) -> list[str]:
    changed = [sentence.replace(old, new) for sentence in sentences]
    assert changed != list(sentences)
    return changed


@pytest.mark.parametrize(
    ("story", "old", "new"),
    [
        (STORY, "五元", "六元"),
        (STORY, "6点", "7点"),
        (STORY, "10点", "1点"),
        (STORY, "三月", "四月"),
        (STORY, "张伟", "张磊"),
        (STORY, "张伟", "张炜"),
        (STORY, "不许遛狗", "可以遛狗"),
        (STORY, "也不许", "也许"),
        (STORY, "免费", "半价"),
        (STORY, "居民锻炼", "居民跳舞"),
        (NEWS, "Monday", "Tuesday"),
        (NEWS, "does not", "does"),
        (NEWS, "4.50", "4.60"),
        (NEWS, "Parker", "Porter"),
        (NEWS, "23:40", "22:40"),
        (STORY, "张伟", "张伟伟"),
        (STORY, "张伟", "张之伟"),
        (STORY, "张伟", "张得伟"),
        (STORY, "为了", "为"),
        (NEWS, "4.50", "$4.50"),
    ],
)
def test_a_changed_figure_name_date_or_negation_is_no_copy(story: Sequence[str], old: str, new: str) -> None:
    changed = with_change(story, old, new)
    found = match(story, changed)
    assert found.conflict
    assert not found.is_copy
    assert not match(changed, story).is_copy
    assert not match([*OWN, *changed], story).is_copy


@pytest.mark.parametrize(
    ("old", "new"), [("三人。", "五人。"), ("张伟。", "张磊。"), ("周一。", "周五。"), ("是。", "不。")]
)
@pytest.mark.parametrize("place", [0, 2, 5])
def test_short_sentences_stand_against_each_other_by_place(old: str, new: str, place: int) -> None:
    ours, theirs = list(STORY), list(STORY)
    ours.insert(place, old)
    theirs.insert(place, new)
    assert not match(ours, theirs).is_copy
    assert match(ours, STORY).is_copy


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param(STORY[:-1], id="a sentence is missing at the end"),
        pytest.param([*STORY[:2], *STORY[3:]], id="a sentence is missing within"),
        pytest.param([*OWN, *STORY, *OWN], id="it is quoted"),
        pytest.param([*STORY[:2], OWN[0], *STORY[2:]], id="a sentence was put in between"),
        pytest.param([STORY[0], STORY[1][:-1] + STORY[2], *STORY[3:]], id="two sentences are welded"),
        pytest.param(["".join(STORY)[n : n + 17] for n in range(0, 102, 17)], id="lines are wrapped"),
        pytest.param(with_change(STORY, "五元", "伍元"), id="a numeral is written formally"),
        pytest.param([*STORY[3:], *STORY[:3]], id="its parts changed places"),
        pytest.param([*STORY[3:], *with_change(STORY[:3], "三月", "叁月")], id="moved, and nearly equal"),
    ],
)
def test_what_does_not_change_what_is_said_leaves_a_copy(theirs: Sequence[str]) -> None:
    assert match(STORY, theirs).is_copy
    assert match(theirs, STORY).is_copy


def test_a_moved_sentence_with_a_changed_figure_is_a_conflict() -> None:
    assert not match([*STORY, *NEWS], [*with_change(STORY[3:], "五元", "六元"), *STORY[:3], NEWS[0]]).is_copy


MENU = ("本店新价目表公布如下", "牛肉拉面大碗", "十八元一碗", "羊肉拉面大碗", "二十元一碗", "欢迎各位新老顾客前来品尝")
CUP = ("Which team won the cup?", "The harbour lions.", "Which team lost the cup?", "The mill bears.")
VOTE = ("河边要不要修一条路？", "要。", "河上要不要修一座桥？", "不要。", "山上要不要修一座亭？", "要。")


@pytest.mark.parametrize(
    ("ours", "order"),
    [(MENU, (0, 1, 4, 3, 2, 5)), (CUP, (0, 3, 2, 1)), (VOTE, (0, 1, 2, 1, 4, 3)), (VOTE, (0, 1, 2, 1, 4, 1))],
    ids=["prices", "answers", "votes changed places", "another vote"],
)
@pytest.mark.parametrize("similar", [True, False])
def test_short_sentences_in_another_order_say_something_else(
    ours: Sequence[str], order: Sequence[int], similar: bool
) -> None:
    theirs = [ours[place] for place in order]
    assert match(ours, ours, similar=similar).is_copy
    for one, two in ((ours, theirs), (theirs, ours), ([*STORY, *ours], theirs), (theirs, [*ours, *OWN])):
        assert not match(one, two, similar=similar).is_copy


def test_a_sentence_said_again_changes_nothing() -> None:
    for again in (STORY[0], "好。"):
        assert match([again, *STORY], [again, *STORY, again]).is_copy
        assert match([again, *STORY, again], [again, *STORY]).is_copy


def test_particles_put_for_one_another_do_not_matter_in_a_text_full_of_swaps() -> None:
    theirs = with_change(STORY, "为了", "为的")
    assert not match(STORY, theirs).is_copy
    assert match(STORY, theirs, swaps=3).is_copy


def test_english_articles_do_not_matter() -> None:
    assert match(NEWS, with_change(NEWS, "the old market", "old market")).is_copy


def test_half_of_the_smaller_passage_must_be_shared() -> None:
    longer = [*STORY, *OWN]
    assert match(longer, [*STORY[:2], "完全是另外一件事情。"]).is_copy
    assert not match(longer, [STORY[1], *NEWS]).is_copy
    assert not match(STORY, OWN).is_copy


def test_little_in_common_is_no_copy_unless_it_is_all() -> None:
    assert match(["票价五元。"], ["票价五元"]).is_copy
    assert not match(["票价五元。"], [*OWN, "票价五元。"]).is_copy


def test_look_alikes_do_not_matter_in_a_text_full_of_them() -> None:
    swapped = with_change(STORY, "方便", "汸便")
    assert not match(STORY, swapped).is_copy
    assert match(STORY, swapped, swaps=3).is_copy
    assert not match(swapped, STORY, swaps=3).is_copy
    several = with_change(with_change(swapped, "遛狗", "遛豿"), "老人", "咾人")
    assert match(STORY, several).is_copy
    assert not match(STORY, with_change(STORY, "五元", "伩元"), swaps=9).is_copy
    assert not match(STORY, with_change(STORY, "张伟", "张磊"), swaps=9).is_copy


@pytest.mark.parametrize(
    ("rest", "is_copy"), [("免费入园。", True), ("半价入园。", False), ("", False)], ids=["goes on", "differs", "ends"]
)
def test_what_the_end_of_a_passage_cuts_off_is_no_conflict(rest: str, is_copy: bool) -> None:
    cut = [*STORY[:4], "儿童票价是五元，老人"]
    found = compare(
        outline(STORY), outline(cut), lambda: wording(STORY), lambda: wording(cut, after=rest), similar=True
    )
    assert found.is_copy == is_copy


@pytest.mark.parametrize(("start", "is_copy"), [("青河公园管理处", True), ("红山公园管理处", False)])
def test_what_the_start_of_a_passage_cuts_off_is_no_conflict(start: str, is_copy: bool) -> None:
    cut = ["昨天宣布，公园从三月一日起延长开放时间。", *STORY[1:]]
    found = compare(
        outline(STORY), outline(cut), lambda: wording(STORY), lambda: wording(cut, before=start), similar=True
    )
    assert found.is_copy == is_copy


def test_texts_are_read_only_when_both_have_sentences_of_their_own() -> None:
    def unread() -> Wording:
        raise AssertionError("read")

    for theirs in (STORY, STORY[:3], [*OWN, *STORY], OWN):
        assert compare(outline(STORY), outline(theirs), unread, unread, similar=False).is_copy == (theirs != OWN)
    with pytest.raises(AssertionError):
        compare(outline([*STORY, NEWS[0]]), outline([*STORY, NEWS[1]]), unread, unread, similar=False)


sentences = st.lists(
    st.text(st.sampled_from("春夏秋冬东西南北山水火木金土日月风雨雷电花草树石"), min_size=6, max_size=20).map(
        lambda text: text + "。"
    ),
    min_size=3,
    max_size=8,
    unique=True,
)


@given(sentences, st.data())
def test_a_text_is_a_copy_of_itself_however_it_is_split(story: list[str], data: st.DataObject) -> None:
    text = "".join(story)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=12)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    pieces = [piece for piece in pieces if canonical(piece)]
    found = match(story, pieces)
    assert found.is_copy
    assert found.of_ours == found.of_theirs == 1.0


@given(sentences, st.data())
def test_one_changed_character_anywhere_is_a_conflict(story: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(story) - 1))
    at = data.draw(st.integers(0, len(story[place]) - 2))
    changed = [*story]
    changed[place] = story[place][:at] + "人" + story[place][at + 1 :]
    assert not match(story, changed).is_copy
    assert not match(changed, story).is_copy


@given(sentences, sentences)
@example(["东东东东东东。", "东东东东东木。", "东东东东东冬。"], ["东东冬冬木冬。", "东东东东东冬。", "东东东东东东。"])
def test_the_order_of_the_two_does_not_matter(story: list[str], other: list[str]) -> None:
    mixed = [*story[: len(story) // 2], *other]
    one, two = match(story, mixed), match(mixed, story)
    assert one.is_copy == two.is_copy
    assert (one.of_ours, one.of_theirs) == (two.of_theirs, two.of_ours)
