"""PDF: text layer, paragraphs, and what is refused; nothing here is written by a PDF library."""

from __future__ import annotations

import sys

import pytest

from qa_service.errors import Rejected
from qa_service.text.extraction import pdf as pdf_module
from qa_service.text.extraction.pdf import read
from qa_service.text.extraction.wrapped import join_wrapped, joined
from tests.unit.documents import pdf

pytest.importorskip("pypdf")
FULL = "市图书馆每周一闭馆，节假日另行通知，请各位读者提前安排好自己"
LAST = "的借阅时间。"


def test_chinese_text_and_lines_of_one_paragraph() -> None:
    found = read(pdf([["开放时间", FULL, LAST, "请勿占座。"]]), None)
    assert found.text == f"开放时间\n{FULL}{LAST}\n请勿占座。"
    assert (found.encoding, found.notes) == ("binary", ())


def test_a_sentence_runs_on_over_a_page_and_its_number() -> None:
    assert read(pdf([[FULL, "- 1 -"], [LAST, "第 2 页"]]), None).text == FULL + LAST


@pytest.mark.parametrize(
    ("info", "title"), [("年度报告", "年度报告"), ("Microsoft Word - 报告.doc", None), ("a.docx", None), ("", None)]
)
def test_the_title_unless_it_is_a_file_name(info: str, title: str | None) -> None:
    assert (read(pdf([[FULL]], info=info), None).title or None) == title


def test_no_text_layer_needs_ocr() -> None:
    with pytest.raises(Rejected, match=r"none of its 2 pages has a text layer.*OCR"):
        read(pdf([[], []]), None)


def test_encrypted() -> None:
    with pytest.raises(Rejected, match="encrypted") as caught:
        read(pdf([[FULL]], encrypted=True), None)
    assert "password" in (caught.value.remedy or "")


def test_cut_off_anywhere_is_refused_or_noted() -> None:
    content = pdf([[FULL, LAST]] * 3)
    for end in range(20, content.rindex(b"%%EOF"), 37):
        try:
            found = read(content[:end], None)
        except Rejected as error:
            assert "cut off" in error.detail or "pages" in error.detail, end
        else:
            assert any("cut off" in note or "could not be read" in note for note in found.notes), end
    with pytest.raises(Rejected, match="cut off or damaged"):
        read(content[: content.index(b"xref")], None)


def test_a_lost_end_mark_is_noted() -> None:
    found = read(pdf([[FULL, LAST]]).rsplit(b"%%EOF")[0], None)
    assert found.text == FULL + LAST
    assert found.notes == ("the file is cut off or damaged; 1 pages were found",)


def test_a_page_that_cannot_be_read_is_left_out_and_noted() -> None:
    content = pdf([[FULL, LAST], ["请勿占座。"]]).replace(b"/Contents 7 0 R", b"/Contents(7 0 )")
    found = read(content, None)
    assert "请勿占座。" in found.text
    assert found.notes in (("1 of 2 pages could not be read",), ())


def test_too_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_module, "MAX_PAGES", 2)
    with pytest.raises(Rejected, match="3 pages, 1 to 2 are allowed"):
        read(pdf([[FULL]] * 3), None)
    with pytest.raises(Rejected, match="0 pages"):
        read(pdf([]), None)


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(Rejected) as caught:
        read(pdf([[FULL]]), None)
    assert caught.value.remedy == "install qa-service[pdf]"


@pytest.mark.parametrize(
    ("before", "after", "both"),
    [
        ("中文", "接着", "中文接着"),
        ("wrapped", "words", "wrapped words"),
        ("informa-", "tion", "information"),
        ("A-", "B", "A- B"),
        ("用 Python", "语言", "用 Python语言"),
        ("한국어", "문장", "한국어 문장"),
        ("", "甲", "甲"),
    ],
)
def test_joining(before: str, after: str, both: str) -> None:
    assert joined(before, after) == both


def test_lines_that_do_not_run_on() -> None:
    assert join_wrapped([FULL, "　　" + LAST]) == [FULL, LAST]
    assert join_wrapped([FULL, "", LAST]) == [FULL, LAST]
    assert join_wrapped([FULL + "。", LAST]) == [FULL + "。", LAST]
    assert join_wrapped([FULL, "（一）总则", "第二条 " + LAST]) == [FULL, "（一）总则", "第二条 " + LAST]
    assert join_wrapped(["短", "行"]) == ["短", "行"]
    assert join_wrapped([]) == []
