"""DOCX and EPUB: what is read of them, and bombs, cut and damaged ones."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from qa_service.errors import Rejected
from qa_service.text.extraction import archive as archive_module
from qa_service.text.extraction.archive import Archive, parse_xml
from qa_service.text.extraction.docx import read as read_docx
from qa_service.text.extraction.epub import read as read_epub
from tests.unit.documents import archive, docx, epub, paragraph

TEXT = "社区服务中心：周一至周五开放。"
CORE = (
    '<cp:coreProperties xmlns:cp="c" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>报告</dc:title><dc:creator>张三</dc:creator></cp:coreProperties>"
)


def chapter(text: str) -> str:
    head = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>章</title></head>'
    return f"{head}<body>{text}</body></html>"


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (paragraph("甲") + paragraph("") + paragraph("乙"), "甲\n乙"),
        (
            f"<w:p>{run('甲')}<w:r><w:tab/><w:t xml:space='preserve'>乙 </w:t><w:br/></w:r>{run('丙')}</w:p>",
            "甲\t乙 \n丙",
        ),
        (
            f"<w:p><w:ins>{run('增')}</w:ins><w:del><w:r><w:delText>删</w:delText></w:r></w:del>{run('留')}</w:p>",
            "增留",
        ),
        (f"<w:sdt><w:sdtContent>{paragraph('控件')}</w:sdtContent></w:sdt>", "控件"),
        (f"<w:p><w:hyperlink>{run('链接')}</w:hyperlink><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>", "链接"),
        (
            "<w:tbl>"
            + "".join(
                f"<w:tr><w:tc>{paragraph(a)}{paragraph(a)}</w:tc><w:tc>{paragraph(b)}</w:tc></w:tr>"
                for a, b in (("姓", "岁"), ("张", "三"))
            )
            + f"</w:tbl>{paragraph('后')}",
            "姓 姓 | 岁\n张 张 | 三\n后",
        ),
        (
            f"<w:p>{run('外')}<w:r><w:Choice><w:txbxContent>{paragraph('框')}</w:txbxContent></w:Choice>"
            f"<w:Fallback>{paragraph('框')}</w:Fallback></w:r></w:p>",
            "框\n外",
        ),
        (
            f"<w:p><w:r><w:ruby><w:rt>{run('zé')}</w:rt><w:rubyBase>{run('責')}</w:rubyBase></w:ruby></w:r>{run('任')}</w:p>",
            "責任",
        ),
    ],
)
def test_word_documents(body: str, text: str) -> None:
    assert read_docx(docx(body), None).text == text


def test_word_notes_and_attributes() -> None:
    notes = docx(paragraph("注"))
    with zipfile.ZipFile(io.BytesIO(notes)) as file:
        footnotes = file.read("word/document.xml").decode()
    found = read_docx(docx(paragraph(TEXT), {"word/footnotes.xml": footnotes, "docProps/core.xml": CORE}), None)
    assert (found.text, found.title, found.author) == (f"{TEXT}\n注", "报告", "张三")


def test_books_in_reading_order() -> None:
    metadata = (
        "<dc:title>书名</dc:title><dc:creator>甲</dc:creator><dc:creator>乙</dc:creator><dc:date>2020-01-02</dc:date>"
    )
    chapters = {"b.xhtml": chapter("<h1>一</h1><p>甲。</p>"), "sub/a%20b.xhtml": "", "c.xhtml": chapter("<p>乙。</p>")}
    chapters["nav.xhtml"] = chapter("<p>目录</p>")
    book = epub(chapters, {"OEBPS/sub/a b.xhtml": chapter("<p>中。</p>")}, metadata)
    found = read_epub(book, None)
    assert found.text == "一\n甲。\n中。\n乙。"
    assert (found.title, found.author, found.published_at, found.notes) == ("书名", "甲, 乙", "2020-01-02", ())


def test_a_missing_chapter_is_noted_and_one_outside_the_book_is_missing() -> None:
    book = epub({"a.xhtml": chapter("<p>甲。</p>"), "../../../etc/passwd": ""})
    with zipfile.ZipFile(io.BytesIO(book)) as file:
        files = {name: file.read(name) for name in file.namelist() if "passwd" not in name}
    found = read_epub(archive(files), None)
    assert (found.text, found.notes) == ("甲。", ("1 chapters that it names are missing",))


def encryption(method: str) -> dict[str, str]:
    data = f'<EncryptedData><EncryptionMethod Algorithm="{method}"/></EncryptedData>'
    return {"META-INF/encryption.xml": f"<encryption>{data}</encryption>"}


def test_protected_books_are_refused_and_scrambled_fonts_do_not_matter() -> None:
    book = {"a.xhtml": chapter("<p>甲。</p>")}
    with pytest.raises(Rejected, match="protected"):
        read_epub(epub(book, encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")), None)
    assert read_epub(epub(book, encryption("http://www.idpf.org/2008/embedding")), None).text == "甲。"


def test_a_bomb_that_tells_its_size_is_refused_unread() -> None:
    bomb = docx(paragraph("字" * 20_000_000))
    assert len(bomb) < 200_000
    with pytest.raises(Rejected, match="bomb"):
        read_docx(bomb, None)


def test_a_bomb_that_lies_about_its_size_is_refused_while_it_is_read() -> None:
    bomb = bytearray(docx(paragraph("字" * 20_000_000)))
    size = next(
        info.file_size for info in zipfile.ZipFile(io.BytesIO(bomb)).infolist() if info.filename == "word/document.xml"
    )
    place = bytes(bomb).rfind(struct.pack("<L", size))
    bomb[place : place + 4] = struct.pack("<L", 1000)
    with pytest.raises(Rejected, match=r"bomb|damaged"):
        read_docx(bytes(bomb), None)


def test_no_size_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Archive(archive({"a": "x" * 100_000}))
    with pytest.raises(Rejected, match="more than the 1,000 bytes"):
        opened._unpack(opened._infos["a"], 1_000)
    monkeypatch.setattr(Archive, "_unpack", lambda *_: pytest.fail("a size over the limit was unpacked"))
    with pytest.raises(Rejected, match="bomb"):
        read_docx(docx(paragraph("字" * 20_000_000)), None)


def test_the_limit_holds_for_all_parts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_READ_BYTES", 1500)
    book = epub({f"{number}.xhtml": chapter("<p>" + "字" * 100 + "</p>") for number in range(5)})
    with pytest.raises(Rejected, match="bomb"):
        read_epub(book, None)


def test_too_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_ENTRIES", 3)
    with pytest.raises(Rejected, match="more than 3 files"):
        Archive(archive({str(number): "x" for number in range(4)}))


def test_a_container_inside_is_not_opened() -> None:
    inner = docx(paragraph("内"))
    assert read_docx(docx(paragraph(TEXT), {"word/embeddings/inner.docx": inner.decode("latin-1")}), None).text == TEXT


def test_encrypted_and_unusual_members() -> None:
    data = bytearray(docx(paragraph(TEXT)))
    flag = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1) + 8
    data[flag] |= 1
    with pytest.raises(Rejected, match="encrypted"):
        read_docx(bytes(data), None)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("word/document.xml", "<x/>")
    with pytest.raises(Rejected, match="unusual"):
        read_docx(packed.getvalue(), None)


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;&b;&b;</x>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
        "<x>" * 100_000,
        "<x>" * 100_000 + "</x>" * 100_000,
        "<x><y></x>",
        "",
        "no xml",
    ],
)
def test_xml_that_is_no_good(xml: str) -> None:
    with pytest.raises(Rejected, match="XML"):
        parse_xml(xml.encode())


def test_entities_in_any_encoding_are_refused() -> None:
    with pytest.raises(Rejected, match="defines entities"):
        parse_xml('<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'.encode("utf-16"))
    assert parse_xml(b"<!DOCTYPE html><x>b</x>").text == "b"


@pytest.mark.parametrize("content", [docx(paragraph(TEXT)), epub({"a.xhtml": chapter("<p>甲。</p>")})])
def test_cut_at_any_place_is_refused(content: bytes) -> None:
    read = read_docx if b"word/document.xml" in content else read_epub
    for end in range(0, len(content) - 22, 13):
        with pytest.raises(Rejected, match=r"cut off|lacks its part"):
            read(content[:end], None)


def test_a_book_that_names_nothing() -> None:
    with pytest.raises(Rejected, match="names no book"):
        read_epub(archive({"META-INF/container.xml": "<container/>"}), None)
    with pytest.raises(Rejected, match="0 chapters"):
        read_epub(epub({}), None)
    with pytest.raises(Rejected, match="lacks its part"):
        read_docx(archive({"a": "b"}), None)
