"""What `/metrics` tells, read as Prometheus reads it."""

from __future__ import annotations

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

Scraped = dict[str, dict[tuple[tuple[str, str], ...], float]]


def scrape(client: FlaskClient) -> Scraped:
    """Give the value of every sample by its name and its labels in order."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    found: Scraped = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def value(found: Scraped, name: str, **labels: str) -> float:
    """Give one sample; 0 when it is not there."""
    return found.get(name, {}).get(tuple(sorted(labels.items())), 0.0)
