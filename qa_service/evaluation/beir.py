"""Sets in BEIR layout: a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qa_service.errors import BadInput
from qa_service.evaluation.datasets import JudgedQuestion, RankingSet, read_object_lines, text_field, unreadable
from qa_service.types import Submission


def load_beir(folder: Path) -> RankingSet:
    """Load a BEIR folder; the corpus is streamed.

    Parameters:
        folder: holds `corpus.jsonl` (`_id`, `title`?, `text`), `queries.jsonl` (`_id`, `text`) and `qrels/test.tsv`
            (a header, then query id, document id and integer relevance). Queries without a relevant document are
            left out; a document without text is represented by its title.

    Errors:
        BadInput: a file is missing or malformed.
    """
    if not folder.is_dir():
        raise BadInput("is no folder", field=str(folder), remedy="name the folder that holds corpus.jsonl")
    corpus = folder / "corpus.jsonl"
    if not corpus.is_file():
        raise BadInput("there is no such file", field=str(corpus), remedy="a BEIR folder holds corpus.jsonl")
    qrels = _read_qrels(folder / "qrels" / "test.tsv")
    return RankingSet(folder.resolve().name, _articles(corpus), tuple(_questions(folder / "queries.jsonl", qrels)))


def _articles(path: Path) -> Iterator[Submission]:
    seen: set[str] = set()
    for place, row in read_object_lines(path):
        article_id = text_field(row, "_id", place)
        if article_id in seen:
            raise BadInput(f"_id {article_id!r} came earlier in the corpus", field=place)
        seen.add(article_id)
        title = text_field(row, "title", place) if row.get("title") else None
        text = text_field(row, "text", place) if row.get("text") or not title else title
        yield Submission(text.encode("utf-8"), id=article_id, charset="utf-8", title=title)


def _questions(path: Path, qrels: dict[str, dict[str, int]]) -> Iterator[JudgedQuestion]:
    missing = dict.fromkeys(qrels)
    for place, row in read_object_lines(path):
        query_id = text_field(row, "_id", place)
        if query_id in missing:
            del missing[query_id]
            yield JudgedQuestion(query_id, text_field(row, "text", place), qrels[query_id], place)
    if missing:
        raise BadInput(
            f"{len(missing)} queries of the qrels are missing here, first {next(iter(missing))!r}", field=str(path)
        )


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 at byte {error.start}", field=str(path)) from error
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if not line.strip():
            continue
        try:
            query_id, article_id, relevance = cells[0], cells[1], int(cells[2])
        except (IndexError, ValueError):
            raise BadInput(
                "must be query id, document id and integer relevance, with tabs", field=f"{path}:{number}"
            ) from None
        if relevance > 0:
            qrels.setdefault(query_id, {})[article_id] = relevance
    if not qrels:
        raise BadInput("judges no document relevant", field=str(path))
    return qrels
