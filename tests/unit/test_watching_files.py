"""The dashboard and the alerts: everything that they name is there."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import promql_parser
import pytest
import yaml
from pydantic import SecretStr

from embeddings.question_cache import CachingEncoder
from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.load import Load
from tests.conftest import add
from tests.http.scraped import Scraped, scrape

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "scripts" / "deploy"
BY_PROMETHEUS = {"up", "job", "instance"}
"""What Prometheus makes itself: a metric, and the labels of every series."""
NAME = re.compile(r"\b(up|(?:qa|process)_[a-z_]+)\b")
SELECTOR = re.compile(r"\b(up|(?:qa|process)_[a-z_]+)\{([^}]*)\}")
GROUPING = re.compile(r"\bby \(([^)]*)\)")


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Scraped:
    """Give every sample of a service that has answered, refused and stored something."""
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=data, cache_dir=cache_dir, min_confidence=0.0, api_key=SecretStr("right"))
    engine = Engine.open(settings, CachingEncoder(ToyEncoder(), 10))
    client = create_app(settings, engine).test_client()
    load = SimpleNamespace(working=0, waiting={}, connections=0, refused=Counter())
    client.application.extensions["load"] = load
    client.post("/v1/ask", json={"question": "a"})
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer right"
    add(engine, {"a": "夜间巴士每二十分钟一班。"})
    client.post("/v1/ask", json={"question": "巴士多久一班？"})
    found = scrape(client)
    engine.close()
    return found


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    yield from ((rule["alert"], rule["expr"]) for rule in alerts())
    yield from ((panel["title"], target["expr"]) for panel in panels() for target in panel["targets"])


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_expression_names_what_there_is(where: str, expression: str, scraped: Scraped) -> None:
    names = set(NAME.findall(expression))
    assert names, where
    assert names <= set(scraped) | BY_PROMETHEUS
    labels = {name: {label for key in scraped.get(name, ()) for label, _ in key} | BY_PROMETHEUS for name in names}
    for name, selector in SELECTOR.findall(expression):
        used = set(re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", selector))
        assert used <= labels[name], (where, name)
    known = set().union(*labels.values())
    for grouping in GROUPING.findall(expression):
        assert {label.strip() for label in grouping.split(",")} <= known, where


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_expression_is_well_formed(where: str, expression: str) -> None:
    promql_parser.parse(expression.replace("$__rate_interval", "5m").replace("$job", ".*"))


def test_every_alert_tells_what_it_is_about() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names))
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in readme


def test_every_metric_is_in_the_readme(scraped: Scraped) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ours = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in scraped if name.startswith("qa_")}
    # A counter's time of creation has its name without `_total`.
    ours -= {name.removesuffix("_total") for name in ours if name.endswith("_total")}
    for name in ours:
        assert f"`{name}" in readme, name


def test_every_reason_of_a_refusal_without_a_thread_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [row] = [line for line in readme.splitlines() if line.startswith("| `qa_refused_total{reason}`")]
    [listed] = [line for line in (Load.__doc__ or "").splitlines() if line.lstrip().startswith("refused: ")]
    reasons = set(re.findall(r"`(\w+)`", listed)) - {"streams"}
    assert len(reasons) == 5
    for reason in reasons:
        assert f"`{reason}` (" in row


def test_panels_do_not_overlap() -> None:
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in board["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
