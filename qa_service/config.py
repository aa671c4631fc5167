"""Settings: `QA_...` environment variables over an optional TOML file over defaults."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from qa_service.errors import ConfigError
from qa_service.masking import PERCENT, has_loose_password, masked
from qa_service.place_settings import APP, PlaceSettings
from qa_service.types import TextForm

RATE = re.compile(r"[1-9][0-9]{0,8}/(?:second|minute|hour|day)")
"""How many requests in a time a key may make, as it is written."""
_KEY = re.compile(r"[\x21-\x7e]+")
SECRET_SETTINGS = ("api_key", "generator_key", "catalog", "index")
_USER = re.compile(r"//.*@", re.DOTALL)
_BASE_URL = re.compile(r"https?://[^\s?#]+")
_HOST_NAME = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::[0-9]{1,5})?", re.IGNORECASE)
Names = Annotated[tuple[str, ...] | None, NoDecode]
"""A list in the TOML file; in the environment, its items with commas between them."""


class Settings(PlaceSettings):
    """Every knob of the service; the field's description is its documentation in `--help` and the README."""

    model_config = SettingsConfigDict(env_prefix="QA_", extra="forbid", frozen=True, hide_input_in_errors=True)

    model: str = Field(
        "default",
        description="The embedding model: `default` (bundled), a sentence-transformers folder, or a hub name.",
    )
    model_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path(APP) / "models",
        description="Cache directory in which the default model is built.",
    )
    cache_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path(APP),
        description="Cache directory for everything else that can be rebuilt, such as jieba's dictionary.",
    )
    query_prompt: str | None = Field(None, description="Prompt put before questions; None takes the model's own.")
    passage_prompt: str | None = Field(None, description="Prompt put before passages; None takes the model's own.")
    runtime: Literal["auto", "int8", "bf16", "fp32", "torch"] = Field(
        "auto",
        description="What runs the default model: `int8`, `bf16` or `fp32` on the compiled engine, `torch`, or the best"
        " of them for this processor. Other models run on torch.",
    )
    reranker: str | None = Field(
        None,
        description="A sentence-transformers CrossEncoder that reads the best passages once more and orders them anew:"
        " its folder, or the hub name of one that is in the local cache. It is never downloaded.",
    )
    rerank_depth: int = Field(20, ge=1, le=300, description="How many passages the reranker reads for each question.")
    user_dict: Path | None = Field(
        None,
        description="Words and synonyms for the tokenizer: `word [frequency]` or `word = synonym = ...` a line.",
    )
    repair: bool = Field(
        True, description="Mend dirty text (swapped glyphs, pinyin in brackets, tag remains) for the search."
    )
    text_form: TextForm = Field(
        "original",
        description="Text of answers and passages when a request does not choose: as in the original, or repaired,"
        " which suits a language model better. Offsets are the original's in either.",
    )
    min_confidence: float = Field(
        0.25, ge=0, le=1, description="Below this confidence a question counts as not answerable."
    )
    question_log: bool = Field(
        False,
        description="Keep a log of the questions asked and how they were answered, for improving the articles.",
    )
    question_log_days: int = Field(
        30, ge=1, le=3650, description="Days after which a logged question is erased with all that was said of it."
    )
    max_question_chars: int = Field(4000, ge=1, description="Longest question taken, in code points.")
    max_article_chars: int = Field(5_000_000, ge=1, description="Longest article taken, in code points.")
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the server listens on.")
    batch_wait_ms: float = Field(
        2.0,
        ge=0,
        le=100,
        description="Milliseconds that a question waits at most for others to be encoded together with it; one that"
        " comes alone never waits. Where more questions come than are answered, vectors that nobody could use yet are"
        " made up to 50 ms later, in larger calls; 0 switches both off.",
    )
    question_cache: int = Field(
        4096,
        ge=0,
        le=1_000_000,
        description="Vectors of questions kept in memory, so that repeated ones are not encoded again; 0 keeps none.",
    )
    background: Literal["process", "thread"] = Field(
        "process",
        description="Where a server compacts and works on jobs: in processes of the lowest priority, or in a thread of"
        " its own; `process` also lowers the priority of `qa-service ingest`.",
    )
    threads: int = Field(
        40,
        ge=1,
        le=256,
        description="Request threads of the server; a chat answer that streams or is generated holds one.",
    )
    queue: int = Field(
        64,
        ge=0,
        le=10_000,
        description="Questions that may wait for a thread; what comes beyond is refused at once (503, Retry-After).",
    )
    queue_seconds: float = Field(
        10, gt=0, le=600, description="Seconds after which a question that still waits for its turn is refused."
    )
    encode_seconds: float = Field(
        600,
        gt=0,
        le=86_400,
        description="Seconds that reranking or embedding may take for a request; after that it is given up (503).",
    )
    streams: int = Field(
        32,
        ge=1,
        le=256,
        description="Chat answers that may stream or be generated at once; where there are more than eight threads,"
        " eight are left to other requests.",
    )
    read_seconds: float = Field(
        30,
        gt=0,
        le=3600,
        description="Seconds by which a client may fall behind 64 KB a second while its request arrives or its answer"
        " is taken.",
    )
    stop_seconds: float = Field(
        10, ge=0, le=3600, description="Seconds that a server which is told to stop goes on with what it has accepted."
    )
    api_key: SecretStr | None = Field(
        None,
        description="A key that may do everything, beside those of `qa-service keys`. Where there is any, requests must"
        " bring one (Authorization: Bearer KEY).",
    )
    key_rate: str | None = Field(
        None,
        description="Requests that each key may make in a time, such as 600/minute, where it has no rate of its own;"
        " that of QA_API_KEY too. None for any number.",
    )
    allow_open: bool = Field(
        False,
        description="Serve to all who reach it, without keys, on an address that is not loopback or behind a proxy.",
    )
    allowed_hosts: Names = Field(
        None,
        description="Host names, separated by commas, under which callers reach the service; others are refused. None"
        " takes loopback names alone on a loopback address, any on others; the name in QA_PUBLIC_URL always counts.",
    )
    cors_origins: Names = Field(
        None,
        description="Origins, separated by commas, whose web pages may call the API from a browser, such as"
        " https://chat.example.org; None for none.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="How many reverse proxies stand before the service; so many X-Forwarded-For, -Proto and -Host are"
        " believed.",
    )
    public_url: str | None = Field(
        None,
        description="Address at which people reach the page, for links to articles that have no URL of their own;"
        " without it, the address that the request came to.",
    )
    chat_sources: Literal["auto", "annotations", "events"] = Field(
        "auto",
        description="How chat answers name their sources: `annotations` and a Markdown list, `events` as Open WebUI"
        " shows them, or `auto`: events for a model id that ends in -webui and where Open WebUI is recognised.",
    )
    generator_url: str | None = Field(
        None,
        description="Base URL of an OpenAI-compatible server (with /v1) whose model words the chat answers from the"
        " passages found; without it, chat answers quote.",
    )
    generator_model: str | None = Field(None, description="Model that the generator is asked for.")
    generator_key: SecretStr | None = Field(None, description="Key that the generator is called with.")
    generator_timeout: float = Field(
        20,
        gt=0,
        le=600,
        description="Seconds of silence after which the generator is given up and passages are quoted.",
    )

    log_format: Literal["text", "json"] = Field(
        "text", description="How the log is written: lines for people, or one JSON object a line."
    )
    access_log: bool = Field(False, description="Log every request: its path, status, size and time.")
    min_free_mb: int = Field(
        1024, ge=0, description="Free megabytes on the data directory's disk below which /readyz and an alert warn."
    )
    otel: bool = Field(
        False,
        description="Trace requests and their stages with OpenTelemetry; needs the extra `otel`. Where spans are sent"
        " is told by the standard variables, such as OTEL_EXPORTER_OTLP_ENDPOINT.",
    )

    @field_validator("api_key", "generator_key")
    @classmethod
    def _check_key(cls, value: SecretStr | None) -> SecretStr | None:
        # Never shown, so the error cannot show what was given.
        if value is not None and not _KEY.fullmatch(value.get_secret_value()):
            raise ValueError("a key is one or more visible ASCII characters, without spaces; leave it out for none")
        return value

    @field_validator("key_rate")
    @classmethod
    def _check_rate(cls, value: str | None) -> str | None:
        if value is not None and not RATE.fullmatch(value):
            raise ValueError("must be a rate such as 60/minute: N/second, N/minute, N/hour or N/day")
        return value

    @field_validator("public_url", "generator_url")
    @classmethod
    def _check_base_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not _BASE_URL.fullmatch(value):
            raise ValueError("must be an http or https address, without a query")
        if has_loose_password(value) or not _is_read(value):
            raise ValueError(f"is no address: {PERCENT}")
        return value.rstrip("/")

    @field_validator("allowed_hosts", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(item for item in (part.strip() for part in value.split(",")) if item) or None

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in value or ():
            if not _HOST_NAME.fullmatch(name):
                raise ValueError("must be host names, without scheme, port and path")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for origin in value or ():
            if not _ORIGIN.fullmatch(origin):
                raise ValueError("must be origins such as https://chat.example.org, without path and without *")
        return None if value is None else tuple(origin.lower() for origin in value)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment above the TOML file that `QA_CONFIG` names, if any."""
        path = os.environ.get("QA_CONFIG")
        sources = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(path))) if path else sources


def _is_read(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def load_settings(**overrides: Any) -> Settings:
    """Read the settings, with `overrides` (None values ignored) above all other sources.

    Errors:
        ConfigError: a value is wrong, a TOML key is unknown, or the file named by `QA_CONFIG` cannot be read.
    """
    path = os.environ.get("QA_CONFIG")
    if path:
        try:
            tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"cannot read {path}: {error}", field="QA_CONFIG", remedy="name a readable TOML file"
            ) from error
    try:
        settings = Settings(**{key: value for key, value in overrides.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "QA_" + "_".join(str(part) for part in first["loc"]).upper()
        shown = masked(_USER.sub("//", repr(first.get("input"))))
        given = "" if first["loc"] and first["loc"][0] in SECRET_SETTINGS else f", got {shown}"
        said = first["msg"].removeprefix("Value error, ")
        # Not as the cause: that holds what was given.
        raise ConfigError(f"{said}{given}", field=name, remedy="correct the setting") from None
    if settings.generator_url is not None and settings.generator_model is None:
        raise ConfigError(
            "is required with QA_GENERATOR_URL", field="QA_GENERATOR_MODEL", remedy="name a model of that server"
        )
    return settings
