"""Words for the lexical index and for questions: both sides of every match come from here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import regex

from qa_service.text.fold import LEXICAL_FOLD_VERSION, lexical_fold, lexical_fold_mapped
from qa_service.text.jieba_cutter import JIEBA_VERSION, JiebaCutter
from qa_service.text.scan import MAX_WORD, UNSPACED, at_word_edges, scan_words
from qa_service.text.user_dict import read_user_dict
from qa_service.types import Span

_RULES = "words-1"
# The look-behind keeps long words without Han from being tried at each of their letters.
_JIEBA_RUN = regex.compile(r"(?<![a-z0-9])[a-z0-9]*+\p{Han}[\p{Han}a-z0-9]*+")
_SUBSTRING = regex.compile(rf"[\p{{Han}}\p{{Hangul}}{UNSPACED}]")


class Tokenizer:
    """Cuts text into words by jieba's search mode for Han and by rule for every other script.

    No stemming. A word never holds white space and has at most 64 code points.

    Parameters:
        cache_dir: where jieba's dictionary is cached.
        user_dict: the user's words and synonyms, see `user_dict.py`.

    Errors:
        ConfigError: the user dictionary is missing or has a bad line.
    """

    def __init__(self, cache_dir: Path, user_dict: Path | None = None) -> None:
        entries = read_user_dict(user_dict)
        self.version = f"{_RULES} jieba-{JIEBA_VERSION} {LEXICAL_FOLD_VERSION} user-{entries.sha256}"
        self._canonical = {term: _joined(form) for term, form in entries.canonical.items()}
        runs = {term: frequency for term, frequency in entries.words.items() if _JIEBA_RUN.fullmatch(term)}
        self._cutter = JiebaCutter(cache_dir, runs)
        phrases = [term for term in entries.words if term not in runs and not _is_one_word(term)]
        self._phrases = regex.compile(r"\L<terms>", terms=phrases) if phrases else None
        self._surfaces: dict[str, set[str]] = {_joined(term): {term} for term in phrases}
        for term, form in self._canonical.items():
            self._surfaces.setdefault(form, set()).add(term)

    def words(self, text: str) -> list[str]:
        """Fold a text and cut it into words.

        Parameters:
            text: any text.

        Returns:
            The words with repetitions: first those with Han, then the others, then the user's phrases, each
            group in order of place. Synonyms come as their canonical form, spaces in it as "_".
        """
        folded = lexical_fold(text)
        words = [self._canonical.get(word, word) for word in self._all_words(folded)]
        words.extend(self._canonical.get(phrase, _joined(phrase)) for phrase, _ in self._found_phrases(folded))
        return words

    def matches(self, text: str, words: Collection[str]) -> list[Span]:
        """Find where words occur, for highlighting.

        A word with Han, kana, Hangul or another script without spaces matches anywhere, any other word only
        as a whole; a canonical form matches all its synonyms.

        Parameters:
            text: any text.
            words: as `words` returns them.

        Returns:
            Spans of `text` in order; overlapping ones are merged.
        """
        surfaces = {surface for word in words for surface in self._surfaces.get(word, {word}) if surface}
        anywhere = {surface for surface in surfaces if _SUBSTRING.search(surface) or not _is_one_word(surface)}
        mapped = lexical_fold_mapped(text)
        whole = surfaces - anywhere
        found = [(start, end) for word, start, end in scan_words(mapped.text) if word in whole] if whole else []
        found.extend(_occurrences(mapped.text, anywhere))
        merged: list[Span] = []
        for span in sorted((mapped.to_source(start, end) for start, end in found), key=lambda span: span.start):
            if merged and span.start < merged[-1].end:
                merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
            else:
                merged.append(span)
        return merged

    def contains(self, text: str, words: Collection[str]) -> set[str]:
        """Tell which of the words occur in a text; the rule of `matches`, but overlapping words all count.

        Parameters:
            text: any text.
            words: as `words` returns them.
        """
        folded = lexical_fold(text)
        whole = {word for word, _, _ in scan_words(folded)}
        return {word for word in words if any(self._occurs(surface, folded, whole) for surface in self._forms(word))}

    def _forms(self, word: str) -> Collection[str]:
        return self._surfaces.get(word, (word,))

    def _occurs(self, surface: str, folded: str, whole: Collection[str]) -> bool:
        return surface in whole or (_SUBSTRING.search(surface) is not None and surface in folded)

    def _all_words(self, folded: str) -> Iterator[str]:
        for run in _JIEBA_RUN.finditer(folded):
            for word in self._cutter.cut(run[0]):
                # Words of letters and digits alone come from the scan, cut alike beside Han and elsewhere.
                if not word.isascii() and any(map(str.isalnum, word)):
                    yield from (word[start : start + MAX_WORD] for start in range(0, len(word), MAX_WORD))
        for word, _, _ in scan_words(folded):
            yield word

    def _found_phrases(self, folded: str) -> Iterator[tuple[str, int]]:
        if self._phrases is not None:
            for match in self._phrases.finditer(folded):
                if at_word_edges(folded, match.start(), match.end()):
                    yield match[0], match.start()


def _occurrences(text: str, surfaces: Collection[str]) -> Iterator[tuple[int, int]]:
    """Find at every place the longest surface that begins there."""
    if not surfaces:
        return
    alternatives = "|".join(map(re.escape, sorted(surfaces, key=lambda surface: (-len(surface), surface))))
    for match in re.finditer(f"(?=({alternatives}))", text):
        if at_word_edges(text, match.start(1), match.end(1)):
            yield match.span(1)


def _is_one_word(term: str) -> bool:
    """Whether the scan gives a term back whole."""
    return (term, 0, len(term)) in scan_words(term)


def _joined(term: str) -> str:
    return term.replace(" ", "_")
