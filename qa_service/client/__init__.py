"""A typed Python client of a running service, over its native HTTP API.

    from qa_service.client import Client

    with Client("http://127.0.0.1:8000") as client:
        print(client.ask("流感疫苗在哪里接种？").answer)

Results are the frozen dataclasses of `qa_service.types`, failures the `ServiceError` tree. Nothing of the service
itself (models, indexes, the web framework) is imported.
"""

from qa_service.client.articles import Given
from qa_service.client.calling import DEFAULT_URL
from qa_service.client.client import Client
from qa_service.client.errors import (
    InvalidRequest,
    Loading,
    NotFound,
    ServiceError,
    TimedOut,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    Unreachable,
)

__all__ = [
    "DEFAULT_URL",
    "Client",
    "Given",
    "InvalidRequest",
    "Loading",
    "NotFound",
    "ServiceError",
    "TimedOut",
    "TooLarge",
    "TooMany",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
]
