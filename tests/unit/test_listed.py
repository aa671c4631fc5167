"""Lists of values in statements: all of them, in parts of few lengths."""

from __future__ import annotations

import random

from qa_service.engine import Engine
from qa_service.store.listed import LONGEST, parts
from qa_service.types import Ask, Submission


def test_every_value_is_in_a_part_whose_length_is_a_power_of_two() -> None:
    lengths = set()
    for count in range(3 * LONGEST):
        values = list(range(count))
        found = list(parts(values))
        assert {value for _, part in found for value in part} == set(values)
        for marks, part in found:
            assert marks.count("?") == len(part) == marks.count(",") + 1
            lengths.add(len(part))
    assert lengths == {2**power for power in range(LONGEST.bit_length())}
    assert list(parts(iter("abc"))) == [("?,?,?,?", ["a", "b", "c", "c"])]
    assert list(parts([])) == []


def test_questions_over_collections_of_any_size_prepare_few_statements(engine: Engine) -> None:
    chance = random.Random(1)
    made = [f"第{number}号仓库有{chance.randrange(10, 9999)}平方米，建于{1900 + number}年。" for number in range(120)]
    with engine.catalog.read() as connection:
        statements: set[str] = set()
        connection.set_trace_callback(lambda sql: statements.add(_shape(sql)))
    for number, text in enumerate(made):
        list(engine.ingest([Submission(text.encode(), str(number))]))
        engine.ask(Ask(question=f"{number}号仓库有多少平方米？", top_k=50))
    connection.set_trace_callback(None)
    lists = {one for one in statements if " IN (" in one}
    assert 1 < len(lists) < 80
    assert len(statements) < 200


def _shape(sql: str) -> str:
    """Give a statement without its values, which a trace puts in place of the parameters."""
    head, _, rest = sql.partition(" IN (")
    listed, _, tail = rest.partition(")")
    plain = "".join("0" if letter.isdigit() else letter for letter in head + tail).replace("00", "0")
    return plain[:60] + (f" IN ({listed.count(',')})" if rest else "")
