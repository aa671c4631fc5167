from __future__ import annotations

import pytest

from qa_service.text.repair.pinyin import repair_pinyin
from qa_service.text.repair.readings import can_spell


def test_a_converters_pinyin_goes():
    dirty = "防控就是責(zé)任。堅(jiān)定信心、同舟共濟(jì)、科學(xué)防治、精準(zhǔn)施策，來(lái)抓"
    step = repair_pinyin(dirty)
    assert step.mapped.text == "防控就是責任。堅定信心、同舟共濟、科學防治、精準施策，來抓"
    assert all(change.kind == "pinyin" for change in step.changes)


def test_wide_brackets_and_readings_of_other_tones_go_too():
    assert repair_pinyin("重（zhòng）要，重（chóng）新，長（cháng）期").mapped.text == "重要，重新，長期"


def test_what_the_character_cannot_spell_stays():
    text = "責(zé)任、堅(jiān)定、濟(jì)，国(guo2)、人(wǒ)、新冠(COVID)、世卫(WHO)"
    kept = repair_pinyin(text).mapped.text
    assert "人(wǒ)" in kept and "(COVID)" in kept and "(WHO)" in kept and "(guo2)" in kept


def test_one_alone_goes_after_a_character_that_converters_make():
    assert repair_pinyin("這是我們的責(zé)任。").mapped.text == "這是我們的責任。"


def test_a_reading_given_on_purpose_stays():
    text = "亳（bó）州位于安徽省。"
    assert repair_pinyin(text).changes == ()


@pytest.mark.parametrize(
    ("char", "syllable", "can"),
    [
        ("责", "zé", True),
        ("责", "ze", True),
        ("责", "zè", False),
        ("重", "chóng", True),
        ("绿", "lǜ", True),
        ("人", "ré", False),
        ("a", "a", False),
    ],
)
def test_can_spell(char, syllable, can):
    assert can_spell(char, syllable) is can
