"""What collections in Milvus are made of, and how they are indexed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from qa_service.index.bm25 import K1, B

if TYPE_CHECKING:
    from pymilvus import MilvusClient

Kind = Literal["windows", "sentences"]
KINDS: tuple[Kind, ...] = ("windows", "sentences")
IndexKind = Literal["auto", "hnsw", "hnsw_sq8", "diskann"]

HNSW_AT_MOST = 10_000_000
"""Vectors up to which `auto` keeps a graph in memory: 18 GB of 384 dimensions with their links."""
LINKS, BUILD_EF = 24, 256
"""HNSW's M and efConstruction. With twice the usual M, .99 of the hundred nearest are found at ef 512."""
LEAST_EF = 512
MOST_TEXT_BYTES = 65_535
"""What a VARCHAR of Milvus holds; a passage of 480 tokens is some 2 KB."""
ANALYZER = {"tokenizer": {"type": "jieba", "mode": "search"}}
_TYPES = {"hnsw": "HNSW", "hnsw_sq8": "HNSW_SQ", "diskann": "DISKANN"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How collections are made; see the settings `QA_MILVUS_...`."""

    index: IndexKind = "auto"
    shards: int = 1
    partitions: int = 0

    def index_kind(self, vectors: int) -> IndexKind:
        """Choose the index for so many vectors."""
        if self.index != "auto":
            return self.index
        return "hnsw" if vectors <= HNSW_AT_MOST else "diskann"


def search_params(index: IndexKind, limit: int) -> dict[str, Any]:
    """Give what a search for the `limit` nearest takes."""
    width = max(LEAST_EF, 2 * limit)
    return {"metric_type": "IP", "params": {"search_list": width} if index == "diskann" else {"ef": width}}


def make(client: MilvusClient, name: str, kind: Kind, dim: int, index: IndexKind, layout: Layout) -> None:
    """Make a collection with its indexes and load it.

    Of windows: `key` is the passage's. Of sentences: `key << 10 | number`, as in the local index. `article` is the row
    of the article, by which filters are pushed down.
    """
    from pymilvus import DataType, Function, FunctionType  # noqa: PLC0415

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", DataType.INT64, is_primary=True)
    schema.add_field("article", DataType.INT64, is_partition_key=layout.partitions > 0)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    indexes = client.prepare_index_params()
    indexes.add_index("vector", index_type=_TYPES[index], metric_type="IP", params=_build_params(index))
    indexes.add_index("article", index_type="INVERTED")
    if kind == "windows":
        schema.add_field(
            "text", DataType.VARCHAR, max_length=MOST_TEXT_BYTES, enable_analyzer=True, analyzer_params=ANALYZER
        )
        schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name="bm25",
                function_type=FunctionType.BM25,
                input_field_names=["text"],
                output_field_names=["words"],
            )
        )
        indexes.add_index(
            "words",
            index_type="SPARSE_INVERTED_INDEX",
            metric_type="BM25",
            params={"inverted_index_algo": "DAAT_MAXSCORE", "bm25_k1": K1, "bm25_b": B},
        )
    more = {"num_partitions": layout.partitions} if layout.partitions else {}
    client.create_collection(
        name, schema=schema, index_params=indexes, num_shards=layout.shards, consistency_level="Session", **more
    )


def _build_params(index: IndexKind) -> dict[str, Any]:
    if index == "diskann":
        return {}
    return {"M": LINKS, "efConstruction": BUILD_EF, **({"sq_type": "SQ8"} if index == "hnsw_sq8" else {})}
