"""`qa-service ingest --engine ray` where Ray is absent, and Ray's options where it is not asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner


@pytest.mark.parametrize("missing", ["ray", "pyarrow", "fsspec"])
def test_without_ray_the_error_names_the_extra(
    run: Runner, docs: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    ran = run.failed("ingest", docs, "--engine", "ray")
    assert ran.code == 2
    assert ran.err.startswith("error: --engine ray: this needs ")
    assert "(pip install 'qa-service[ray]')" in ran.err


@pytest.mark.parametrize("option", [("--workers", "2"), ("--ray-address", "auto")])
def test_its_options_need_it(run: Runner, docs: Path, option: tuple[str, str]) -> None:
    ran = run.failed("ingest", docs, *option)
    assert ran.code == 2 and ran.err == f"error: {option[0]}: is an option of Ray (add --engine ray)\n"


def test_an_address_of_a_client_is_refused(run: Runner, docs: Path) -> None:
    ran = run.failed("ingest", docs, "--engine", "ray", "--ray-address", "ray://127.0.0.1:10001")
    assert ran.code == 2 and "run the command on a node" in ran.err


def test_addresses_and_parquet_go_the_plain_way_too(run: Runner, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    from pyarrow import parquet

    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.Table.from_pylist([{"id": "one", "text": "夜间门诊晚上八点开门。"}]), path)
    assert run("ingest", f"file://{path}").out.startswith("1 created, 0 updated, 0 unchanged, 0 rejected")
    assert run("ingest", path).out.startswith("0 created, 0 updated, 1 unchanged, 0 rejected")
    assert run("ingest", f"file://{path}", "--prune").out.endswith("0 pruned\n")
