from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.text.repair import Repaired, load_repairer, repair
from qa_service.text.repair.steps import Change, compose, edited, unchanged

_PIECES = [
    "責(zé)任", "堅(jiān)定", "&nbsp;", "</p>", "/p>", "<br>", "党Φ央", "习近岼", "新型冠状疒毒", "信心心", "?！?/p>",
    "。", "，", " ", "\u3000", "\u200b", "\n", "中 国 人 民", "ä¸\xadå\x9b½", "a < b", "“", "防控工作", "ー", "𫖮",
]  # fmt: skip
_texts = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))


@pytest.fixture(scope="module")
def repairer():
    return load_repairer(None)


def _holds(text: str, repaired: Repaired) -> None:
    mapped = repaired.mapped
    assert mapped.source_length == len(text)
    touched: set[int] = set()
    for change in repaired.changes:
        assert change.before == text[change.start : change.end]
        assert change.kind and change.reason
        touched.update(range(change.start, change.end))
    spans = [mapped.to_source(at, at + 1) for at in range(len(mapped.text))]
    kept = {span.start: char for char, span in zip(mapped.text, spans, strict=True) if span.end - span.start == 1}
    for at, char in enumerate(text):
        if at not in touched:
            assert kept[at] == char


@settings(max_examples=150, deadline=None)
@given(_texts)
def test_every_change_is_accounted_for_and_all_else_stays_in_its_place(repairer, text):
    repaired = repairer(text)
    _holds(text, repaired)
    if not repaired.changes:
        assert repaired.mapped.text == text and repaired.mapped.is_identity


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_repairing_again_changes_little(repairer, text):
    once = repairer(text).mapped.text
    again = repairer(once)
    assert len(again.changes) <= 2


@given(st.text("abc中国", max_size=30), st.data())
def test_changes_carried_out_one_step_after_another_map_to_the_first_text(text, data):
    def step(current: str):
        size = len(current)
        changes = []
        for _ in range(data.draw(st.integers(0, 3))):
            start = data.draw(st.integers(0, size))
            end = data.draw(st.integers(start, min(size, start + 3)))
            after = data.draw(st.sampled_from(["", "x", "yy"]))
            changes.append(Change("test", start, end, current[start:end], after, "test"))
        return edited(current, changes)

    outcome = compose(text, [step, step])
    assert outcome.mapped.source_length == len(text)
    for change in outcome.changes:
        assert change.before == text[change.start : change.end]


def test_of_changes_that_overlap_the_first_is_kept():
    outcome = edited("abcd", [Change("t", 1, 3, "bc", "X", ""), Change("t", 2, 4, "cd", "Y", "")])
    assert outcome.mapped.text == "aXd"
    assert [change.after for change in outcome.changes] == ["X"]


def test_a_change_to_what_already_stands_there_is_none():
    assert edited("ab", [Change("t", 0, 1, "a", "a", "")]).changes == unchanged("ab").changes


def test_an_insertion_has_an_empty_source():
    outcome = edited("ab", [Change("t", 1, 1, "", "。", "")])
    assert outcome.mapped.text == "a。b"
    span = outcome.mapped.to_source(1, 2)
    assert span.start == span.end


def test_plain_text_comes_back_as_it_is():
    text = "疫情就是命令，防控就是责任。我们对打赢这场战役充满信心。"
    assert repair(text).mapped.is_identity
    assert repair(text).changes == ()


@pytest.mark.parametrize(
    "text",
    [
        "<" * 20000,
        "&" * 20000,
        "(zé" * 7000,
        "人" * 20000,
        "?！" * 10000,
        "中 " * 10000,
        "Φ" * 5000,
        "é" * 20000,
        "<p " * 7000,
    ],
)
def test_long_repetitions_are_finished(repairer, text):
    _holds(text[:200], repairer(text[:200]))
    assert repairer(text).mapped.source_length == len(text)


def test_lone_surrogates_and_control_characters_pass(repairer):
    rng = random.Random(1)
    text = "".join(rng.choice("\ud800\udfff\x00\x7f中a") for _ in range(200))
    _holds(text, repairer(text))
