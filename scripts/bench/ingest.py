#!/usr/bin/env python
"""Ingest end to end, against the bare encoder over the same texts in the same run.

    scripts/bench/ingest.py SET [--pages PATH ...] [--articles N] [--runs N] [--asking] [--data DIR] [--out DIR]

SET is a file in SQuAD layout, whose paragraphs are the articles; --pages adds another corpus of files and folders, as
`qa-service ingest` takes them, such as dirty web pages. Each run takes a corpus into a new data directory as the
command line does, and then gives the encoder the same distinct windows and sentences in one call.
--asking measures the time of answers too, before and while a server works on a job of the same articles and while
`qa-service ingest` runs beside it, at one and four clients that ask SET's questions; its data lie in DIR or a temporary
directory.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from ingest_asking import Asked, ask_during
from report import Plot, Table, publish

from embeddings.encoder import Encoder
from qa_service import assembly
from qa_service.config import Settings, load_settings
from qa_service.drafting import Draft, Drafter
from qa_service.engine import Engine
from qa_service.evaluation.squad import load_squad
from qa_service.readers import Source, list_files
from qa_service.types import Submission

COLLECTION = "bench"


@dataclass(frozen=True, slots=True)
class Run:
    """One run over one corpus: seconds on the clock, and of processor time."""

    articles: int
    passages: int
    texts: int
    whole_s: float
    whole_cpu_s: float
    draft_cpu_s: float
    encoder_s: float
    encoder_cpu_s: float

    @property
    def share(self) -> float:
        """Give the whole's throughput as a share of the bare encoder's."""
        return self.encoder_s / self.whole_s


def main() -> None:
    """Run, compare, report."""
    options = _options()
    dataset = load_squad(options.set)
    corpora = {options.set.stem: list(islice(dataset.articles, options.articles))}
    if options.pages:
        corpora["pages"] = list(islice(Source(list_files(options.pages, "path")), options.articles))
    encoder = assembly.load_model(load_settings())
    runs = {name: measure(given, encoder, options.runs) for name, given in corpora.items()}
    asked: list[Asked] = []
    if options.asking:
        questions = [question.text for question in dataset.questions]
        asked = ask_during(next(iter(corpora.values())), questions, options.data)
    facts = {
        "set": options.set.name,
        "runtime": asdict(encoder.runtime),
        "runs": {name: [{**asdict(run), "share": run.share} for run in found] for name, found in runs.items()},
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "asked": [asdict(one) for one in asked],
    }
    publish("ingest", facts, tables(runs, asked, facts), plots(runs, asked), options.out)


def measure(articles: Sequence[Submission], encoder: Encoder, count: int) -> list[Run]:
    """Take articles in and give the encoder their texts, in turns."""
    with tempfile.TemporaryDirectory() as home:
        once(articles[:20], encoder, Path(home, "warm"))
        return [once(articles, encoder, Path(home, str(number))) for number in range(count)]


def once(articles: Sequence[Submission], encoder: Encoder, data: Path) -> Run:
    """Do both once."""
    engine = Engine.open(Settings(data_dir=data), encoder, asking=False)
    wall, cpu = time.perf_counter(), time.process_time()
    outcomes = list(engine.ingest(articles, COLLECTION))
    whole = time.perf_counter() - wall, time.process_time() - cpu
    cpu = time.process_time()
    drafts = drafted(engine, articles)
    draft_cpu_s = time.process_time() - cpu
    engine.close()
    passages = [passage.texts for draft in drafts for passage in draft.passages if passage.texts]
    texts = list(dict.fromkeys(text for several in passages for text in several))
    wall, cpu = time.perf_counter(), time.process_time()
    encoder.encode_passages(texts)
    bare = time.perf_counter() - wall, time.process_time() - cpu
    return Run(len(outcomes), len(passages), len(texts), *whole, draft_cpu_s, *bare)


def drafted(engine: Engine, articles: Sequence[Submission]) -> list[Draft]:
    """Process articles up to where they are encoded, as if they were new."""
    drafter = Drafter(engine.catalog, "none", engine.ingestor().processing)
    return [drafter.draft(article) for article in articles]


def tables(runs: dict[str, list[Run]], asked: Sequence[Asked], facts: dict[str, object]) -> list[Table]:
    """Lay out what was measured: medians of the runs."""
    rows = []
    for name, found in runs.items():
        run = sorted(found, key=lambda one: one.share)[len(found) // 2]
        other = run.whole_cpu_s - run.draft_cpu_s - run.encoder_cpu_s
        speeds = (run.articles / run.whole_s, run.passages / run.whole_s, run.texts / run.whole_s)
        stages = (run.draft_cpu_s, run.encoder_cpu_s, other)
        rows.append([name, run.articles, *speeds, run.texts / run.encoder_s, run.share, *stages])
    columns = ["corpus", "articles", "articles/s", "passages/s", "texts/s", "encoder alone", "share"]
    stages_of = ["drafting CPU s", "encoding CPU s", "writing and all else CPU s"]
    memory = f"peak memory {facts['peak_memory_mib']:,.0f} MiB"
    found = [Table(f"Ingest end to end, the median run; {memory}", [*columns, *stages_of], rows)]
    if asked:
        shown = [[one.during, one.clients, one.answers, one.p50_ms, one.p99_ms, one.times_idle] for one in asked]
        found.append(Table("Answers meanwhile", ["", "clients", "answers", "p50 ms", "p99 ms", "times idle"], shown))
    return found


def plots(runs: dict[str, list[Run]], asked: Sequence[Asked]) -> list[Plot]:
    """Plot texts per second by corpus, and p99 by what went on."""
    speeds = {
        "end to end": [statistics.median(run.texts / run.whole_s for run in found) for found in runs.values()],
        "encoder alone": [statistics.median(run.texts / run.encoder_s for run in found) for found in runs.values()],
    }
    numbered = {name: [(float(place), speed) for place, speed in enumerate(of)] for name, of in speeds.items()}
    title = "Ingest: " + ", ".join(f"{place} = {name}" for place, name in enumerate(runs))
    drawn = [Plot(title, "corpus", "texts per second", numbered, kind="bar")]
    if asked:
        kinds = dict.fromkeys(one.during for one in asked)
        p99 = {kind: [(float(one.clients), one.p99_ms) for one in asked if one.during == kind] for kind in kinds}
        drawn.append(Plot("p99 of /v1/ask", "clients", "ms", p99, kind="bar"))
    return drawn


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--pages", type=Path, nargs="*", default=[])
    parser.add_argument("--articles", type=int, default=None, help="take only the first so many of each corpus")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--asking", action="store_true")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()
