"""Builds small PDF, DOCX and EPUB files for the tests of extraction."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(pages: Sequence[Sequence[str]], *, encrypted: bool = False, info: str | None = None) -> bytes:
    """Write a PDF whose font is encoded as GBK; each page is a list of lines."""
    kids = b" ".join(b"%d 0 R" % (6 + 2 * number) for number in range(len(pages)))
    title = ("\ufeff" + (info or "")).encode("utf-16-be").hex().encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids),
        b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/GBK-EUC-H/DescendantFonts[4 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>>>",
        b"<</Title<%s>>>" % title,
    ]
    for lines in pages:
        shown = b"".join(b"<%s> Tj T* " % line.encode("gbk").hex().encode() for line in lines)
        stream = b"BT /F1 11 Tf 16 TL 60 780 Td " + shown + b"ET"
        number = len(objects) + 2
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
            % number,
            b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        ]
    trailer = b"/Root 1 0 R"
    if info is not None:
        trailer += b"/Info 5 0 R"
    if encrypted:
        key = b"<" + b"11" * 32 + b">"
        objects.append(b"<</Filter/Standard/V 2/R 3/Length 128/P -4/O %s/U %s>>" % (key, key))
        trailer += b"/Encrypt %d 0 R/ID[<31><31>]" % len(objects)
    return _pdf_file(objects, trailer)


def _pdf_file(objects: Sequence[bytes], trailer: bytes) -> bytes:
    data = b"%PDF-1.5\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, rows)
    return data + table + b"trailer<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(data))


def docx(body: str, parts: Mapping[str, str] | None = None) -> bytes:
    """Write a Word document with this body XML, in the namespace prefix `w`, and further parts."""
    document = f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": document, **(parts or {})})


def paragraph(text: str) -> str:
    """Give the XML of one paragraph."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def epub(chapters: Mapping[str, str], parts: Mapping[str, str] | None = None, metadata: str = "") -> bytes:
    """Write a book of XHTML chapters, by file name and in order, under the folder OEBPS."""
    items = "".join(
        f'<item id="c{number}" href="{name}" media-type="application/xhtml+xml"'
        f' properties="{"nav" if name.startswith("nav") else ""}"/>'
        for number, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    files = {"META-INF/container.xml": container, "OEBPS/book.opf": package}
    files |= {f"OEBPS/{name}": text for name, text in chapters.items()}
    return archive({"mimetype": "application/epub+zip", **files, **(parts or {})})


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """Write a ZIP file; `mimetype` stands uncompressed, as EPUB wants it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name), text, method)
    return data.getvalue()
