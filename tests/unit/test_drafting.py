"""Repaired text is what the search sees; every offset is the original's."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.cutting import in_original
from qa_service.engine import Engine
from qa_service.text.offsets import MappedText
from qa_service.types import Ask, Span
from tests.conftest import add, article

pytestmark = pytest.mark.both_catalogues

DIRTY = "防(fáng)控(kòng)就是責(zé)任。吕(lǚ)梁市设置了331個(gè)防控站點(diǎn)&nbsp;，由李(lǐ)明负责。"


@given(st.lists(st.tuples(st.text(max_size=4), st.integers(0, 3), st.integers(0, 3)), max_size=12), st.data())
def test_places_are_disjoint_and_not_empty(parts: list[tuple[str, int, int]], data: st.DataObject) -> None:
    pieces, position = [], 0
    for text, skip, width in parts:
        pieces.append((text, position + skip, position + skip + width))
        position += skip + width
    mapped = MappedText.from_pieces(pieces, position)
    bounds = sorted(data.draw(st.lists(st.integers(0, len(mapped.text)), max_size=8, unique=True)))
    sentences = [Span(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=False)]
    end = 0
    for sentence, place in in_original(mapped, sentences, 0):
        assert sentence in sentences
        assert end <= place.start < place.end <= position
        end = place.end


def test_dirty_text_is_found_by_its_clean_words(engine: Engine) -> None:
    add(engine, {"dirty": DIRTY, "other": "图书馆每天九点开门。阅览室在二楼。"})
    result = engine.ask(Ask("吕梁市设置了多少个防控站点?", explain=True))
    first = result.passages[0]
    assert first.article_id == "dirty"
    assert first.text == DIRTY[first.start : first.end]
    assert result.answer is not None
    assert "331個(gè)" in result.answer.text
    assert result.explain is not None
    assert float(str(result.explain["coverage"])) > 0.6
    assert engine.check() == []


def test_repair_can_be_switched_off_and_is_part_of_the_index(settings: Settings) -> None:
    plain = Engine.open(settings.model_copy(update={"repair": False}), ToyEncoder())
    add(plain, {"dirty": DIRTY})
    explain = plain.ask(Ask("防控站点责任", explain=True)).explain
    plain.close()
    mended = Engine.open(settings, ToyEncoder(), recover=False)
    mended.rebuild()
    better = mended.ask(Ask("防控站点责任", explain=True)).explain
    assert explain is not None
    assert better is not None
    assert float(str(better["coverage"])) > float(str(explain["coverage"]))
    mended.close()


def test_a_site_of_any_length_is_taken_and_stays_one_site(engine: Engine) -> None:
    """No index of a database takes a long text, and a feed's title may be one."""
    rng = random.Random(1)
    long = "".join(chr(rng.randrange(0x4E00, 0x9FFF)) for _ in range(7000))
    given = [article("a", DIRTY, metadata={"site": long}), article("b", DIRTY, metadata={"site": f" {long} "})]
    given.append(article("c", DIRTY, url=f"https://{long[:2000]}/"))
    given.append(article("d", DIRTY, metadata={"site": "Example.com"}))
    assert [one.outcome for one in engine.ingest(given)] == ["created"] * 4
    assert engine.article("default", "a").summary.metadata == {"site": long}
    with engine.catalog.read() as connection:
        sites = [site for (site,) in connection.execute("SELECT site FROM articles ORDER BY id")]
    assert sites[0] == sites[1] != sites[2]
    assert sites[3] == "example.com"
    assert max(map(len, sites)) < 100
