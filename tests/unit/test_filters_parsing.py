"""Filters in both shapes: what is taken, and the place, the problem and the remedy of what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.errors import BadInput
from qa_service.filters.dify import OPERATORS as DIFY_OPERATORS
from qa_service.filters.dify import parse_metadata_condition
from qa_service.filters.operands import MAX_ALL_VALUES, MAX_COMPARISONS, MAX_DEPTH, MAX_VALUES
from qa_service.filters.parsing import OPERATORS, parse_filter
from qa_service.filters.tree import Comparison, Junction, comparisons

NOW = datetime(2024, 5, 31, 12, tzinfo=UTC)


def eq(value: object = "a", key: object = "topic") -> dict[str, object]:
    return {"type": "eq", "key": key, "value": value}


def one(kind: str, value: object, key: str = "k") -> dict[str, object]:
    return {"type": kind, "key": key, "value": value}


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = eq()
    for _ in range(depth - 1):
        found = {"type": "and", "filters": [found]}
    return found


BAD: list[tuple[str, object, str, str]] = [
    ("null", None, "filters", "not null"),
    ("text", "topic=a", "filters", "must be an object"),
    ("list", [eq()], "filters", "a list"),
    ("empty", {}, "filters", "empty object"),
    ("no type", {"key": "a", "value": 1}, "filters.type", "required"),
    ("unknown type", one("equals", 1), "filters.type", "'equals'"),
    ("upper case", one("EQ", 1), "filters.type", "'EQ'"),
    ("type is a list", {"type": ["eq"]}, "filters.type", "a list"),
    ("no key", {"type": "eq", "value": 1}, "filters.key", "required"),
    ("no value", {"type": "eq", "key": "a"}, "filters.value", "required"),
    ("unknown field", {**eq(), "boost": 1}, "filters.boost", "known field"),
    ("filters in a comparison", {**eq(), "filters": []}, "filters.filters", "known field"),
    ("key in a junction", {"type": "and", "filters": [eq()], "key": "a"}, "filters.key", "known field"),
    ("junction without filters", {"type": "or"}, "filters.filters", "required"),
    ("junction of nothing", {"type": "and", "filters": []}, "filters.filters", "empty"),
    ("junction of one", {"type": "and", "filters": eq()}, "filters.filters", "list"),
    ("deep place", {"type": "and", "filters": [eq(), {"type": "or", "filters": [eq(), eq(None)]}]}, "", "null"),
    ("key number", eq(key=5), "filters.key", "string"),
    ("key blank", eq(key=" "), "filters.key", "blank"),
    ("key long", eq(key="k" * 257), "filters.key", "257"),
    ("key surrogate", eq(key="\ud800"), "filters.key", "surrogate"),
    ("eq null", eq(None), "filters.value", "null"),
    ("eq list", eq(["a"]), "filters.value", "a list"),
    ("eq object", eq({"a": 1}), "filters.value", "an object"),
    ("eq long", eq("x" * 4097), "filters.value", "4097"),
    ("eq surrogate", eq("a\udfff"), "filters.value", "surrogate"),
    ("eq nan", eq(float("nan")), "filters.value", "finite"),
    ("eq infinity", eq(float("-inf")), "filters.value", "finite"),
    ("eq date that is none", eq("soon", "published_at"), "filters.value", "not a date"),
    ("in text", one("in", "a"), "filters.value", "list"),
    ("nin null", one("nin", None), "filters.value", "list"),
    ("in of lists", one("in", ["a", ["b"]]), "filters.value[1]", "a list"),
    ("in of null", one("in", ["a", None]), "filters.value[1]", "null"),
    ("in of dates", one("in", ["2024-05-31", "x"], "published_at"), "filters.value[1]", "not a date"),
    ("in of nan", one("in", [float("nan")]), "filters.value[0]", "finite"),
    ("too many values", one("in", list(range(MAX_VALUES + 1))), "filters.value", "10001 values"),
    ("gt text", one("gt", "large"), "filters.value", "'large'"),
    ("gte bool", one("gte", True), "filters.value", "True"),
    ("lt null", one("lt", None), "filters.value", "null"),
    ("lte list", one("lte", [1]), "filters.value", "a list"),
    ("gt infinity", one("gt", float("inf")), "filters.value", "finite"),
    ("gt 'nan'", one("gt", "nan"), "filters.value", "'nan'"),
    ("gt digits grouped", one("gt", "1_000"), "filters.value", "'1_000'"),
    ("before text", one("before", "soon"), "filters.value", "not a date"),
    ("before huge", one("before", 10**4000), "filters.value", "a huge number"),
    ("after out of the calendar", one("after", "now-999999y"), "filters.value", "not a date"),
    ("contains number", one("contains", 5), "filters.value", "5"),
    ("contains blank", one("contains", " "), "filters.value", "blank"),
    ("starts_with null", one("starts_with", None), "filters.value", "null"),
    ("ends_with list", one("ends_with", ["a"]), "filters.value", "a list"),
    ("empty with a value", one("empty", "x"), "filters.value", "left out"),
    ("a thousand deep", nested(1000), "filters", "nested"),
    ("one too deep", nested(MAX_DEPTH + 1), "filters", f"{MAX_DEPTH} deep"),
    (
        "too many",
        {"type": "or", "filters": [eq()] * (MAX_COMPARISONS + 1)},
        f"filters.filters[{MAX_COMPARISONS}].value",
        "",
    ),
]


@pytest.mark.parametrize(("value", "field", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_filter(value: object, field: str, words: str) -> None:
    with pytest.raises(BadInput) as raised:
        parse_filter(value)
    error = raised.value
    assert words in error.detail
    assert error.remedy
    assert error.field is not None and error.field.startswith("filters")
    if field:
        assert error.field == field
    assert len(error.detail) < 300


@pytest.mark.parametrize("length", [0, 257, 5000])
def test_the_rules_for_a_key_s_length_agree(length: int) -> None:
    with pytest.raises(BadInput) as raised:
        parse_filter(eq(1, "k" * length))
    assert raised.value.field == "filters.key"
    assert raised.value.remedy == "use 1 to 256 characters"
    assert str(4096) not in raised.value.detail


@pytest.mark.parametrize("code", [0, 9, 10, 31, 127, 133])
def test_no_control_characters_in_keys(code: int) -> None:
    key = f"a{chr(code)}b"
    for parse, value, field in (
        (parse_filter, eq(1, key), "filters.key"),
        (parse_metadata_condition, dify(condition("is", name=key)), "metadata_condition.conditions[0].name"),
    ):
        with pytest.raises(BadInput, match="control character") as raised:
            parse(value)
        assert raised.value.field == field


def test_the_place_is_named_however_deep() -> None:
    value = {"type": "and", "filters": [eq(), {"type": "or", "filters": [eq(), one("in", ["a", 5, {}])]}]}
    with pytest.raises(BadInput) as raised:
        parse_filter(value)
    assert raised.value.field == "filters.filters[1].filters[1].value[2]"


def test_every_operator_is_taken() -> None:
    values: dict[str, object] = {"in": ["a"], "nin": [], "before": "2024-05-31", "after": 0, "gt": 5, "gte": "5"}
    values |= {"lt": "now-7d", "lte": "2024-05-31", "empty": None, "not_empty": None}
    for operator in OPERATORS:
        parsed = parse_filter(one(operator, values.get(operator, "x")), now=NOW)
        assert isinstance(parsed, Comparison)
        assert parsed.operator == operator
    assert isinstance(parse_filter({"type": "empty", "key": "a"}), Comparison)


def test_the_limits_are_taken() -> None:
    assert isinstance(parse_filter(one("in", [f"id-{n}" for n in range(MAX_VALUES)])), Comparison)
    assert isinstance(parse_filter(nested(MAX_DEPTH)), Junction)
    assert len(list(comparisons(parse_filter({"type": "or", "filters": [eq()] * MAX_COMPARISONS})))) == MAX_COMPARISONS
    parse_filter(eq(10**4000))
    parse_filter(one("gt", -(10**4000)))


def test_values_of_all_lists_count() -> None:
    lists = [one("in", list(range(MAX_VALUES)))] * (MAX_ALL_VALUES // MAX_VALUES)
    parse_filter({"type": "or", "filters": lists})
    with pytest.raises(BadInput, match=str(MAX_ALL_VALUES)):
        parse_filter({"type": "or", "filters": [*lists, one("in", [1])]})


def test_equal_filters_are_equal_and_can_be_remembered() -> None:
    one_way = {"type": "and", "filters": [one("in", ["a", "b"]), one("after", "now-7d", "published_at")]}
    other_way = {"type": "and", "filters": [one("in", ["b", "a", "b "]), one("after", "now-1w", "published_at")]}
    assert parse_filter(one_way, now=NOW) == parse_filter(other_way, now=NOW)
    assert hash(parse_filter(one_way, now=NOW)) == hash(parse_filter(other_way, now=NOW))
    assert parse_filter(eq(1)) != parse_filter(eq(True))


def condition(sign: object, value: object = "a", name: object = "topic") -> dict[str, object]:
    return {"name": name, "comparison_operator": sign, "value": value}


def dify(*conditions: object, logic: object = "and") -> dict[str, object]:
    return {"logical_operator": logic, "conditions": list(conditions)}


@pytest.mark.parametrize(
    "value", [None, {}, {"conditions": None}, {"conditions": []}, {"logical_operator": None, "conditions": None}]
)
def test_no_dify_condition_filters_nothing(value: object) -> None:
    assert parse_metadata_condition(value) is None


@pytest.mark.parametrize(
    ("sign", "value", "same"),
    [
        ("contains", "a", one("contains", "a")),
        ("not contains", "a", one("not_contains", "a")),
        ("start with", "a", one("starts_with", "a")),
        ("end with", "a", one("ends_with", "a")),
        ("is", "2024", one("eq", "2024")),
        ("is not", "a", one("ne", "a")),
        ("in", ["a", "b"], one("in", ["a", "b"])),
        ("in", "a, b,,", one("in", ["a", "b"])),
        ("not in", ["a"], one("nin", ["a"])),
        ("not in", "a", one("nin", ["a"])),
        ("empty", None, one("empty", None)),
        ("empty", "", one("empty", None)),
        ("not empty", "left over", one("not_empty", None)),
        ("=", "2024", one("eq", 2024)),
        ("=", 2024.0, one("eq", 2024)),
        ("=", "abc", one("eq", "abc")),
        ("≠", "7.0", one("ne", 7)),
        (">", "5", one("gt", 5)),
        ("<", 5, one("lt", 5)),
        ("≥", "2024-05-31", one("gte", "2024-05-31")),
        ("≤", "5.5", one("lte", 5.5)),
        (">=", "5", one("gte", 5)),
        ("before", "1717142400", one("before", 1717142400)),
        ("after", "now-7d", one("after", "now-7d")),
    ],
)
def test_dify_operators(sign: str, value: object, same: dict[str, object]) -> None:
    given = dify(condition(sign, value, "k"))
    parsed = parse_metadata_condition(given, now=NOW)
    expected = parse_filter(same, now=NOW)
    assert isinstance(parsed, Comparison) and isinstance(expected, Comparison)
    assert parsed == expected


def test_every_dify_operator_of_the_contract_is_known() -> None:
    named = "contains|not contains|start with|end with|is|is not|in|not in|empty|not empty|=|≠|>|<|≥|≤|before|after"
    assert set(named.split("|")) <= set(DIFY_OPERATORS)


def test_dify_joins_conditions() -> None:
    both = dify(condition("is", "a"), condition("empty", name="b"))
    assert parse_metadata_condition(both) == parse_filter(
        {"type": "and", "filters": [eq(), {"type": "empty", "key": "b"}]}
    )
    either = parse_metadata_condition({**both, "logical_operator": "or"})
    assert isinstance(either, Junction) and either.type == "or"
    neither = parse_metadata_condition({**both, "logical_operator": None})
    assert isinstance(neither, Junction) and neither.type == "and"


def test_dify_names_may_be_a_list() -> None:
    assert parse_metadata_condition(dify(condition("is", name=["topic"]))) == parse_filter(eq())
    several = parse_metadata_condition(dify(condition("is", name=["a", "b"])))
    assert several == parse_filter({"type": "or", "filters": [eq(key="a"), eq(key="b")]})
    none = parse_metadata_condition(dify(condition("is not", name=["a", "b"])))
    assert none == parse_filter({"type": "and", "filters": [one("ne", "a", "a"), one("ne", "a", "b")]})


def test_dify_fields_that_are_not_known_are_ignored() -> None:
    given = {**dify({**condition("is"), "id": "x"}), "version": 2}
    assert parse_metadata_condition(given) == parse_filter(eq())


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("x", ""),
        ([], ""),
        (dify(logic="xor"), ".logical_operator"),
        ({"conditions": {}}, ".conditions"),
        (dify("x"), ".conditions[0]"),
        (dify(condition("is"), condition("like")), ".conditions[1].comparison_operator"),
        (dify({"name": "a", "value": 1}), ".conditions[0].comparison_operator"),
        (dify(condition(5)), ".conditions[0].comparison_operator"),
        (dify(condition("is", name=None)), ".conditions[0].name"),
        (dify(condition("is", name=[])), ".conditions[0].name"),
        (dify(condition("is", name=["a", 5])), ".conditions[0].name[1]"),
        (dify(condition("is", name="")), ".conditions[0].name"),
        (dify(condition("is", None)), ".conditions[0].value"),
        (dify({"name": "a", "comparison_operator": "contains"}), ".conditions[0].value"),
        (dify(condition("in", 5)), ".conditions[0].value"),
        (dify(condition("is", ["a"])), ".conditions[0].value"),
        (dify(condition(">", "{{#start.year#}}")), ".conditions[0].value"),
        (dify(condition("before", "")), ".conditions[0].value"),
        (dify(condition("contains", 5)), ".conditions[0].value"),
        (dify(condition("in", ["a"] * (MAX_VALUES + 1))), ".conditions[0].value"),
        (dify(*[condition("is")] * (MAX_COMPARISONS + 1)), f".conditions[{MAX_COMPARISONS}].value"),
    ],
)
def test_bad_dify_condition(value: object, field: str) -> None:
    with pytest.raises(BadInput) as raised:
        parse_metadata_condition(value)
    assert raised.value.field == "metadata_condition" + field
    assert raised.value.remedy


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(OPERATORS)
_NAMES = st.sampled_from(
    ["type", "key", "value", "filters", "conditions", "name", "comparison_operator", "logical_operator", "and", "x"]
)
_JSON = st.recursive(
    _SCALARS | st.sampled_from(["and", "or", "published_at", "now-7d", "2024-05-31", *DIFY_OPERATORS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)
_ALMOST = st.fixed_dictionaries(
    {"type": st.sampled_from([*OPERATORS, "and", "or"]), "key": st.sampled_from(["a", "published_at", "title"])},
    optional={"value": _JSON, "filters": st.lists(_JSON, max_size=2)},
)


@given(_JSON | _ALMOST)
def test_whatever_comes_is_a_filter_or_bad_input(value: object) -> None:
    for parse in (parse_filter, parse_metadata_condition):
        try:
            parsed = parse(value, now=NOW)
        except BadInput as error:
            assert error.field and error.detail and error.remedy
        else:
            assert parsed is None or hash(parsed) is not None
