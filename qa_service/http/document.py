"""The OpenAPI 3.1 document: routes from flask-openapi3, schemas from pydantic in full."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from typing import Any

from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from qa_service.http import dify_schemas, explain_schemas, feedback_schemas, responses, schemas
from qa_service.http.chat import responses as chat_responses
from qa_service.http.openai import schemas as openai_schemas
from qa_service.http.rules import needs_key

ASK = Tag(name="ask", description="Questions and their answers.")
ARTICLES = Tag(name="articles", description="What is searched.")
COLLECTIONS = Tag(name="collections", description="Separate sets of articles.")
OPENAI = Tag(name="openai", description="What clients of the OpenAI API ask for, with the errors that they read.")
DIFY = Tag(name="dify", description="Dify's external knowledge API.")
SERVICE = Tag(name="service", description="The state of the service itself.")

_KEY = "key"
_BEARER = {"type": "http", "scheme": "bearer", "description": "A key of the service, if it has any."}
_REFS = "#/components/schemas/{model}"
_INTAKE: list[type[BaseModel]] = [
    schemas.AskRequest,
    explain_schemas.ExplainRequest,
    feedback_schemas.FeedbackRequest,
    schemas.ArticlesRequest,
    schemas.ArticleFiles,
    dify_schemas.RetrievalRequest,
    *openai_schemas.INTAKE,
    *chat_responses.INTAKE,
]
_OUTPUT: list[type[BaseModel]] = [
    responses.AskResponse,
    explain_schemas.ExplainResponse,
    feedback_schemas.FeedbackResponse,
    responses.ArticlesResponse,
    responses.JobResponse,
    responses.ArticleListResponse,
    responses.ArticleResponse,
    responses.CollectionsResponse,
    responses.CollectionResponse,
    responses.HealthResponse,
    responses.ReadinessResponse,
    responses.Problem,
    dify_schemas.RetrievalResponse,
    dify_schemas.DifyError,
    *openai_schemas.OUTPUT,
    *chat_responses.OUTPUT,
]
_ABOUT = """Answers natural-language questions with ranked passages from a body of articles.

JSON in UTF-8. Every offset counts Unicode code points in an article's original text. Every error is a
problem document (RFC 9457) with one entry in `errors` for each thing that is wrong, but for the routes
of other programs' protocols, whose errors have the shape of the protocol."""
_PROBLEMS = {
    400: "The request cannot be read: not JSON, not UTF-8, a key twice.",
    404: "What was named does not exist.",
    413: "More than one request may bring.",
    415: "Another media type than the ones taken.",
    422: "A value is missing, wrong or not known; `errors` names each.",
    503: "Still loading, or not able to answer now; `Retry-After` says when to ask again.",
}
_OPENAI_ERRORS = {
    400: "Something is wrong with the request: not JSON, a value missing, wrong or too large; `param` names it.",
    401: "The key is missing or refused.",
    404: "There is no such model or vector store.",
    503: _PROBLEMS[503],
}
_DIFY_ERRORS = {
    400: "Something is wrong with the request; `error_msg` names it.",
    403: "1001: the Authorization header is not of the form `Bearer KEY`. 1002: the key is refused.",
    404: "2001: there is no such knowledge.",
    503: _PROBLEMS[503],
}


def problems(*statuses: int) -> dict[str | int, Any]:
    """Describe the errors of a route: these statuses, and any other as `default`."""
    return _errors({status: _PROBLEMS[status] for status in statuses}, "application/problem+json", "Problem")


def openai_errors(*statuses: int) -> dict[str | int, Any]:
    """Describe the errors of a route of the OpenAI API."""
    return _errors({status: _OPENAI_ERRORS[status] for status in statuses}, "application/json", "OpenAIError")


def dify_errors(*statuses: int) -> dict[str | int, Any]:
    """Describe the errors of a route of Dify's external knowledge API."""
    return _errors({status: _DIFY_ERRORS[status] for status in statuses}, "application/json", "DifyError")


def _errors(described: Mapping[int, str], media_type: str, model: str) -> dict[str | int, Any]:
    content = {media_type: {"schema": {"$ref": _REFS.format(model=model)}}}
    responses: dict[str | int, Any] = {
        status: {"description": description, "content": content} for status, description in described.items()
    }
    responses["default"] = {"description": "Any other error.", "content": content}
    return responses


def body_of(**content: str) -> dict[str, Any]:
    """Describe a request body by media type; `json` and `multipart` name a schema."""
    names = {"json": "application/json", "multipart": "multipart/form-data"}
    described = {names[kind]: {"schema": {"$ref": _REFS.format(model=model)}} for kind, model in content.items()}
    return {"requestBody": {"required": True, "content": described}}


def at_once_or_streamed(model: str, description: str) -> dict[str, Any]:
    """Describe an answer that comes as JSON of a schema, or as server-sent events with pieces of it."""
    schema = {"$ref": _REFS.format(model=model)}
    # No keyword of this version of OpenAPI describes the events of a stream.
    content: dict[str, Any] = {"application/json": {"schema": schema}, "text/event-stream": {}}
    return {"description": description, "content": content}


class Document(OpenAPI):
    """A Flask application that writes its own OpenAPI document."""

    def __init__(self, import_name: str, **options: Any) -> None:
        info = Info(title="qa-service", version=_version(), description=_ABOUT)
        super().__init__(import_name, info=info, **options)

    def generate_spec_json(self) -> None:
        """Write the document once; later requests get the same."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        spec = self.spec_json
        # The extension drops keywords it does not model, such as examples and contentEncoding.
        models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in _INTAKE]
        models += [(model, "serialization") for model in _OUTPUT]
        _, schema = models_json_schema(models, ref_template=_REFS)
        spec["components"] = {"schemas": schema["$defs"], "securitySchemes": {_KEY: _BEARER}}
        for path, operations in spec["paths"].items():
            for operation in operations.values():
                self._drop_assumed_error(operation)
                if needs_key(path):
                    # The empty one: a service without keys takes any key or none.
                    operation["security"] = [{_KEY: []}, {}]

    def _drop_assumed_error(self, operation: dict[str, Any]) -> None:
        # Every route without a 422 of its own was given the extension's, which has another shape.
        assumed = operation["responses"].get(self.validation_error_status, {})
        if "application/json" in assumed.get("content", {}):
            del operation["responses"][self.validation_error_status]


def _version() -> str:
    try:
        return importlib.metadata.version("qa-service")
    except importlib.metadata.PackageNotFoundError:
        return "0"
