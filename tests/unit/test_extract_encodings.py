"""The table of declared, actual and broken encodings, each with its outcome: a text, or a refusal with its reason."""

from __future__ import annotations

import codecs

import pytest

from qa_service.errors import Rejected
from qa_service.text.decode import Decoded, decode
from qa_service.text.extract import extract

CN = "市图书馆每周一闭馆，节假日另行通知。办理借书证需携带身份证原件，押金一百元，可在一楼服务台退还。"
TW = "市立圖書館每週一休館，國定假日另行公告。辦理借書證請攜帶身分證正本，押金一百元，可於一樓服務臺退還。"
FOUR_BYTE = "㐀㐁𠀀𠀁，" + CN
GERMAN = "Der Bürgermeister eröffnet die Straße für Fußgänger, über tausend Gäste kämen früh, sagte er den Hörern."
UTF8_AS_GBK = CN.encode("utf-8").decode("gb18030", errors="replace")

DECODED = [
    # what it is, the bytes, declared, text, encoding, notes
    ("GBK declared", CN.encode("gbk"), "gbk", CN, "gb18030", 0),
    ("GBK declared as its subset", CN.encode("gbk"), "gb2312", CN, "gb18030", 0),
    ("GBK not declared", CN.encode("gbk"), None, CN, "gb18030", 0),
    ("GBK declared as Latin-1", CN.encode("gbk"), "iso-8859-1", CN, "gb18030", 0),
    ("GBK declared as Windows-1252", CN.encode("gbk"), "windows-1252", CN, "gb18030", 0),
    ("GBK declared as UTF-8", CN.encode("gbk"), "utf-8", CN, "gb18030", 0),
    ("GBK declared as nonsense", CN.encode("gbk"), "chinese!", CN, "gb18030", 0),
    ("UTF-8 declared as GBK", CN.encode("utf-8"), "gbk", CN, "utf-8", 0),
    ("UTF-8 declared as Latin-1", CN.encode("utf-8"), "latin1", CN, "utf-8", 0),
    ("UTF-8 declared as Big5", TW.encode("utf-8"), "big5", TW, "utf-8", 0),
    # Damage done before the bytes were written is text like any other here; repairing it is a later step.
    ("UTF-8 read as GBK, saved as UTF-8", UTF8_AS_GBK.encode("utf-8"), None, UTF8_AS_GBK, "utf-8", 0),
    ("Big5 declared", TW.encode("big5"), "big5", TW, "cp950", 0),
    ("Big5 not declared", TW.encode("big5"), None, TW, "cp950", 0),
    ("Big5 declared as Latin-1", TW.encode("big5"), "latin-1", TW, "cp950", 0),
    ("GB18030 of four bytes", FOUR_BYTE.encode("gb18030"), None, FOUR_BYTE, "gb18030", 0),
    ("GB18030 of four bytes declared as GBK", FOUR_BYTE.encode("gb18030"), "gbk", FOUR_BYTE, "gb18030", 0),
    ("UTF-16 LE without a mark", CN.encode("utf-16-le"), None, CN, "utf-16-le", 0),
    ("UTF-16 BE without a mark", CN.encode("utf-16-be"), None, CN, "utf-16-be", 0),
    ("UTF-16 with a mark, declared as GBK", codecs.BOM_UTF16_LE + CN.encode("utf-16-le"), "gbk", CN, "utf-16-le", 0),
    ("German declared as Latin-1", GERMAN.encode("latin-1"), "latin-1", GERMAN, "cp1252", 0),
    ("UTF-8 cut after 1 byte of 3", CN[:-1].encode()[:-2], None, CN[:-2], "utf-8", 1),
    ("UTF-8 cut after 2 bytes of 3", CN[:-1].encode()[:-1], None, CN[:-2], "utf-8", 2),
    ("UTF-8 cut, declared", CN[:-1].encode()[:-1], "utf-8", CN[:-2], "utf-8", 2),
    ("UTF-8 cut, declared as GBK", CN[:-1].encode()[:-1], "gbk", CN[:-2], "utf-8", 2),
    ("UTF-8 with a mark, cut", codecs.BOM_UTF8 + CN[:-1].encode()[:-1], None, CN[:-2], "utf-8", 2),
    ("GBK cut", CN[:-1].encode("gbk")[:-1], None, CN[:-2], "gb18030", 1),
    ("GBK cut, declared", CN[:-1].encode("gbk")[:-1], "gbk", CN[:-2], "gb18030", 1),
    ("GB18030 cut in four bytes", (CN + "㐀").encode("gb18030")[:-1], "gb18030", CN, "gb18030", 3),
    ("Big5 cut", TW[:-1].encode("big5")[:-1], None, TW[:-2], "cp950", 1),
    ("Big5 cut, declared", TW[:-1].encode("big5")[:-1], "big5", TW[:-2], "cp950", 1),
    ("UTF-16 without a mark, cut", CN.encode("utf-16-le")[:-1], None, CN[:-1], "utf-16-le", 1),
    ("UTF-16 with a mark, cut", codecs.BOM_UTF16_BE + CN.encode("utf-16-be")[:-1], None, CN[:-1], "utf-16-be", 1),
    ("UTF-16 cut in a pair", codecs.BOM_UTF16_LE + (CN + "😀").encode("utf-16-le")[:-2], None, CN, "utf-16-le", 2),
]


@pytest.mark.parametrize(
    ("content", "declared", "text", "encoding", "dropped"),
    [row[1:] for row in DECODED],
    ids=[row[0] for row in DECODED],
)
def test_decoded(content: bytes, declared: str | None, text: str, encoding: str, dropped: int) -> None:
    decoded = decode(content, declared)
    assert (decoded.text, decoded.encoding) == (text, encoding)
    note = f"the file ends inside a character; its last {dropped} bytes were dropped"
    assert decoded.notes == ((note,) if dropped else ())


MIXED = CN.encode("utf-8") * 4 + "版权所有".encode("gbk") + CN.encode("utf-8")
REJECTED = [
    ("UTF-8 with GBK in it", MIXED, None, "invalid bytes at byte"),
    ("UTF-8 with GBK in it, declared", MIXED, "utf-8", "invalid bytes at byte"),
    ("UTF-8 with a byte lost in it", CN.encode()[:40] + CN.encode()[41:], None, "invalid bytes at byte 39"),
    ("UTF-8 mark before GBK", codecs.BOM_UTF8 + CN.encode("gbk"), None, "byte-order mark says so"),
    ("UTF-32 mark before no code point", codecs.BOM_UTF32_BE + CN.encode("utf-32-be") + b"\xff" * 4, None, "utf-32"),
    ("random bytes", bytes(range(256)), None, "binary file"),
]


@pytest.mark.parametrize(
    ("content", "declared", "reason"), [row[1:] for row in REJECTED], ids=[row[0] for row in REJECTED]
)
def test_rejected_with_the_reason(content: bytes, declared: str | None, reason: str) -> None:
    with pytest.raises(Rejected, match=reason) as caught:
        decode(content, declared)
    assert caught.value.remedy


def test_a_page_mixed_of_two_charsets_keeps_what_is_readable() -> None:
    decoded = decode(MIXED, None, lenient=True)
    assert decoded.encoding == "utf-8"
    assert decoded.text.replace("\ufffd", "").startswith(CN * 4)
    assert decoded.text.endswith(CN)
    faults = decoded.text.count("\ufffd")
    assert decoded.notes == (f"{faults} invalid bytes or byte sequences were replaced by U+FFFD",)


def test_a_page_that_is_mostly_invalid_is_refused_even_so() -> None:
    with pytest.raises(Rejected):
        decode(codecs.BOM_UTF8 + CN.encode("gbk"), lenient=True)


NEWS = "昨天下午三点，国务院总理在北京会见了来访的客人，双方就共同关心的问题交换了意见。"
TW_NEWS = "昨天下午三點，行政院長在臺北會見來訪的客人，雙方就共同關心的問題交換意見。"
IN_GB = ("parts of the file are in gb18030, the rest in utf-8",)
IN_BIG5 = ("parts of the file are in cp950, the rest in utf-8",)
Line = tuple[str, str]
MIXED_LINES: list[tuple[str, list[Line], tuple[str, ...]]] = [
    ("UTF-8, then GBK", [(CN, "utf-8"), (NEWS, "gbk")], IN_GB),
    ("GBK, then UTF-8", [(NEWS, "gbk"), (CN, "utf-8")], IN_GB),
    ("mostly UTF-8", [(CN, "utf-8")] * 12 + [(NEWS, "gbk")], IN_GB),
    ("mostly GBK", [(NEWS, "gbk")] * 20 + [(CN, "utf-8")], IN_GB),
    ("alternating", [(CN, "utf-8"), (NEWS, "gbk")] * 6, IN_GB),
    ("four bytes in GB18030", [(CN, "utf-8"), (FOUR_BYTE, "gb18030"), (NEWS, "gbk")], IN_GB),
    ("UTF-8, then Big5", [(TW, "utf-8"), (TW_NEWS, "big5")], IN_BIG5),
    ("Big5, then UTF-8", [(TW_NEWS, "big5"), (TW, "utf-8")], IN_BIG5),
    ("short lines of UTF-8", [(NEWS, "gbk"), ("年满", "utf-8"), ("开幕", "utf-8"), (NEWS, "gbk")], IN_GB),
    ("short lines of GBK", [(CN, "utf-8"), ("全市", "gbk"), ("處", "gbk"), (NEWS, "gbk"), (CN, "utf-8")], IN_GB),
    ("a Latin letter after UTF-8", [(CN, "utf-8"), ("café", "utf-8"), (NEWS, "gbk")], IN_GB),
    ("what may be a Latin letter after GBK", [(NEWS, "gbk"), ("35路", "gbk"), (CN, "utf-8")], IN_GB),
]
DECLARED = [None, "utf-8", "gbk", "big5", "latin-1", "koi8-r", "windows-1256"]


def _joined(lines: list[Line], end: str) -> tuple[bytes, str]:
    return b"".join((line + end).encode(encoding) for line, encoding in lines), "".join(line + end for line, _ in lines)


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize(("lines", "notes"), [row[1:] for row in MIXED_LINES], ids=[row[0] for row in MIXED_LINES])
def test_lines_of_two_charsets_are_each_read_in_theirs(
    lines: list[Line], notes: tuple[str, ...], declared: str | None
) -> None:
    for end in ("\n", "\r\n", "<br>"):
        content, text = _joined(lines, end)
        for lenient in (False, True):
            assert decode(content, declared, lenient=lenient) == Decoded(text, "utf-8", notes)


def test_long_runs_of_two_charsets_in_one_line() -> None:
    for first, second in (("utf-8", "gbk"), ("gbk", "utf-8")):
        assert decode(CN.encode(first) + NEWS.encode(second)) == Decoded(CN + NEWS, "utf-8", IN_GB)


def test_a_byte_order_mark_of_utf8_before_lines_of_two_charsets() -> None:
    content, text = _joined([(CN, "utf-8"), (NEWS, "gbk")], "\n")
    assert decode(codecs.BOM_UTF8 + content) == Decoded(text, "utf-8", IN_GB)


@pytest.mark.parametrize("charset", [None, "utf-8", "gbk"])
@pytest.mark.parametrize("first", ["utf-8", "gbk"])
def test_files_of_two_charsets_are_extracted_with_a_note(first: str, charset: str | None) -> None:
    second = "gbk" if first == "utf-8" else "utf-8"
    plain = extract((CN + "\n").encode(first) + NEWS.encode(second), "text/plain", charset)
    assert (plain.text, plain.notes) == (f"{CN}\n{NEWS}", IN_GB)
    page = b"<html><body><p>" + CN.encode(first) + b"</p><p>" + NEWS.encode(second) + b"</p></body></html>"
    found = extract(page, "text/html", charset)
    assert (found.text.split(), found.notes[:1]) == ([CN, NEWS], IN_GB)


@pytest.mark.parametrize("declared", [None, "utf-8", "latin-1", "koi8-r", "windows-1256", "windows-874"])
@pytest.mark.parametrize(
    "content",
    [
        CN.encode() + b"\n" + GERMAN.encode("latin-1"),
        (CN[:20] + "\n").encode() + "Библиотека закрыта по понедельникам".encode("koi8-r"),
        CN[:20].encode() + b"\xe5" + NEWS[:9].encode("gbk") + b"\xff\n",
        CN[:20].encode() + "版权".encode("gbk"),
    ],
    ids=["with Latin-1", "with koi8-r", "with damaged GBK", "with too little GBK"],
)
def test_what_is_largely_utf8_is_never_read_in_an_8_bit_charset(content: bytes, declared: str | None) -> None:
    with pytest.raises(Rejected, match="invalid bytes at byte"):
        decode(content, declared)


def test_utf8_of_two_bytes_with_latin1_is_refused_too() -> None:
    with pytest.raises(Rejected, match="invalid bytes at byte"):
        decode((GERMAN * 3).encode() + GERMAN.encode("latin-1"))
    with pytest.raises(Rejected, match="invalid bytes at byte"):
        decode("Библиотека закрыта по понедельникам\n".encode() + "Паспорт и фотография".encode("cp1251"))
    with pytest.raises(Rejected, match="invalid bytes at byte"):
        decode("öüäß".encode() + "ö ".encode("latin-1"), "utf-8")


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (GERMAN, "latin-1", "cp1252"),
        ("Всё её имущество, РФ и СССР. Её ещё не видели в библиотеке.", "koi8-r", "koi8-r"),
        ("Всё её имущество, «РФ» и СССР. Её ещё не видели в библиотеке.", "cp1251", "cp1251"),
        ("ZAŻÓŁĆ GĘŚLĄ JAŹŃ. SPÓŁKA Z ŁODZI; zażółć gęślą jaźń", "cp1250", "cp1250"),
        ("المكتبة مغلقة كل يوم اثنين، يرجى إحضار بطاقة الهوية", "cp1256", "cp1256"),
        ("กรุณานำบัตรกรุณานำบัตร", "cp874", "cp874"),
        ("Події в Азії, технології та енергії: дії її мрії.", "cp1251", "cp1251"),
        ("ห้องสมุดปิดทุกวันจันทร์ เกมแพงเพลงเดินทาง กรุณานำบัตรประชาชนมา", "cp874", "cp874"),
        ("図書館は毎週月曜日が休館日です。らしさからるらりるれろです。", "cp932", "cp932"),
        ("도서관은 매주 월요일에 쉽니다. 신분증을 가져오시기 바랍니다.", "cp949", "cp949"),
    ],
)
def test_files_in_one_charset_are_read_as_before(text: str, encoding: str, name: str) -> None:
    for declared in (encoding, None, "utf-8"):
        for content, expected in ((text.encode(encoding), text), (f"{text}\n".encode(encoding) * 9, f"{text}\n" * 9)):
            assert decode(content, declared) == Decoded(expected, name)


def test_a_few_letters_that_might_be_utf8_are_read_as_declared() -> None:
    assert decode("«CAFÉ» é".encode("latin-1"), "latin-1") == Decoded("«CAFÉ» é", "cp1252")


def test_gbk_that_quotes_garbled_text_stays_gbk() -> None:
    text = f"网页显示“{CN[:6].encode().decode('gb18030')}”，即为乱码。{NEWS}"
    for declared in ("gbk", None, "utf-8"):
        assert decode(text.encode("gb18030"), declared) == Decoded(text, "gb18030")
