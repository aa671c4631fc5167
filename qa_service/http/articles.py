"""The routes of articles: add, list, show, delete."""

from __future__ import annotations

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from qa_service.http.document import ARTICLES, body_of, problems
from qa_service.http.host import current_engine
from qa_service.http.intake import read_submissions
from qa_service.http.native import require_engine
from qa_service.http.responses import ArticleListResponse, ArticleResponse, ArticlesResponse, JobResponse
from qa_service.http.schemas import AddQuery, ArticlePath, ArticleQuery, CollectionQuery, ListQuery
from qa_service.http.serialize import article_to_dict, job_to_dict, json_response, outcomes_to_list, page_to_dict


def make_api() -> APIBlueprint:
    """Make the blueprint of these routes."""
    api = APIBlueprint("articles", __name__, url_prefix="/v1", abp_tags=[ARTICLES])
    api.before_request(require_engine)
    api.post(
        "/articles",
        operation_id="addArticles",
        summary="Add or replace articles",
        description="As JSON or as multipart `files`, at most 100 articles or 8 MB. The answer has an outcome for each "
        "article, durable and searchable by then; one that cannot be taken is `rejected` and the others are not "
        "touched by it. With `async=true` the answer is 202 with a job that survives restarts.",
        openapi_extensions=body_of(json="ArticlesRequest", multipart="ArticleFiles"),
        responses={200: ArticlesResponse, 202: JobResponse, **problems(400, 413, 415, 422, 503)},
    )(add_articles)
    api.get(
        "/articles",
        operation_id="listArticles",
        summary="List articles",
        description="A page of a collection's articles in id order.",
        responses={200: ArticleListResponse, **problems(404, 422, 503)},
    )(list_articles)
    api.get(
        "/articles/<anyid:article_id>",
        operation_id="getArticle",
        summary="Show an article",
        description="Its original text, where its passages and sentences lie in it, and the audit: what was repaired "
        "for the search, and what is left out of it as page furniture. A key of any scope may read it, also one that "
        "only asks: an answer's passage is shown in the text that it is from.",
        responses={200: ArticleResponse, **problems(404, 422, 503)},
    )(get_article)
    api.delete(
        "/articles/<anyid:article_id>",
        operation_id="deleteArticle",
        summary="Delete an article",
        description="It is gone from every answer when the 204 arrives.",
        responses={204: None, **problems(404, 422, 503)},
    )(delete_article)
    return api


def add_articles(query: AddQuery) -> Response:
    """Add or replace articles."""
    submissions = read_submissions(request, background=query.background)
    if query.background:
        job = current_engine().submit(submissions, query.collection)
        return json_response({"job": job_to_dict(job)}, 202, {"Location": f"/v1/jobs/{job.id}"})
    outcomes = outcomes_to_list(current_engine().ingest(submissions, query.collection))
    return json_response({"collection": query.collection, "articles": outcomes})


def list_articles(query: ListQuery) -> Response:
    """List a page of articles."""
    page = current_engine().articles(query.collection, query.limit, query.cursor)
    return json_response(page_to_dict(query.collection, page))


def get_article(path: ArticlePath, query: ArticleQuery) -> Response:
    """Show one article."""
    article = current_engine().article(query.collection, path.article_id)
    return json_response(article_to_dict(article, query.text_form))


def delete_article(path: ArticlePath, query: CollectionQuery) -> Response:
    """Delete one article."""
    current_engine().delete_article(query.collection, path.article_id)
    return Response(status=204)
