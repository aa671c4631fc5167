"""A data directory that has a file of every kind in use, to be copied and harmed, with the model of what it holds."""

from __future__ import annotations

import copy
import shutil
from dataclasses import dataclass
from pathlib import Path

from made_articles import Made
from shelves_model import GONE, Key, ShelvesModel, Version

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.index import dense, folding
from qa_service.retrieval.calibration import Adjustment
from qa_service.store import collections
from qa_service.types import Submission

PLAIN, LARGE, SITE = 60, 25, 30
_NEVER = 1_000_000


@dataclass(frozen=True, slots=True)
class Template:
    """What was made: the files, what they hold, and what a backup made at that time would hold."""

    root: Path
    model: ShelvesModel

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def copied(self, directory: Path) -> ShelvesModel:
        """Copy data and cache into a new directory; give a model of its own."""
        directory.mkdir(parents=True)
        shutil.copytree(self.data, directory / "data")
        shutil.copytree(self.cache, directory / "cache")
        return ShelvesModel(copy.deepcopy(self.model.allowed), copy.deepcopy(self.model.collections))


def make_template(root: Path) -> Template:
    """Make it: exact and inverted bases with changes after them, furniture, an adjustment, a job, and a WAL."""
    settings = Settings(data_dir=root / "work", cache_dir=root / "cache", model="toy")
    model = ShelvesModel()
    engine = Engine.open(settings, ToyEncoder())
    threshold, folding.COMPACT_PASSAGES = folding.COMPACT_PASSAGES, _NEVER
    exact, dense.EXACT_VECTORS = dense.EXACT_VECTORS, 120
    _fill(engine, model)
    dense.EXACT_VECTORS, folding.COMPACT_PASSAGES = exact, threshold
    fitted = engine.adjustment.fitted(
        at="2026-01-01T00:00:00+00:00", collection="plain", questions=100, unanswered=10, min_confidence=0.25
    )
    engine.adjustment.write(Adjustment(1.1, -0.1), fitted)
    changes: dict[Key, Version] = {("job", f"job-{number}"): 0 for number in range(5)}
    model.begin(changes)
    engine.submit([_submission(key, 0) for key in changes], "job")
    # Copied while it is open: the last writes are in the WAL alone, as after a kill.
    shutil.copytree(
        root / "work", root / "data", ignore=shutil.ignore_patterns("*-shm", "writer.lock", "jobs.lock", "compact.lock")
    )
    engine.close()
    shutil.rmtree(root / "work")
    return Template(root, model)


def _fill(engine: Engine, model: ShelvesModel) -> None:
    for kind, count in (("plain", PLAIN), ("large", LARGE), ("site", SITE)):
        _write(engine, model, {(kind, f"{kind}-{number}"): 0 for number in range(count)})
        if kind != "site":
            with engine.catalog.read() as connection:
                collection = collections.get(connection, kind)
            folding.compact(engine.generations, collection, force=True)
            engine.opened.refresh(kind)
        _write(engine, model, {(kind, f"{kind}-{number}"): 1 for number in range(0, count, 7)})
        _write(engine, model, {(kind, f"{kind}-{number}"): 0 for number in range(count, count + 3)})
        for number in range(1, count, 9):
            engine.delete_article(kind, f"{kind}-{number}")
            model.settle({(kind, f"{kind}-{number}"): GONE})


def _write(engine: Engine, model: ShelvesModel, changes: dict[Key, Version]) -> None:
    [(kind, _), *_] = changes
    outcomes = list(engine.ingest([_submission(key, version) for key, version in changes.items()], kind))
    assert {one.outcome for one in outcomes} <= {"created", "updated"}, outcomes
    model.settle(changes)


def _submission(key: Key, version: Version) -> Submission:
    assert version is not None
    made = Made(key[1], version)
    return Submission(made.text.encode(), id=made.id, charset="utf-8", title=made.title, url=made.url)
