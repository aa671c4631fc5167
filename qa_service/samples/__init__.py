"""Sample articles of fictional towns, and questions on them, for a first look and for tests.

The towns, people, institutions and telephone numbers are invented. Each file holds one JSON object a line:

- `articles.jsonl`: `id`, `title`, `text`, `url`, `published_at`, `metadata` (`topic`, `town`).
- `questions.jsonl`: `question`, `answers` (`article`, and `anchor`: the words of its text that answer), `lang`.
- `unanswerable.jsonl`: `question`, `lang`, `kind` (`changed_detail` resembles what the articles tell,
  `other_domain` has nothing to do with them).
- `conversations.jsonl`: `id`, `lang` (of the last turn), `kind` (what ties the last turn to those before it;
  `self_contained`: nothing does), `half` (`tune` to fit on, `report` to measure on), `turns` (`role` and `content`,
  the user's question to be answered last), `answers` as above.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def articles_path() -> Path:
    """Locate the sample articles.

    Returns:
        The path of a JSONL file that `qa-service ingest` takes as it is.
    """
    return _path("articles.jsonl")


def questions_path() -> Path:
    """Locate the questions that the sample articles answer.

    Returns:
        The path of a JSONL file in the seeds layout, with a `lang` besides.
    """
    return _path("questions.jsonl")


def unanswerable_path() -> Path:
    """Locate the questions that no sample article answers.

    Returns:
        The path of a JSONL file.
    """
    return _path("unanswerable.jsonl")


def conversations_path() -> Path:
    """Locate the conversations whose last turn the sample articles answer.

    Returns:
        The path of a JSONL file; each line has two or three turns of the user, with what was answered in between.
    """
    return _path("conversations.jsonl")


def _path(name: str) -> Path:
    return Path(str(resources.files(__name__).joinpath(name)))
