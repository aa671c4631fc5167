"""Article text inside Markdown: escaped on the way out, and made plain again where a client sends it back."""

from __future__ import annotations

import re
from urllib.parse import quote

from qa_service.http.chat.phrases import ALL

# What begins or ends markup inside a line: emphasis, code, links, images, tags, entities, formulas, tables, struck
# text. An opening bracket is left alone, since some readers take \[ for the beginning of a formula; without its closing
# one it begins nothing, but for the [1#...] of Open WebUI. An underscore inside a word is none.
_MARKUP = re.compile(r"[\\`*\]<|$~]|(?<![^\W_])(?<!_)_+|_+(?![^\W])|&(?=#?\w+;)|(?<=\[\d)#")
# Addresses, which readers link by themselves and show with any sign of escape.
_ADDRESS = re.compile(r"(https?://[\w./?=&%#:@+,;~$-]+)")
# What begins a block at the start of a line: headings, lists, quotes, rules.
_BLOCK = re.compile(r"^(>|#{1,6}(?=\s|$)|[-+=](?=\s|$|[-=])|\d{1,9}[.)](?=\s|$))")
_SPACE = re.compile(r"\s+")
_MARK = re.compile(r"\s?(?<!\\)\[\d+\]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LIST = re.compile(rf"^(?:{'|'.join(re.escape(phrases.sources) for phrases in ALL)})\s*$", re.MULTILINE)
_FIXED = {phrase for one in ALL for phrase in (one.unsure, one.also, one.uncited, one.cut)}
_REFUSALS = {phrase for one in ALL for phrase in (one.none, one.nothing, one.empty, one.greeting)}
_KEPT_IN_URL = "/:?#@!$&'*+,;=%-._~"


def one_line(text: str) -> str:
    """Join the lines of a text: a quote is one paragraph, whatever the page it comes from looked like."""
    return _SPACE.sub(" ", text).strip()


def escaped(text: str) -> str:
    """Write a text so that Markdown shows it as it is, on one line."""
    return _escaped_line(one_line(text))


def escaped_lines(text: str) -> str:
    """Write a text so that Markdown shows it as it is, line by line; what indents a line is left out."""
    return "\n".join(_escaped_line(line.lstrip()) for line in text.split("\n"))


def _escaped_line(line: str) -> str:
    parts = _ADDRESS.split(line)
    parts[::2] = [_MARKUP.sub(_escape_signs, part) for part in parts[::2]]
    return _BLOCK.sub(_escape_block, "".join(parts))


def _escape_signs(found: re.Match[str]) -> str:
    return "".join(f"\\{sign}" for sign in found[0])


def _escape_block(found: re.Match[str]) -> str:
    begin = found[0]
    return f"{begin[:-1]}\\{begin[-1]}" if begin[0].isdigit() else f"\\{begin}"


def link(title: str, url: str) -> str:
    """Write a Markdown link whose title and address cannot end it early."""
    # Entities, since some readers take \\[...\\] for a formula, and a lone bracket would spoil the link.
    name = escaped(title).replace("\\]", "&#93;").replace("[", "&#91;")
    return f"[{name}]({quote(url, safe=_KEPT_IN_URL)})"


def plain_answer(text: str) -> str:
    """Undo what was done to an answer, as far as the history needs it.

    The source list, marks, quote signs, escapes and fixed phrases are taken away; of a reply that there is no answer
    nothing is left, since what comes nearest to one question says little about the next. What another assistant said
    is hardly changed.
    """
    found = _LIST.search(text)
    body = text[: found.start()] if found else text
    lines = [line.removeprefix("> ").strip() for line in body.splitlines()]
    if any(line in _REFUSALS for line in lines[:1]):
        return ""
    kept = [_ESCAPED.sub(r"\1", _MARK.sub("", line)) for line in lines if line and line not in _FIXED]
    return "\n".join(kept)
