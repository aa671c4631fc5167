"""jieba over folded text: its dictionary in the lexical fold, cached in our own directory."""

from __future__ import annotations

import hashlib
import logging
import marshal
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from qa_service.text.fold import LEXICAL_FOLD_VERSION, lexical_fold

if TYPE_CHECKING:
    import jieba

JIEBA_VERSION = metadata.version("jieba")
_FORMAT = f"1 marshal-{marshal.version} jieba-{JIEBA_VERSION} {LEXICAL_FOLD_VERSION}"
# jieba's hidden Markov model copies a path a character, which is quadratic in a run it does not know.
_LONGEST_RUN = 512
_log = logging.getLogger(__name__)


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
    key = hashlib.sha256(_FORMAT.encode() + hashlib.sha256(source).digest()).hexdigest()[:16]
    cached = cache_dir / f"jieba-{key}.cache"
    tokenizer = jieba.Tokenizer()
    frequencies = _load(cached)
    if frequencies is None:
        frequencies = _frequencies(source.decode("utf-8"))
        _save(cached, frequencies)
    tokenizer.FREQ, tokenizer.total = frequencies
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


def _load(path: Path) -> tuple[dict[str, int], int] | None:
    """Read a cache file; None when it is missing or damaged."""
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            return None
        frequencies: tuple[dict[str, int], int] = marshal.loads(content[32:])  # noqa: S302 - checksum verified
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return frequencies


def _save(path: Path, frequencies: tuple[dict[str, int], int]) -> None:
    """Write the cache under another name, then rename; processes that do so at once all leave a whole file."""
    payload = marshal.dumps(frequencies)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            temporary = Path(file.name)
            file.write(hashlib.sha256(payload).digest() + payload)
        temporary.replace(path)
    except OSError as error:
        _log.warning("jieba's dictionary could not be cached in %s: %s", path.parent, error)
        if temporary is not None:
            temporary.unlink(missing_ok=True)
