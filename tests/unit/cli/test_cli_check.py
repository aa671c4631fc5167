"""`check` and `check --recall`."""

from __future__ import annotations

import json

import pytest

from qa_service.index import dense, recall
from tests.conftest import add

# `run` is the fixture of this folder.


@pytest.fixture
def filled(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "EXACT_VECTORS", 20)
    with run.engine() as engine:
        add(engine, {f"a{n}": f"第{n}号仓库在{n % 7}区。负责人是{n * 13}号。" for n in range(40)})
        engine.rebuild()


def test_recall_is_shown_for_both_indexes(run, filled) -> None:
    ran = run("check", "--recall", "--queries", 20)
    assert ran.code == 0
    header, windows, sentences = ran.out.splitlines()
    expected = ["collection", "of", "vectors", "index", "lists", "searched at most", "recall@10", "queries"]
    assert header.split() == " ".join(expected).split()
    assert windows.split()[:4] == ["default", "windows", "40", "ivf-rabitq"]
    assert sentences.split()[:4] == ["default", "sentences", "80", "ivf-rabitq"]


def test_recall_as_json(run, filled) -> None:
    ran = run("check", "--recall", "--collection", "default", "--json")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert [(one["vectors_of"], one["vectors"]) for one in found] == [("windows", 40), ("sentences", 80)]
    assert all(one["recall"] >= 0.99 for one in found)
    assert found[0]["measured_at"].endswith("+00:00")


def test_too_little_recall_is_a_failure(run, filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "recall", lambda *_: 0.9)
    ran = run("check", "--recall")
    assert ran.code == 1
    assert "0.9000" in ran.out


def test_no_passages_no_recall(run) -> None:
    assert run("check", "--recall").code == 0
    assert run("check").out == "all is well\n"


@pytest.mark.parametrize("arguments", [("--collection", "default"), ("--json",)])
def test_options_of_recall_need_it(run, arguments) -> None:
    assert "--recall" in run.failed("check", *arguments).err


def test_an_unknown_collection_is_named(run) -> None:
    assert "nowhere" in run.failed("check", "--recall", "--collection", "nowhere").err
