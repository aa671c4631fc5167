"""Turns the body of `POST /v1/articles`, JSON or files, into submissions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flask import Request
from pydantic import ValidationError
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header

from qa_service.http.body import reading
from qa_service.http.errors import validation_problems
from qa_service.http.failure import FieldProblem, invalid_input
from qa_service.http.fields import check_article_id
from qa_service.http.limits import allow_articles, articles_too_large, check_article_count
from qa_service.http.schemas import ArticleIn, ArticlesRequest
from qa_service.media_types import media_type
from qa_service.types import Submission

FILES = "files"
_DRIVE = re.compile(r"[A-Za-z]:")
_SAYS_NOTHING = ("", "application/octet-stream")


def read_submissions(request: Request, *, background: bool) -> list[Submission]:
    """Read the articles of a request, each validated, ids given once.

    Parameters:
        request: its body is not read yet.
        background: whether the larger limits of `async=true` hold.

    Errors:
        HttpProblem: 400, 415 or 422, naming `articles[i].field` or `files[i]`.
        TooLarge: over a limit of `limits`.
    """
    allow_articles(request, background=background)
    try:
        if request.mimetype == "multipart/form-data":
            submissions = _from_files(request, background=background)
            _refuse_repeated(FILES, submissions)
        else:
            submissions = _from_json(request.get_json(), background=background)
            _refuse_repeated("articles", submissions, ".id")
    except RequestEntityTooLarge:
        raise articles_too_large(background=background) from None
    return submissions


def _from_json(body: dict[str, object], *, background: bool) -> list[Submission]:
    given = body.get("articles")
    if isinstance(given, list):
        check_article_count(len(given), background=background)
    try:
        articles = ArticlesRequest.model_validate(body).articles
    except ValidationError as error:
        raise invalid_input(validation_problems(error)) from None
    return [_submission(article) for article in articles]


def _submission(article: ArticleIn) -> Submission:
    content, content_type, charset = _content(article)
    return Submission(
        content=content,
        id=article.id,
        content_type=content_type,
        charset=charset,
        title=article.title or None,
        url=article.url,
        published_at=article.published_at,
        metadata=article.metadata or {},
    )


def _content(article: ArticleIn) -> tuple[bytes, str, str | None]:
    if article.text is not None:
        return article.text.encode("utf-8"), "text/plain", "utf-8"
    if article.html is not None:
        return article.html.encode("utf-8"), "text/html", "utf-8"
    content_type, charset = _media_type(article.content_type or "")
    return article.content_base64 or b"", content_type, charset


def _media_type(value: str) -> tuple[str, str | None]:
    content_type, options = parse_options_header(value)
    return content_type.strip().lower(), options.get("charset")


def _from_files(request: Request, *, background: bool) -> list[Submission]:
    with reading():
        parts, others = request.files, request.form
    unknown = [name for name in (*parts, *others) if name != FILES or name in others]
    if unknown:
        raise invalid_input(_unknown_parts(unknown))
    files = parts.getlist(FILES)
    if not files:
        raise invalid_input([FieldProblem(FILES, "holds no file", f"send each article as a file part named {FILES}")])
    check_article_count(len(files), background=background)
    return [_from_file(index, file) for index, file in enumerate(files)]


def _unknown_parts(names: Iterable[str]) -> list[FieldProblem]:
    remedy = f"send files only, each as a file part named {FILES}"
    return [FieldProblem(name, "is not a known part", remedy) for name in names]


def _from_file(index: int, file: FileStorage) -> Submission:
    name = _id_of(file.filename or "")
    try:
        check_article_id(name)
    except PydanticCustomError as error:
        context = error.context or {}
        problem = f"the file's name {context['problem']}"
        raise invalid_input([FieldProblem(f"{FILES}[{index}]", problem, context["remedy"])]) from None
    content_type, charset = _media_type(file.content_type or "")
    if content_type in _SAYS_NOTHING:
        content_type = media_type(name)
    return Submission(content=file.read(), id=name, content_type=content_type, charset=charset)


def _id_of(name: str) -> str:
    """Name the article of a file: a path within a folder is kept, so that files of one name stay apart.

    Of any other path the last part counts: some clients send the whole path they read the file from.
    """
    parts = re.split(r"[\\/]", name)
    within = "\\" not in name and not _DRIVE.match(name) and not {"", ".", ".."} & set(parts)
    return name if within else parts[-1]


def _refuse_repeated(where: str, submissions: Sequence[Submission], suffix: str = "") -> None:
    first: dict[str, int] = {}
    problems = []
    for index, submission in enumerate(submissions):
        if submission.id is not None and first.setdefault(submission.id, index) != index:
            problem = f"is the id of {where}[{first[submission.id]}] too"
            problems.append(FieldProblem(f"{where}[{index}]{suffix}", problem, "give each article its own id"))
    if problems:
        raise invalid_input(problems)
