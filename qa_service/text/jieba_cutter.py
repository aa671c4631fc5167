"""jieba over folded text: its dictionary in the lexical fold, cached in our own directory."""

from __future__ import annotations

import hashlib
import logging
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from qa_service.text.fold import LEXICAL_FOLD_VERSION, lexical_fold
from qa_service.text.kept import cached

if TYPE_CHECKING:
    import jieba

JIEBA_VERSION = metadata.version("jieba")
_FORMAT = f"2 jieba-{JIEBA_VERSION} {LEXICAL_FOLD_VERSION}"
# jieba's hidden Markov model copies a path a character, which is quadratic in a run it does not know.
_LONGEST_RUN = 512
_PLAIN_RUN = re.compile("[\u4e00-\u9fd5a-z0-9]*")
"""What jieba cuts as one; it sets other characters apart."""
_UNKNOWN_KEPT = 8192
"""Rows of characters, some 400 bytes each. Of 28,000 rows in a thousand encyclopedia articles this saves cutting 7,600;
six times as many would save 8,200."""


class JiebaCutter:
    """Cuts runs of Han characters, and of letters and digits beside them, in jieba's search mode.

    Parameters:
        cache_dir: where the folded dictionary is kept; made when missing, done without when not writable.
        words: the user's words in the lexical fold, as in `UserDict.words`.
    """

    def __init__(self, cache_dir: Path, words: Mapping[str, int | None]) -> None:
        self._jieba: jieba.Tokenizer = _tokenizer(cache_dir)
        self._removed = {word for word, frequency in words.items() if frequency == 0}
        for word in self._removed:
            self._jieba.FREQ[word] = 0
        for word, frequency in words.items():
            if frequency != 0:
                self._jieba.add_word(word, frequency)
        self._frequencies: Mapping[str, int] = self._jieba.FREQ
        self._log_total = math.log(self._jieba.total)
        self._logs: dict[int, float] = {}

    def cut(self, run: str) -> Iterator[str]:
        """Cut one run of Han characters, ASCII letters and digits; places are not kept.

        Parameters:
            run: folded text of any length; it is cut apart every 512 characters.

        Returns:
            Each word, before it the dictionary's two- and three-character words inside it.
        """
        for start in range(0, len(run), _LONGEST_RUN):
            for word in self._words(run[start : start + _LONGEST_RUN]):
                for part in (*self._within(word), word) if len(word) > 2 else (word,):
                    if part in self._removed:
                        yield from part
                    else:
                        yield part

    def _within(self, word: str) -> Iterator[str]:
        """Give the words of two and of three characters inside a longer one."""
        for size in (2, 3) if len(word) > 3 else (2,):
            for start in range(len(word) - size + 1):
                if self._frequencies.get(word[start : start + size]):
                    yield word[start : start + size]

    def _words(self, run: str) -> Iterator[str]:
        """Cut as `jieba.Tokenizer.cut`, whose loops are most of the time that an article takes before it is encoded."""
        if not _PLAIN_RUN.fullmatch(run):
            yield from self._jieba.cut(run)
            return
        ends = self._likeliest_ends(run)
        singles = place = 0  # `singles` is where a row of single characters begins
        while place < len(run):
            end = ends[place]
            if end - place > 1:
                yield from self._singles(run[singles:place])
                yield run[place:end]
                singles = end
            place = end
        yield from self._singles(run[singles:])

    def _likeliest_ends(self, run: str) -> list[int]:
        """Give, for each place, the end of the word that begins there in the likeliest cut of the rest."""
        frequencies, logs = self._frequencies, self._logs
        size = len(run)
        scores, ends = [0.0] * (size + 1), [0] * size
        for start in range(size - 1, -1, -1):
            best, best_end = -math.inf, 0
            end = start + 1
            count = frequencies.get(run[start])
            while count is not None:
                if count:
                    log = logs.get(count)
                    if log is None:
                        log = logs[count] = math.log(count) - self._log_total
                    # Of equally likely cuts jieba takes the one whose first word is longest.
                    if log + scores[end] >= best:
                        best, best_end = log + scores[end], end
                if end == size:
                    break
                end += 1
                count = frequencies.get(run[start:end])
            if not best_end:
                best, best_end = -self._log_total + scores[start + 1], start + 1
            scores[start], ends[start] = best, best_end
        return ends

    def _singles(self, row: str) -> Iterable[str]:
        """Cut a row of characters that are no words by the dictionary: it may be a word that the dictionary lacks."""
        if len(row) < 2 or self._frequencies.get(row):
            return row
        return _unknown(row)


@lru_cache(_UNKNOWN_KEPT)
def _unknown(row: str) -> tuple[str, ...]:
    """Cut what is in no dictionary by jieba's hidden Markov model; names and the like come again and again."""
    from jieba import finalseg  # noqa: PLC0415 - loaded with jieba

    return tuple(finalseg.cut(row))


def _tokenizer(cache_dir: Path) -> jieba.Tokenizer:
    with warnings.catch_warnings():
        # jieba has invalid escapes and looks for pkg_resources.
        warnings.simplefilter("ignore")
        import jieba  # noqa: PLC0415 - heavy

    jieba.setLogLevel(logging.WARNING)
    source = Path(jieba.__file__).with_name(jieba.DEFAULT_DICT_NAME).read_bytes()
    version = f"{_FORMAT} {hashlib.sha256(source).hexdigest()}"
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = cached(cache_dir, "jieba", version, lambda: _frequencies(source.decode("utf-8")))
    tokenizer.initialized = True
    return tokenizer


def _frequencies(source: str) -> tuple[dict[str, int], int]:
    """Fold the dictionary's `word frequency tag` lines; every prefix of a word is a key, 0 if no word."""
    lines = [line.split(" ") for line in source.splitlines() if line]
    folded = lexical_fold("\n".join(fields[0] for fields in lines)).split("\n")
    frequencies: dict[str, int] = {}
    for word, fields in zip(folded, lines, strict=True):
        frequencies[word] = frequencies.get(word, 0) + int(fields[1])
        for end in range(1, len(word)):
            frequencies.setdefault(word[:end], 0)
    return frequencies, sum(frequencies.values())
