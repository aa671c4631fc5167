"""From settings to parts: the encoder, the repair, and the versions that an index records."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from embeddings.encoder import Encoder
from embeddings.errors import ModelError
from embeddings.question_cache import CachingEncoder
from embeddings.reranker import Reranker
from embeddings.reranker import load_reranker as load_reranker_named
from embeddings.runtime import load_encoder
from qa_service import logs
from qa_service.config import Settings
from qa_service.errors import ConfigError, Unavailable
from qa_service.index.indexes import Indexes
from qa_service.index.local import LocalIndexes
from qa_service.index.manifest import Versions
from qa_service.ingest import passage_tokens
from qa_service.store.catalog import Catalog
from qa_service.store.segments import Segments
from qa_service.text.extract import EXTRACTION_VERSION
from qa_service.text.fold import ENCODER_FOLD_VERSION
from qa_service.text.furniture import FURNITURE_VERSION
from qa_service.text.offsets import MappedText
from qa_service.text.prints import PRINTS_VERSION
from qa_service.text.repair import REPAIR_VERSION, Repaired, repair
from qa_service.text.split import SPLITTER_VERSION
from qa_service.text.tokens import Tokenizer


def load_parts(settings: Settings, encoder: Encoder | None, asking: bool) -> tuple[Encoder, Tokenizer, Reranker | None]:
    """Load the encoder, unless one is given, the tokenizer, and for `asking` the reranker.

    Errors:
        ConfigError: the user dictionary or the reranker cannot be loaded. Unavailable: the encoder cannot be.
    """
    with ThreadPoolExecutor(1) as pool:
        # The tokenizer's tables are read while the encoder is made ready, which is for the most part native code.
        tokenizer = pool.submit(load_tokenizer, settings)
        if encoder is None:
            encoder = load_model(settings)
        reranker = load_reranker(settings) if asking else None
    return encoder, tokenizer.result(), reranker


def load_model(settings: Settings) -> Encoder:
    """Load the encoder that the settings name, behind a memory of questions.

    Errors:
        Unavailable: it cannot be found, built or loaded.
    """
    try:
        encoder = load_encoder(
            settings.model, settings.model_dir, settings.runtime, settings.query_prompt, settings.passage_prompt, _tell
        )
    except ModelError as error:
        raise Unavailable(error.detail, field="QA_MODEL", remedy=error.remedy) from error
    return CachingEncoder(encoder, settings.question_cache, settings.batch_wait_ms / 1e3)


def _tell(message: str) -> None:
    """Say what takes long, such as building the model, to whoever started the program."""
    logs.say(message, sys.stderr)


def load_tokenizer(settings: Settings) -> Tokenizer:
    """Load the tokenizer with all that it needs, so that no question has to wait for it.

    Errors:
        ConfigError: the user dictionary is missing or has a bad line.
    """
    tokenizer = Tokenizer(settings.cache_dir, settings.user_dict)
    tokenizer.words("你好")
    return tokenizer


def load_reranker(settings: Settings) -> Reranker | None:
    """Load the reranker that the settings name; None, and nothing imported, when they name none.

    Errors:
        ConfigError: it cannot be found or loaded, or is no cross-encoder.
    """
    if not settings.reranker:
        return None
    try:
        return load_reranker_named(settings.reranker)
    except ModelError as error:
        raise ConfigError(error.detail, field="QA_RERANKER", remedy=error.remedy) from error


def repairer(settings: Settings) -> Callable[[str], Repaired]:
    """Give what mends a text for the search, or leaves it as it is; its tables are loaded when first used."""
    if not settings.repair:
        return lambda text: Repaired(MappedText.identity(text), ())
    return lambda text: repair(text, cache_dir=settings.cache_dir)


def indexes(settings: Settings, catalog: Catalog, segments: Segments, made_with: Versions) -> Indexes:
    """Make ready the indexes that the settings name; nothing of Milvus is imported or reached before it is used.

    Errors:
        ConfigError: they are in Milvus, and its client library is not installed.
    """
    address = settings.milvus
    if address is None:
        return LocalIndexes(catalog, segments, made_with)
    from qa_service.index.milvus.client import MilvusServer  # noqa: PLC0415
    from qa_service.index.milvus.indexes import MilvusIndexes  # noqa: PLC0415
    from qa_service.index.milvus.schema import Layout  # noqa: PLC0415

    server = MilvusServer(address, settings.milvus_timeout, settings.milvus_consistency)
    layout = Layout(settings.milvus_index, settings.milvus_shards, settings.milvus_partitions)
    return MilvusIndexes(catalog, segments, made_with, server, layout)


def versions(encoder: Encoder, tokenizer: Tokenizer, settings: Settings) -> Versions:
    """Name everything that decides what is stored of a passage."""
    model = encoder.description
    return Versions(
        encoder=encoder.fingerprint,
        model=model.name,
        dim=model.dim,
        query_prompt=model.query_prompt,
        passage_prompt=model.passage_prompt,
        extraction=EXTRACTION_VERSION,
        repair=REPAIR_VERSION if settings.repair else "none",
        fold=ENCODER_FOLD_VERSION,
        splitter=f"{SPLITTER_VERSION}, {passage_tokens(encoder)} tokens",
        tokenizer=tokenizer.version,
        furniture=FURNITURE_VERSION,
        prints=PRINTS_VERSION,
    )
