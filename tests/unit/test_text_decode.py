"""Decoding: every charset named in the docs, declared and not, and what is refused."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qa_service.errors import Rejected
from qa_service.text.charsets import codec_for
from qa_service.text.decode import Decoded, check_text, decode
from qa_service.text.utf16 import guess_utf16

SIMPLIFIED = "市图书馆每周一闭馆，节假日另行通知。办理借书证需携带身份证原件，押金一百元，可在一楼服务台退还。"
TRADITIONAL = "市立圖書館每週一休館，國定假日另行公告。辦理借書證請攜帶身分證正本，押金一百元，可於一樓服務臺退還。"
HONG_KONG = "巴士站喺對面馬路，唔該你行過去。啲街坊話嗰度嘅茶餐廳好好食，佢哋成日去飲茶傾偈。"
JAPANESE = "図書館は毎週月曜日が休館日です。貸出カードを作るには、本人確認書類をお持ちください。"
KOREAN = "도서관은 매주 월요일에 쉽니다. 대출증을 만들려면 신분증을 가져오시기 바랍니다."
RUSSIAN = "Библиотека закрыта по понедельникам. Для получения билета возьмите с собой паспорт и фотографию."

SAMPLES = [
    (SIMPLIFIED, "utf-8", "utf-8"),
    (SIMPLIFIED, "gb18030", "gb18030"),
    (SIMPLIFIED, "gbk", "gb18030"),
    (SIMPLIFIED, "gb2312", "gb18030"),
    (TRADITIONAL, "gb18030", "gb18030"),
    (TRADITIONAL, "big5", "cp950"),
    (HONG_KONG, "big5hkscs", "big5hkscs"),
    (JAPANESE, "shift_jis", "cp932"),
    (KOREAN, "euc-kr", "cp949"),
    (RUSSIAN, "windows-1251", "cp1251"),
    (RUSSIAN, "koi8-r", "koi8-r"),
    (SIMPLIFIED, "utf-16-le", "utf-16-le"),
    (TRADITIONAL, "utf-16-be", "utf-16-be"),
    (RUSSIAN, "utf-16-le", "utf-16-le"),
]


@pytest.mark.parametrize(("text", "encoding", "name"), SAMPLES)
def test_undeclared_text_is_read_in_its_charset(text: str, encoding: str, name: str) -> None:
    assert decode(text.encode(encoding)) == Decoded(text, name)


@pytest.mark.parametrize(("text", "encoding", "name"), SAMPLES)
def test_declared_text_is_read_in_its_charset_however_short(text: str, encoding: str, name: str) -> None:
    decoded = decode(text[:2].encode(encoding), encoding)
    assert decoded.text == text[:2]


@pytest.mark.parametrize(
    ("bom", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides_and_is_no_part_of_the_text(bom: bytes, encoding: str) -> None:
    text = "行政公告\r\nline\0😀"
    assert decode(bom + text.encode(encoding), "gbk") == Decoded(text, encoding)


def test_only_one_byte_order_mark_is_taken_off() -> None:
    assert check_text("\ufeff\ufeffa") == "\ufeffa"
    assert check_text("a\ufeff") == "a\ufeff"


def test_a_wrong_declaration_gives_way_to_what_the_bytes_are() -> None:
    assert decode(SIMPLIFIED.encode("gb18030"), "utf-8").text == SIMPLIFIED
    assert decode(SIMPLIFIED.encode("utf-8"), "gbk").text == SIMPLIFIED
    assert decode(SIMPLIFIED.encode("utf-8"), "iso-8859-1").text == SIMPLIFIED
    assert decode(SIMPLIFIED.encode("utf-8"), "no-such-charset").text == SIMPLIFIED


def test_a_declared_charset_is_believed_where_bytes_are_ambiguous() -> None:
    # Valid as two-byte UTF-8 too.
    content = b"\xd6\xaa"
    assert decode(content, "gbk").text == content.decode("gbk")
    assert decode(content).text == content.decode("utf-8")


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("GB2312", "gb18030"),
        (' "x-gbk" ', "gb18030"),
        ("Big5-HKSCS", "big5"),
        ("ISO-8859-1", "cp1252"),
        ("US-ASCII", "cp1252"),
        ("Shift_JIS", "cp932"),
        ("ks_c_5601-1987", "cp949"),
        ("UTF-16", "utf-16-le"),
        ("iso-8859-15", "iso8859-15"),
        ("rot13", None),
        ("unicode_escape", None),
        ("utf-7", None),
        ("idna", None),
        ("no\0such", None),
        ("", None),
        (None, None),
    ],
)
def test_labels_name_the_charset_in_real_use_and_nothing_else(label: str | None, codec: str | None) -> None:
    assert codec_for(label) == codec


def test_letters_that_begin_binary_files_may_begin_an_article() -> None:
    for start in ("BM", "MZ", "ID3 ", "OTTO"):
        text = start + SIMPLIFIED
        assert decode(text.encode("gb18030")).text == text
        assert decode(text.encode("utf-8")).text == text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n" + SIMPLIFIED.encode(), "PDF"),
        (b"PK\x03\x04" + bytes(30), "ZIP"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "PNG"),
        (b"\xff\xd8\xff\xe0" + bytes(30), "JPEG"),
        (b"\x1f\x8b\x08" + bytes(30), "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(30), "office"),
        (b"{\\rtf1 text}", "RTF"),
    ],
)
def test_known_binary_formats_are_named(content: bytes, kind: str) -> None:
    for declared in (None, "utf-8", "gbk"):
        with pytest.raises(Rejected, match=kind):
            decode(content, declared)


def test_nul_bytes_outside_utf16_mean_binary() -> None:
    with pytest.raises(Rejected, match="NUL at byte 5") as caught:
        decode(b"hello\0\0world!!")
    assert "UTF-8" in (caught.value.remedy or "")


def test_a_declared_text_may_hold_a_stray_nul() -> None:
    text = "甲乙丙\0丁戊己庚辛壬癸" * 5
    assert decode(text.encode("utf-8"), "utf-8").text == text


def test_control_characters_mean_binary() -> None:
    with pytest.raises(Rejected, match="control characters"):
        decode(bytes(range(1, 9)) * 20)
    assert decode("a\tb\nc\r\n".encode("ascii")).text == "a\tb\nc\r\n"


def test_utf8_with_one_bad_byte_is_refused_and_not_misread() -> None:
    content = bytearray(SIMPLIFIED.encode("utf-8"))
    content[40] = 0xFF
    with pytest.raises(Rejected, match="tried utf-8, utf-16 and detection; invalid bytes at byte"):
        decode(bytes(content))


def test_bytes_that_deny_their_byte_order_mark_are_refused() -> None:
    with pytest.raises(Rejected, match="byte-order mark"):
        decode(codecs.BOM_UTF8 + b"\xff\xfe\xfd")
    with pytest.raises(Rejected, match="byte-order mark"):
        decode(codecs.BOM_UTF16_LE + b"\x3d\xd8a\0")


def test_lone_surrogates_are_refused_with_their_place() -> None:
    with pytest.raises(Rejected, match=r"U\+D83D at character 2"):
        check_text("ab\ud83dc")
    with pytest.raises(Rejected):
        decode(codecs.BOM_UTF16_LE + b"\x3d\xd8a\0")


def test_empty_bytes_are_an_empty_text() -> None:
    assert decode(b"") == Decoded("", "utf-8")
    assert decode(codecs.BOM_UTF8).text == ""


def test_eight_bit_text_is_not_taken_for_utf16() -> None:
    words = ["the café of the town", "a naïve idea, he said", "über die Straße nach", "307 été à Nîmes, oui"]
    for text in words:
        for size in range(8, len(text) + 1):
            assert guess_utf16(text[:size].encode("cp1252")) is None


@given(st.text())
def test_utf8_of_any_text_comes_back(text: str) -> None:
    assume("\0" not in text)
    try:
        decoded = decode(text.encode("utf-8"))
    except Rejected as error:
        assert "binary" in error.detail or "not text" in error.detail
    else:
        assert decoded == Decoded(text.removeprefix("\ufeff"), "utf-8")


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "gbk", "big5", "utf-16", "latin-1", "\0", "x" * 100]))
def test_any_bytes_are_decoded_or_refused(content: bytes, declared: str | None) -> None:
    try:
        decoded = decode(content, declared)
    except Rejected as error:
        assert error.remedy
    else:
        assert decoded.text == decoded.text.encode("utf-8").decode("utf-8")


@given(st.text(alphabet=st.characters(codec="gb18030", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_declared_gb18030_comes_back(text: str) -> None:
    content = text.encode("gb18030")
    assume(content.decode("gb18030") == text and not content.startswith((b"%PDF", b"PK", b"{\\rtf", b"\xff", b"\xef")))
    assume(text.isascii() or not _is_utf8(content))
    assert decode(content, "gb18030").text == text.removeprefix("\ufeff")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
