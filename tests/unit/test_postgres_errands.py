"""Background work in processes of its own, over a catalogue whose address only the environment tells them."""

from __future__ import annotations

import time
from contextlib import closing

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.types import Ask
from tests.conftest import article


def test_a_process_works_on_the_jobs_of_a_database(settings: Settings, postgres_url: str) -> None:
    chosen = Settings(**{**settings.model_dump(), "catalog": postgres_url, "background": "process"})
    with closing(Engine.open(chosen, ToyEncoder())) as engine:
        engine.start_workers()
        job = engine.submit([article("a", "青河公园每天早上六点开门。")], "jobs")
        give_up = time.monotonic() + 120
        while engine.job(job.id).finished_at is None:
            assert time.monotonic() < give_up, engine.readiness().warnings
            time.sleep(0.1)
        assert not engine._background._alone
        assert engine.ask(Ask("公园几点开门？", "jobs")).passages[0].article_id == "a"
