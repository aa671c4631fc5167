"""The systems that `peers.py` compares with, run by the interpreter of a virtual environment that has them.

    peers_systems.py SYSTEM SETTING FOLDER

FOLDER has the input (texts and vectors) and takes the output. Nothing of the service is imported here. A setting
`best` gives what may do better than the defaults; `peers.py` takes what does best on the very questions that are asked.
"""

# ruff: noqa: PLC0415 - each system is imported by its own function alone, so that its memory is its own

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 100
WARM_UP = 10
WEIGHTS = (0.3, 0.5, 0.7, 0.9, 1.0)
"""Of the dense leg, tried at the best setting."""
WITHOUT_VECTORS = ("bm25s",)
Hits = Sequence[tuple[int, float]]
Search = Callable[[int], Hits]


@dataclass
class Data:
    """The input: texts of chunks and of whole articles, their articles' numbers, questions, vectors of both."""

    folder: Path
    chunks: Sequence[str]
    owners: Sequence[int]
    articles: Sequence[str]
    questions: Sequence[str]
    model: str
    encode_ms: list[float] = field(default_factory=list)
    """Filled by systems that encode the questions themselves."""
    began: float = 0.0
    """When building began, after imports; later by what encoding took meanwhile."""

    def start(self) -> None:
        """Begin to build: what was needed is imported."""
        self.began = time.perf_counter()

    @property
    def vectors(self) -> Any:
        """Vectors of the chunks (n, dim)."""
        return np.load(self.folder / "chunks.npy")

    @property
    def queries(self) -> Any:
        """Vectors of the questions (q, dim)."""
        return np.load(self.folder / "questions.npy")


@dataclass(frozen=True)
class System:
    """A system that is built: its variants, and whether what they find are whole articles and not chunks."""

    variants: Mapping[str, Search]
    whole: bool = False


def txtai(data: Data, best: bool) -> Sequence[System]:
    """txtai's hybrid index with external vectors; best: exact dense leg, words cut by jieba, weights tried."""
    from txtai import Embeddings

    data.start()
    texts, questions = data.chunks, data.questions
    config: dict[str, Any] = {"method": "external", "hybrid": True}
    if best:
        texts, questions = _spaced(texts), _spaced(questions)
        scoring = {"method": "bm25", "terms": True, "normalize": True, "tokenizer": {"whitespace": True}}
        config = {"method": "external", "scoring": scoring, "faiss": {"components": "IDMap,Flat"}}
    known = dict(zip((*texts, *questions), (*data.vectors, *data.queries), strict=True))
    embeddings = Embeddings(transform=lambda given: np.stack([known[text] for text in given]), **config)
    embeddings.index([(number, text, None) for number, text in enumerate(texts)])

    def search(weight: float) -> Search:
        return lambda number: embeddings.search(questions[number], LIMIT, weights=weight)

    weights = WEIGHTS if best else (0.5,)
    return [System({f"weights={weight}": search(weight) for weight in weights})]


def milvus(data: Data, best: bool) -> Sequence[System]:
    """Milvus Lite's hybrid search: dense and BM25 (jieba), reciprocal rank fusion; best: weights tried too."""
    from pymilvus import DataType, Function, FunctionType, MilvusClient

    data.start()
    client = MilvusClient(str(data.folder / "milvus.db"))
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field(
        "text", DataType.VARCHAR, max_length=8192, enable_analyzer=True, analyzer_params={"tokenizer": "jieba"}
    )
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=data.vectors.shape[1])
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    bm25 = Function("bm25", FunctionType.BM25, input_field_names=["text"], output_field_names=["sparse"])
    schema.add_function(bm25)
    index = client.prepare_index_params()
    index.add_index("dense", index_type="FLAT" if best else "AUTOINDEX", metric_type="COSINE")
    index.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection("peers", schema=schema, index_params=index)
    rows = [
        {"id": number, "text": text, "dense": vector.tolist()}
        for number, (text, vector) in enumerate(zip(data.chunks, data.vectors, strict=True))
    ]
    for first in range(0, len(rows), 500):
        client.insert("peers", rows[first : first + 500])
    client.flush("peers")
    client.load_collection("peers")
    return _milvus_searches(client, data, best)


def _milvus_searches(client: Any, data: Data, best: bool) -> Sequence[System]:
    from pymilvus import AnnSearchRequest, RRFRanker, WeightedRanker

    queries = data.queries.tolist()

    def search(ranker: Any) -> Search:
        def run(number: int) -> Hits:
            legs = [
                AnnSearchRequest([queries[number]], "dense", {"metric_type": "COSINE"}, LIMIT),
                AnnSearchRequest([data.questions[number]], "sparse", {"metric_type": "BM25"}, LIMIT),
            ]
            found = client.hybrid_search("peers", legs, ranker, LIMIT)[0]
            return [(int(hit["id"]), float(hit["distance"])) for hit in found]

        return run

    variants = {"RRF": search(RRFRanker())}
    if best:
        variants |= {f"weighted, dense {weight}": search(WeightedRanker(weight, 1 - weight)) for weight in WEIGHTS}
    return [System(variants)]


def faiss(data: Data, best: bool) -> Sequence[System]:
    """sentence-transformers with torch, and a flat FAISS index of chunks; best: of whole articles, where better."""
    import faiss as library
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(data.model, device="cpu")
    data.start()

    def built(texts: Sequence[str]) -> Search:
        began = time.perf_counter()
        vectors = model.encode_document(list(texts), normalize_embeddings=True)
        data.began += time.perf_counter() - began
        index = library.IndexFlatIP(vectors.shape[1])
        index.add(vectors)

        def run(number: int) -> Hits:
            began = time.perf_counter()
            query = model.encode_query([data.questions[number]], normalize_embeddings=True)
            data.encode_ms.append((time.perf_counter() - began) * 1e3)
            scores, ids = index.search(query, min(LIMIT, len(texts)))
            return list(zip(ids[0].tolist(), scores[0].tolist(), strict=True))

        return run

    if best:
        return [System({"whole articles": built(data.articles)}, whole=True)]
    return [System({"chunks": built(data.chunks)})]


def bm25s(data: Data, best: bool) -> Sequence[System]:
    """bm25s over words of jieba, by its own tokenizer and settings; best: jieba's search mode, every word kept."""
    import bm25s as library
    import jieba

    jieba.setLogLevel("ERROR")
    data.start()

    def cut(texts: Sequence[str]) -> Any:
        if best:
            return [[word for word in jieba.cut_for_search(text.lower()) if word.strip()] for text in texts]
        return library.tokenize([" ".join(jieba.cut(text)) for text in texts], show_progress=False)

    def built(texts: Sequence[str]) -> Search:
        index = library.BM25()
        index.index(cut(texts), show_progress=False)

        def run(number: int) -> Hits:
            words = cut([data.questions[number]])
            ids, scores = index.retrieve(words, k=min(LIMIT, len(texts)), show_progress=False)
            pairs = zip(ids[0].tolist(), scores[0].tolist(), strict=True)
            return [(place, score) for place, score in pairs if score > 0]

        return run

    if not best:
        return [System({"jieba's words": built(data.chunks)})]
    whole = System({"search mode, whole articles": built(data.articles)}, whole=True)
    return [System({"search mode": built(data.chunks)}), whole]


SYSTEMS = {"txtai": txtai, "milvus-lite": milvus, "sentence-transformers + FAISS": faiss, "bm25s": bm25s}


def main() -> None:
    """Build a system, ask all questions of each variant, and write what was found."""
    name, setting, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    given = json.loads((folder / "input.json").read_text(encoding="utf-8"))
    data = Data(folder, **given)
    systems = SYSTEMS[name](data, setting == "best")
    built = time.perf_counter() - data.began
    variants = {}
    for system in systems:
        owners = range(len(data.articles)) if system.whole else data.owners
        for variant, search in system.variants.items():
            variants[variant] = _asked(data, search, owners)
            if name in WITHOUT_VECTORS:
                variants[variant]["encode_p50_ms"] = 0.0
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    found = {"build_s": built, "peak_mib": peak, "variants": variants}
    (folder / "output.json").write_text(json.dumps(found), encoding="utf-8")
    sys.stdout.flush()
    # Servers that a system keeps in threads of its own may not end by themselves.
    os._exit(0)


def _asked(data: Data, search: Search, owners: Sequence[int]) -> dict[str, Any]:
    for number in range(min(WARM_UP, len(data.questions))):
        search(number)
    data.encode_ms.clear()
    rankings, times = [], []
    for number in range(len(data.questions)):
        began = time.perf_counter()
        hits = search(number)
        times.append((time.perf_counter() - began) * 1e3)
        best: dict[int, float] = {}
        for place, score in hits:
            best.setdefault(owners[place], score)
        rankings.append(list(best.items()))
    encode = statistics.median(data.encode_ms) if data.encode_ms else None
    return {"rankings": rankings, "p50_ms": statistics.median(times), "encode_p50_ms": encode}


def _spaced(texts: Sequence[str]) -> list[str]:
    import jieba

    jieba.setLogLevel("ERROR")
    return [" ".join(word for word in jieba.cut_for_search(text.lower()) if word.strip()) for text in texts]


if __name__ == "__main__":
    main()
