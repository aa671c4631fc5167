"""Targets from bytes to passages: decoding, the formats, feeds, repair, folding, splitting, words."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from targets import REFUSED, ROOT, TAKEN, Target, ours, promise

from qa_service.errors import Rejected
from qa_service.media_types import DOCX, EPUB, HTML, MARKDOWN, PDF
from qa_service.readers.feed_entries import parse
from qa_service.text.decode import decode
from qa_service.text.extraction import formats
from qa_service.text.extraction.result import from_reply
from qa_service.text.fold import encoder_fold_mapped, lexical_fold_mapped
from qa_service.text.passages import split_passages
from qa_service.text.split import is_blank, split_sentences
from tests.unit.documents import archive, docx, epub, paragraph, pdf

CHARSETS = (None, "utf-8", "gbk", "big5", "utf-16", "latin-1", "shift_jis", "windows-1251", "\0", "utf-7")
CACHE = Path(tempfile.gettempdir()) / "qa-service-fuzz-cache"
"""Tables that take seconds to make are made once."""
LIMIT = 24
"""Tokens of a passage here, so that short inputs make several."""
_LINE = "市图书馆每周一闭馆，节假日另行通知，请读者提前安排好时间，以免白跑一趟，敬请谅解。"
_PAGE = (
    "<!DOCTYPE html><html><head><meta charset=utf-8><title>题</title>"
    '<meta property="article:published_time" content="2024-05-31"></head><body><nav>首页</nav>'
    f"<article><h1>题</h1><p>{_LINE}</p><ul><li>一</li></ul><table><tr><td>甲</td></tr></table></article></body></html>"
)
_MARKUP = tuple(
    f"<{tag}>".encode()
    for tag in (
        *(
            "p",
            "/p",
            "div",
            "table",
            "tr",
            "td",
            "br",
            "script",
            "/script",
            "style",
            "svg",
            "pre",
            "template",
            "frameset",
        ),
        *(
            "!--",
            "![CDATA[",
            "!DOCTYPE html",
            "meta charset=gbk",
            'a href="x"',
            "p hidden",
            "math",
            "plaintext",
            "select",
        ),
    )
)
_FEED = (
    '<rss version="2.0"><channel><title>站</title><item><guid>1</guid><title>题</title><link>https://a.test/1</link>'
    f"<pubDate>Fri, 31 May 2024 08:00:00 GMT</pubDate><description>{_LINE}</description></item></channel></rss>"
)
_ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>站</title><entry><id>1</id><title type="html">题</title>'
    f'<updated>2024-05-31T08:00:00Z</updated><content type="html">{_LINE}</content></entry></feed>'
)


def sample_texts() -> Iterator[str]:
    """Give the sample articles' texts, and dirt."""
    path = ROOT / "qa_service" / "samples" / "articles.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()[:12]]
    yield from (row["text"][:600] for row in rows)
    yield "責(zé)任重(zhòng)大，两千囚偠求。人民的的生活&nbsp;<br/>Ã¤Ã¶ 抓?!绷?xí)近平"
    yield "“引文。”他说：「好！」 No. 5 is 3.14, e.g. this... Dr. Wang\r\n\r\n—— 一、二；三……"


def text_of(data: bytes) -> str:
    """Make a text of any bytes."""
    return data.decode("utf-8", "replace")


def _texts_as_bytes() -> Iterator[bytes]:
    for text in sample_texts():
        yield text.encode()


def _decode_seeds() -> Iterator[bytes]:
    for number, encoding in enumerate(("utf-8", "gb18030", "big5", "utf-16", "latin-1", "shift_jis")):
        for text in list(sample_texts())[:3]:
            yield bytes([number]) + text.encode(encoding, "ignore")


def _decode(data: bytes) -> str:
    charset = CHARSETS[data[0] % len(CHARSETS)] if data else None
    try:
        found = decode(data[1:], charset, lenient=bool(data and data[0] & 128))
    except Rejected as error:
        promise(error.detail and error.remedy and "\n" not in str(error), "a refusal says what to do")
        return REFUSED
    promise(found.text.encode("utf-8").decode("utf-8") == found.text, "a text is whole characters")
    return TAKEN


def _check_extracted(content: bytes, kind: str, charset: str | None = None) -> str:
    try:
        found = from_reply(formats.run(content, kind, charset))
    except Rejected as error:
        promise(error.detail and error.remedy and "\n" not in str(error), "a refusal says what to do")
        return REFUSED
    except (MemoryError, RecursionError):
        return REFUSED
    except Exception as error:
        # The sandbox makes a refusal of what a library fails with; a fault of the project's own is one.
        if ours(error):
            raise
        return REFUSED
    promise(found.text.encode("utf-8").decode("utf-8") == found.text, "a text is whole characters")
    for line in (found.title, found.author, found.site):
        promise(line is None or (line.isprintable() and len(line) <= 500), "a name is one line")
    promise(found.url is None or found.url.startswith(("http://", "https://")), "an address is of the web")
    return TAKEN


def _raw(kind: str) -> Callable[[bytes], str]:
    return functools.partial(_check_extracted, kind=kind)


def _docx(data: bytes) -> str:
    """The first byte says whether the rest is the file, or what the document of a good file holds."""
    if not data or data[0] & 1:
        return _check_extracted(data[1:], DOCX)
    parts = {"[Content_Types].xml": b"<Types/>", "word/document.xml": data[1:]}
    return _check_extracted(archive(parts), DOCX)


def _epub(data: bytes) -> str:
    if not data or data[0] & 1:
        return _check_extracted(data[1:], EPUB)
    content, _, package = data[1:].partition(b"\0\0")
    parts = {"OEBPS/book.opf": package} if package else None
    return _check_extracted(epub({"a.xhtml": content}, parts), EPUB)  # type: ignore[dict-item,arg-type]


def _docx_seeds() -> Iterator[bytes]:
    whole = docx(paragraph(_LINE) * 2)
    yield b"\1" + whole
    head = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    table = f"<w:tbl><w:tr><w:tc>{paragraph('甲')}</w:tc></w:tr></w:tbl>"
    yield b"\0" + f"{head}{paragraph(_LINE)}{table}</w:body></w:document>".encode()


def _epub_seeds() -> Iterator[bytes]:
    yield b"\1" + epub({"a.xhtml": _PAGE})
    yield b"\0" + _PAGE.encode()


def _feed(data: bytes) -> str:
    try:
        found = parse(data)
    except Rejected:
        return REFUSED
    except (MemoryError, RecursionError):
        return REFUSED
    except Exception as error:
        if ours(error):
            raise
        return REFUSED
    json.dumps(found)
    return TAKEN


@functools.cache
def _repairer() -> Callable[[str], object]:
    from qa_service.text.repair import load_repairer  # noqa: PLC0415

    return load_repairer(CACHE)


def _repair(data: bytes) -> str:
    text = text_of(data)
    found = _repairer()(text)
    mapped, changes = found.mapped, found.changes  # type: ignore[attr-defined]
    promise(mapped.source_length == len(text), "a map is of its source")
    promise("".join(map(chr, map(ord, mapped.text))).encode("utf-8", "strict") is not None, "whole characters")
    place = 0
    for change in sorted(changes, key=lambda one: one.start):
        promise(0 <= change.start <= change.end <= len(text), "a change is in its text")
        place = max(place, change.end)
    if mapped.text:
        span = mapped.to_source(0, len(mapped.text))
        promise(0 <= span.start <= span.end <= len(text), "a span is in its text")
    return TAKEN


def _fold(data: bytes) -> str:
    text = text_of(data)
    for fold in (encoder_fold_mapped, lexical_fold_mapped):
        mapped = fold(text)
        promise(mapped.source_length == len(text), "a map is of its source")
        if mapped.text:
            mapped.to_source(0, len(mapped.text))
    return TAKEN


def _counted(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def _split(data: bytes) -> str:
    text = text_of(data)
    spans = split_sentences(text)
    end = 0
    for span in spans:
        promise(end <= span.start < span.end <= len(text), "sentences follow each other")
        promise(all(is_blank(char) for char in text[end : span.start]), "nothing is lost between sentences")
        end = span.end
    promise(all(is_blank(char) for char in text[end:]), "nothing is lost after the last sentence")
    end = 0
    for passage in split_passages(text, _counted, LIMIT, fold=lambda piece: piece):
        promise(end <= passage.start < passage.end <= len(text), "passages follow each other")
        promise(passage.end - passage.start <= LIMIT, "a passage is within the limit")
        promise(1 <= len(passage.sentences) <= 1024, "a passage has 1 to 1,024 sentences")
        end = passage.end
    return TAKEN


@functools.cache
def _tokenizer() -> object:
    from qa_service.text.tokens import Tokenizer  # noqa: PLC0415

    return Tokenizer(CACHE)


def _words(data: bytes) -> str:
    text = text_of(data)
    tokenizer = _tokenizer()
    words = tokenizer.words(text)  # type: ignore[attr-defined]
    for span in tokenizer.matches(text, set(words[:8])):  # type: ignore[attr-defined]
        promise(0 <= span.start < span.end <= len(text), "a match is in its text")
    return TAKEN


_WORD = (b"<w:p>", b"</w:p>", b"<w:t>", b"<w:tbl>", b"<w:br/>", b"<w:fldChar/>", b"<!DOCTYPE")
_ENTRY = (b"<item>", b"<entry>", b"<content>", b"<!ENTITY a '&a;'>")
_MARKDOWN = f"---\ntitle: 题\n---\n# 大\n\n- {_LINE}\n\n| a |\n|---|\n| b |\n".encode()

TARGETS = (
    Target("decode", _decode_seeds, _decode),
    Target("html", lambda: [_PAGE.encode(), b"<p>" * 20 + _LINE.encode()], _raw(HTML), _MARKUP),
    Target("markdown", lambda: [_MARKDOWN], _raw(MARKDOWN)),
    Target("pdf", lambda: [pdf([[_LINE], [_LINE]], info="题"), pdf([[_LINE]], encrypted=True)], _raw(PDF)),
    Target("docx", _docx_seeds, _docx, _WORD),
    Target("epub", _epub_seeds, _epub, _MARKUP),
    Target("feed", lambda: [_FEED.encode(), _ATOM.encode()], _feed, _ENTRY),
    Target("repair", _texts_as_bytes, _repair),
    Target("fold", _texts_as_bytes, _fold),
    Target("split", _texts_as_bytes, _split),
    Target("words", _texts_as_bytes, _words),
)
