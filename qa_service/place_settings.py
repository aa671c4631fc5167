"""Settings that say where passages are searched and where articles are kept, if not in the data directory."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from qa_service.errors import ConfigError
from qa_service.masking import PERCENT, has_loose_password
from qa_service.milvus_address import MilvusAddress
from qa_service.milvus_address import parse as parse_milvus

APP = "qa-service"


class PlaceSettings(BaseSettings):
    """A part of `Settings`."""

    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path(APP),
        description="Where articles, vectors and indexes live.",
    )
    index: SecretStr = Field(
        SecretStr("local"),
        description="Where passages are searched: `local`, in the data directory, or `milvus://host:port/database`"
        " (`milvuss://` for TLS, `user:password@` before the host), which needs the extra `milvus`.",
    )
    milvus_index: Literal["auto", "hnsw", "hnsw_sq8", "diskann"] = Field(
        "auto",
        description="The vector index that Milvus makes: HNSW in memory, with all bits or eight a number, or DiskANN."
        " `auto` takes HNSW up to ten million vectors of a kind in a collection, DiskANN beyond.",
    )
    milvus_shards: int = Field(1, ge=1, le=64, description="Shards of each collection that is made in Milvus.")
    milvus_partitions: int = Field(
        0,
        ge=0,
        le=1024,
        description="Partitions of each collection in Milvus, to which its articles are spread by their number (the"
        " partition key), so that a question with a narrow filter looks into few of them; 0 makes no partition key.",
    )
    milvus_consistency: Literal["session", "strong", "bounded", "eventually"] = Field(
        "session",
        description="What a question sees in Milvus: `session`, all that was published when it came; `strong`, all that"
        " Milvus was told, which waits for it; `bounded` and `eventually` may miss the last writes.",
    )
    milvus_timeout: float = Field(
        5.0, gt=0, le=600, description="Seconds that a search in Milvus may take; after that the answer is a 503."
    )
    catalog: SecretStr | None = Field(
        None,
        description="A PostgreSQL database for articles and vectors, postgresql://user:password@host:port/name, which"
        " many services can share (extra `postgres`); None for a file in the data directory.",
    )
    catalog_connections: int = Field(
        16, ge=2, le=1000, description="Connections to that database for reading; one more writes."
    )

    @field_validator("index")
    @classmethod
    def _check_index(cls, value: SecretStr) -> SecretStr:
        given = value.get_secret_value()
        if given != "local":
            try:
                parse_milvus(given)
            except ConfigError as error:
                raise ValueError(f"{error.detail}: {error.remedy}") from None
        return value

    @property
    def milvus(self) -> MilvusAddress | None:
        """Where Milvus is, if passages are searched there."""
        given = self.index.get_secret_value()
        return None if given == "local" else parse_milvus(given)

    @field_validator("catalog")
    @classmethod
    def _check_catalog(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must be an address such as postgresql://user:password@host:port/name")
        if has_loose_password(value.get_secret_value()):
            raise ValueError(f"is no address: {PERCENT}")
        return value
