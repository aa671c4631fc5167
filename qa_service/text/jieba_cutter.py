"""jieba over folded text: its dictionary in the lexical fold, cached in our own directory."""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Iterator, Mapping
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

    def cut(self, run: str) -> Iterator[str]:
        """Cut one run of Han characters, ASCII letters and digits; places are not kept.

        Parameters:
            run: folded text of any length; it is cut apart every 512 characters.

        Returns:
            Each word, before it the dictionary's two- and three-character words inside it.
        """
        for start in range(0, len(run), _LONGEST_RUN):
            for word in self._jieba.cut_for_search(run[start : start + _LONGEST_RUN]):
                if word in self._removed:
                    yield from word
                else:
                    yield word


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
