"""The table of declared, actual and broken encodings, each with its outcome: a text, or a refusal with its reason."""

from __future__ import annotations

import codecs

import pytest

from qa_service.errors import Rejected
from qa_service.text.decode import decode

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
