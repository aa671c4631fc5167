"""Values of many keys found at once are those found one by one, and every key that has values is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.filters import paths
from qa_service.filters.paths import KnownNames, Paths
from qa_service.filters.values import atoms_at

_PARTS = st.sampled_from(["a", "b", "a.b", "", "c", "b.c", "a."])
_NAMES = st.lists(_PARTS, min_size=1, max_size=4).map(".".join)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", " x ", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_PARTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_PARTS, _VALUES, max_size=4), st.sets(_NAMES, max_size=6))
def test_as_one_by_one(metadata: dict[str, object], names: set[str]) -> None:
    found = Paths(names).values(metadata)
    known = KnownNames()
    known.learn(metadata)
    assert set(found) <= names
    for name in names:
        atoms = atoms_at(metadata, name)
        assert set(map(repr, found.get(name, []))) == set(map(repr, atoms))
        assert name in known or not atoms


def test_names_that_no_article_has_are_not_known() -> None:
    known = KnownNames()
    known.learn({"a": {"b": [{"c": 1}]}, "d.e": None})
    known.learn({"f": [[{"g": 2}]]})
    assert all(name in known for name in ("a", "a.b", "a.b.c", "d.e", "f", "f.g"))
    assert not any(name in known for name in ("b", "c", "a.c", "d", "f.g.h", ""))


def test_too_many_names_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MAX_NAMES_BYTES", 1000)
    known = KnownNames()
    for n in range(3):
        known.learn({f"k{n}": n})
    assert known.complete and 0 < known.bytes <= 1000 and "x" not in known
    for n in range(20):
        known.learn({f"k{n}": n})
    assert not known.complete and known.bytes == 0 and "x" in known
