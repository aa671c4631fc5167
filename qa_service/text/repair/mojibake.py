"""Text decoded in the wrong encoding, undone where the result is certain."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from qa_service.text.repair.glyphs.words import Words
from qa_service.text.repair.readings import can_spell
from qa_service.text.repair.steps import Change, Step, edited, unchanged

_CHINESE = regex.compile(r"[\p{Han}\u3000-\u303f\uff00-\uffef‘’“”…—·\x20-\x7e\n]+")
# UTF-8 bytes shown as Latin-1 or Windows-1252: a lead byte and its continuation bytes, twice or more.
_CP1252 = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_LATIN = regex.compile(rf"[\u0080-\u00ff{_CP1252}]{{4,}}")
_LATIN_LOOK = regex.compile(r"[\u0080-\u00ff]{2}")
# UTF-8 bytes shown as GBK: every third byte is a lead byte E4 to E9, so every third character is one of these.
_LEADS = "".join(
    pair.decode("gbk", "ignore")
    for lead in (0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEF, 0xE3)
    for trail in range(0x80, 0xC0)
    for pair in (bytes((lead, trail)),)
)
_GBK_LOOK = regex.compile(rf"[{regex.escape(_LEADS)}][^\x00-\x7f]{{2}}[{regex.escape(_LEADS)}]")
_GBK_RUN = regex.compile(r"[^\x00-\x7f]{3,2000}")
# GBK read one byte off: a lost lead byte shows as ?, and so does the last one with the ASCII character it swallowed.
_SHIFTED = regex.compile(
    r"\?([!,:;]?[^\x00-\x7f?]{0,40}€|[!,:;]?[^\x00-\x7f?]{0,40}\?)"
    r"(?:(/[a-z][a-z0-9]{0,9}>)|\(?([a-zA-Zāáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜ]{1,6})\))"
)
_WIDENED = str.maketrans("!,:;", "！，：；")


class Mojibake:
    """The step, over given word statistics."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, text: str) -> Step:
        """Decode again what was decoded wrongly, where the bytes allow one reading only and it reads as Chinese."""
        changes: list[Change] = []
        if _LATIN_LOOK.search(text):
            changes.extend(self._latin(text))
        if _GBK_LOOK.search(text):
            changes.extend(self._utf8_as_gbk(text))
        if "?" in text:
            changes.extend(self._shifted(text))
        return edited(text, changes) if changes else unchanged(text)

    def _latin(self, text: str) -> Iterator[Change]:
        for match in _LATIN.finditer(text):
            raw = _latin_bytes(match[0])
            if raw is None:
                continue
            for encoding in ("utf-8", "gb18030"):
                restored = _decoded(raw, encoding)
                if restored is not None and self._reads(restored):
                    reason = f"{encoding.upper()} read as Latin-1"
                    yield Change("mojibake", match.start(), match.end(), match[0], restored, reason)
                    break

    def _utf8_as_gbk(self, text: str) -> Iterator[Change]:
        for match in _GBK_RUN.finditer(text):
            if not _GBK_LOOK.search(match[0]):
                continue
            try:
                raw = match[0].encode("gb18030")
            except UnicodeEncodeError:
                continue
            restored = _decoded(raw, "utf-8")
            if restored is not None and self._reads(restored):
                yield Change("mojibake", match.start(), match.end(), match[0], restored, "UTF-8 read as GBK")

    def _reads(self, restored: str) -> bool:
        """Whether a text is Chinese that people write: nothing else in it, and mostly characters in common use."""
        if not _CHINESE.fullmatch(restored):
            return False
        han = [char.translate(self._words.fold) for char in restored if "\u4e00" <= char <= "\u9fff"]
        usual = sum(self._words.common.get(char, 0.0) >= 10.0 for char in han)
        return len(han) >= 2 and usual >= 0.8 * len(han)

    def _shifted(self, text: str) -> Iterator[Change]:
        for match in _SHIFTED.finditer(text):
            restored = self._unshifted(text, match)
            if restored is not None:
                yield Change("mojibake", match.start(), match.end(), match[0], restored, "GBK read one byte off")

    def _unshifted(self, text: str, match: regex.Match[str]) -> str | None:
        """Pair the bytes anew; the outer characters must follow from half their bytes, or nothing is changed.

        The byte lost at the front is that of a mark; the last character closes a quotation before a tag, or is
        spelled by the pinyin after it, whose opening bracket it may have swallowed.
        """
        run = match[1]
        whole = run.endswith("€")
        raw = _gbk_bytes(run[:-1].translate(_WIDENED))
        if not raw:
            return None
        raw += b"\x80" if whole else b""
        first = _decoded(bytes((0xA1, raw[0])), "gbk")
        middle = _decoded(raw[1:] if whole else raw[1:-1], "gbk")
        if first not in {"。", "，", "、"} or middle is None or (middle and not _CHINESE.fullmatch(middle)):
            return None
        if whole:
            spelled = bool(match[3]) and can_spell(middle[-1], match[3])
            return f"{first}{middle}({match[3]})" if spelled else None
        if match[2]:
            return f"{first}{middle}”<{match[2]}" if raw[-1] == 0xA1 and self._quoting(text, match) else None
        last = self._spelled(raw[-1], match[3])
        return f"{first}{middle}{last}({match[3]})" if last else None

    def _quoting(self, text: str, match: regex.Match[str]) -> bool:
        before = text[max(0, match.start() - 600) : match.start()]
        return before.rfind("“") > before.rfind("”")

    def _spelled(self, lead: int, syllable: str) -> str | None:
        """Find the commonest character with this lead byte that the syllable after it spells, if it stands out."""
        fits: list[tuple[float, str]] = []
        for trail in range(0x40, 0xFF):
            char = _decoded(bytes((lead, trail)), "gbk")
            if char and len(char) == 1 and can_spell(char, syllable):
                fits.append((self._words.common.get(char.translate(self._words.fold), 0.0), char))
        fits.sort(reverse=True)
        if not fits or (len(fits) > 1 and fits[0][0] < 4 * fits[1][0]):
            return None
        return fits[0][1]


def _latin_bytes(text: str) -> bytes | None:
    raw = bytearray()
    for char in text:
        if ord(char) < 256:
            raw.append(ord(char))
        else:
            try:
                raw += char.encode("cp1252")
            except UnicodeEncodeError:
                return None
    return bytes(raw)


def _gbk_bytes(text: str) -> bytes:
    try:
        return text.encode("gbk")
    except UnicodeEncodeError:
        return b""


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None
