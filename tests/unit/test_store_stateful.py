"""The engine against a plain dictionary: whatever is written, in whatever order, is what is listed, read and found."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from embeddings.toy import ToyEncoder
from qa_service import assembly
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import NotFound
from qa_service.index import dense, folding
from qa_service.index.generation import Generations
from qa_service.job_runner import JobRunner
from qa_service.store import collections
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.text.tokens import Tokenizer
from qa_service.types import Ask, RankedPassage, Submission

NAMES = ("default", "one", "two")
IDS = ("a", "城/b 1", "c", "d", "e")
WORDS = dict(zip(IDS, ("quartz", "walnut", "saffron", "lantern", "granite"), strict=True))
FOOTER = "本站所有内容均由编辑部整理发布。"

Articles = dict[str, tuple[int, str]]
"""By id: the version of the text and the title."""

a_name = st.sampled_from(NAMES)
an_id = st.sampled_from(IDS)
written = st.dictionaries(an_id, st.tuples(st.integers(0, 3), st.sampled_from(("甲", "乙"))), min_size=1)


def code(article_id: str, version: int) -> str:
    return f"{WORDS[article_id]}x{'nwse'[version]}"


def text(article_id: str, version: int) -> str:
    """Give a version: the later ones have more passages, an emoji moves their offsets."""
    head = f"{WORDS[article_id]}号仓库🙂的负责人编号是{code(article_id, version)}。\r\n"
    rest = "".join(
        f"第{version}版第{n}句说的是{WORDS[article_id]}的第{n * 7 + version}件货物。" for n in range(version * 12)
    )
    return head + rest + FOOTER


def submissions(articles: Mapping[str, tuple[int, str]]) -> list[Submission]:
    return [
        Submission(text(key, version).encode(), id=key, charset="utf-8", title=title, url="https://example.org/1")
        for key, (version, title) in articles.items()
    ]


class Shelves(RuleBasedStateMachine):
    """Rules that write, and invariants that compare."""

    configuration: Settings
    tokenizer: Tokenizer

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Articles] = {"default": {}}
        self.root = Path(tempfile.mkdtemp(dir=self.configuration.data_dir))
        self.engine = self.opened()

    def opened(self) -> Engine:
        chosen = self.configuration.model_copy(update={"data_dir": self.root / "data"})
        engine = Engine(chosen, ToyEncoder(), SqliteCatalog(chosen.data_dir), tokenizer=self.tokenizer)
        engine.recover()
        return engine

    @initialize(articles=written)
    def begin(self, articles: Articles) -> None:
        self.write("default", articles)

    @rule(name=a_name, articles=written)
    def write(self, name: str, articles: Articles) -> None:
        held = self.model.setdefault(name, {})
        expected = {
            key: "created" if key not in held else "unchanged" if held[key] == given else "updated"
            for key, given in articles.items()
        }
        outcomes = {one.id: one.outcome for one in self.engine.ingest(submissions(articles), name)}
        assert outcomes == expected
        held.update(articles)

    @rule(name=a_name, articles=written)
    def write_by_a_job(self, name: str, articles: Articles) -> None:
        job = self.engine.submit(submissions(articles), name)
        JobRunner(self.engine.catalog, self.engine.taking_in.ingest_batches, lambda: False).drain()
        assert self.engine.job(job.id).state == "done"
        self.model.setdefault(name, {}).update(articles)

    @rule(name=a_name, articles=written)
    def die_before_publishing(self, name: str, articles: Articles) -> None:
        """What was committed is published by whoever opens next."""
        held = self.model.get(name, {})
        changes = any(held.get(key) != given for key, given in articles.items())

        class Killed(BaseException):
            pass

        def die(*_: object) -> None:
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Generations, "publish_delta", die)
            if changes:
                with pytest.raises(Killed):
                    list(self.engine.ingest(submissions(articles), name))
                self.model.setdefault(name, {}).update(articles)
        self.reopen()

    @rule(name=a_name, article_id=an_id)
    def delete(self, name: str, article_id: str) -> None:
        if article_id in self.model.get(name, {}):
            self.engine.delete_article(name, article_id)
            del self.model[name][article_id]
        else:
            with pytest.raises(NotFound):
                self.engine.delete_article(name, article_id)

    @rule(name=a_name, keep=st.sets(an_id))
    def prune(self, name: str, keep: set[str]) -> None:
        if name not in self.model:
            return
        held = self.model[name]
        assert sorted(self.engine.prune(name, keep)) == sorted(set(held) - keep)
        self.model[name] = {key: given for key, given in held.items() if key in keep}

    @rule(name=a_name)
    def make_collection(self, name: str) -> None:
        assert self.engine.create_collection(name) == (name not in self.model)
        self.model.setdefault(name, {})

    @rule(name=a_name)
    def delete_collection(self, name: str) -> None:
        if name in self.model:
            self.engine.delete_collection(name)
            self.model.pop(name)
            self.model.setdefault("default", {})
        else:
            with pytest.raises(NotFound):
                self.engine.delete_collection(name)

    @rule(name=a_name)
    def compact(self, name: str) -> None:
        with self.engine.catalog.read() as connection:
            found = collections.find(connection, name)
        if found is not None:
            folding.compact(self.engine.generations, found, force=True)
            self.engine.opened.follow(name)

    @rule()
    def rebuild(self) -> None:
        self.engine.rebuild()

    @rule()
    def reopen(self) -> None:
        self.engine.close()
        self.engine = self.opened()

    @invariant()
    def the_same_is_listed(self) -> None:
        assert {one.name: one.articles for one in self.engine.collections()} == {
            name: len(held) for name, held in self.model.items()
        }
        for name, held in self.model.items():
            listed = {one.id: one.title for one in self.engine.articles(name).articles}
            assert listed == {key: title for key, (_, title) in held.items()}

    @precondition(lambda self: any(self.model.values()))
    @rule(name=a_name, article_id=an_id)
    def read_and_ask(self, name: str, article_id: str) -> None:
        if name not in self.model:
            with pytest.raises(NotFound):
                self.engine.ask(Ask("有什么?", collection=name))
            return
        self.compare(name, article_id)

    def compare(self, name: str, article_id: str) -> None:
        """Read an article, and ask for it by its word: only what there is comes, word for word."""
        held = self.model[name].get(article_id)
        result = self.engine.ask(Ask(f"{WORDS[article_id]}号仓库的负责人编号是多少?", collection=name, top_k=50))
        for passage in result.passages:
            self.is_true(name, passage)
        found = [passage for passage in result.passages if passage.article_id == article_id]
        if held is None:
            assert found == []
            with pytest.raises(NotFound):
                self.engine.article(name, article_id)
            return
        assert self.engine.article(name, article_id).text == text(article_id, held[0])
        assert any(code(article_id, held[0]) in passage.text for passage in found)

    def is_true(self, name: str, passage: RankedPassage) -> None:
        version, title = self.model[name][passage.article_id]
        assert passage.text == text(passage.article_id, version)[passage.start : passage.end]
        assert passage.title == title

    def teardown(self) -> None:
        for name in self.model:
            for article_id in IDS:
                self.compare(name, article_id)
        assert self.engine.check() == []
        self.engine.close()
        shutil.rmtree(self.root)


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "inverted lists"])
def test_the_engine_holds_what_a_dictionary_holds(
    configuration: Settings, monkeypatch: pytest.MonkeyPatch, exact: bool
) -> None:
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 12)
    if not exact:
        monkeypatch.setattr(dense, "EXACT_VECTORS", 10)
    machine = type("Machine", (Shelves,), {
        "configuration": configuration, "tokenizer": assembly.load_tokenizer(configuration),
    })  # fmt: skip
    chosen = settings(
        max_examples=12 if exact else 5,
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine, settings=chosen)


@pytest.fixture
def configuration(tmp_path: Path, cache_dir: Path) -> Settings:
    return Settings(data_dir=tmp_path, cache_dir=cache_dir, model="toy", min_confidence=0.0)
