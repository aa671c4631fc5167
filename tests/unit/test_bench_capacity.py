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


def test_a_local_search_is_what_grew_between_the_measured_sizes() -> None:
    (few, before), (many, after) = capacity.LOCAL_P50_MS.items()
    grown = capacity.local_search_s(many) - capacity.local_search_s(few)
    assert grown * 1000 == pytest.approx(after - before)
    # Encoding and all else that does not grow is counted once, as the service's.
    assert capacity.local_search_s(many) * 1000 < after / 2
    assert capacity.local_search_s(4 * many) == pytest.approx(2 * capacity.local_search_s(many))


def test_most_of_what_a_question_reads_is_more_than_was_read_of_few_passages() -> None:
    assert capacity.most_bytes_read(UNITS) == pytest.approx(300 * UNITS.vectors * 4 * UNITS.dim)
    assert capacity.most_bytes_read(UNITS) > UNITS.vector_bytes_read


def test_taking_in_costs_what_the_usable_part_of_a_node_costs() -> None:
    half, whole = (capacity._price(100, replace(Assumed(), usable_cpu=share)) for share in (0.5, 1.0))
    assert half == 2 * whole == pytest.approx(2 * 100 / 16)
