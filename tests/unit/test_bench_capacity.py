"""README's plan is what the script prints, and the plan obeys simple laws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import capacity
import pytest
from capacity import Assumed, Units, kinds, plan

ROOT = Path(__file__).resolve().parents[2]
UNITS = Units.read(ROOT / "scripts" / "bench" / "unit_costs.json")


def test_readme_has_the_tables_that_the_script_prints() -> None:
    assert capacity.tables(UNITS, Assumed()) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_graph_takes_vectors_links_and_keys() -> None:
    full, short, *_ = kinds(384)
    assert full.memory == pytest.approx(1536 + 4 * (48 + 24 / 23) + 16)
    assert full.memory - short.memory == 3 * 384


def test_ten_times_the_passages_take_ten_times_the_memory_and_search() -> None:
    graph = kinds(UNITS.dim)[0]
    one, ten = (plan(size, graph, UNITS, Assumed()) for size in (10**8, 10**9))
    assert ten.memory == pytest.approx(10 * one.memory)
    assert ten.search_s == pytest.approx(10 * one.search_s)
    assert ten.shards == pytest.approx(10 * one.shards, rel=0.1)


def test_more_questions_take_more_replicas_not_more_shards() -> None:
    graph = kinds(UNITS.dim)[1]
    few, many = (plan(10**8, graph, UNITS, replace(Assumed(), qps=qps)) for qps in (1, 1000))
    assert few.shards == many.shards
    assert few.replicas == 2 < many.replicas
