"""The settings that the service reads now, in groups. Each group's first line is its title."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from app.settings.declaring import address, choice, flag, folder, number, setting, several, whole
from app.settings.declaring import text as any_text
from app.settings.issuers import Issuer, issuers

Backend: TypeAlias = Literal["embedded", "azure"]
Environment: TypeAlias = Literal["development", "staging", "production"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
Language: TypeAlias = Literal["en", "fr"]
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Service:
    """The service."""

    backend: Backend = setting(
        choice(Backend),
        "embedded",
        "EVA_BACKEND",
        about="Where data lives: in a folder (embedded) or on Azure (azure: see docs/azure.md).",
    )
    data_dir: Path = setting(
        folder(), Path(".eva"), "EVA_DATA_DIR", about="The data folder of the embedded backend."
    )
    host: str = setting(
        any_text(), "127.0.0.1", "EVA_HOST", "HOST", about="The address to listen on."
    )
    port: int = setting(
        whole(0, 65535),
        8000,
        "EVA_PORT",
        "PORT",
        about="The port to listen on; 0 takes a free one.",
    )
    processes: int = setting(
        whole(1, 64),
        1,
        "EVA_PROCESSES",
        about="How many processes answer requests, best as many as there are cores; only on Azure, "
        "and without EVA_METRICS_PORT. They share EVA_INGEST_PLACES and EVA_INDEX_CACHE_MB; what "
        "else is bounded is bounded in each.",
    )
    environment: Environment = setting(
        choice(Environment),
        "development",
        "EVA_ENVIRONMENT",
        "ENVIRONMENT",
        about="Outside `development`, placeholder secrets are refused.",
    )
    build: str | None = setting(
        any_text(),
        None,
        "EVA_BUILD",
        about="Which build this is, shown behind the version by `/health`; the image sets it.",
    )
    log_level: LogLevel = setting(
        choice(LogLevel),
        "info",
        "EVA_LOG_LEVEL",
        "LOG_LEVEL",
        about="The least severe log line shown.",
    )


@dataclass(frozen=True, kw_only=True)
class Requests:
    """Requests."""

    max_upload_mb: int = setting(
        whole(1, 4096), 100, "EVA_MAX_UPLOAD_MB", about="The largest file, in MiB."
    )
    max_json_kb: int = setting(
        whole(1, 65536), 1024, "EVA_MAX_JSON_KB", about="The largest JSON body, in KiB."
    )
    max_wait_s: float = setting(
        number(0, 600),
        60.0,
        "EVA_MAX_WAIT_S",
        about="The longest that `Prefer: wait=N` is honoured, in seconds.",
    )
    request_timeout_s: float = setting(
        number(1, 600),
        30.0,
        "EVA_REQUEST_TIMEOUT_S",
        about="By when a request is answered on Azure, in seconds; `Prefer: wait=N` and uploads "
        "may take longer. Clients may ask for less (`Request-Timeout`).",
    )
    sse_heartbeat_s: float = setting(
        number(0.05, 300),
        15.0,
        "EVA_SSE_HEARTBEAT_S",
        about="The pause between signs of life on a quiet event stream, in seconds.",
    )
    sse_grace_s: float = setting(
        number(0, 600),
        5.0,
        "EVA_SSE_GRACE_S",
        about="How long a query runs on after its last listener left, in seconds; on Azure, where "
        "who left may have resumed at another process, it runs to its end.",
    )


@dataclass(frozen=True, kw_only=True)
class Work:
    """Background work."""

    worker: bool = setting(
        flag(),
        True,
        "EVA_WORKER",
        about="Whether `eva serve` also reads documents and answers questions.",
    )
    ingest_places: int = setting(
        whole(0, 64),
        2,
        "EVA_INGEST_PLACES",
        about="How many documents are read at once; 0: this process answers only, documents are "
        "read and erased by another (`eva worker`).",
    )
    answer_places: int | None = setting(
        whole(1, 256),
        None,
        "EVA_ANSWER_PLACES",
        about="How many queued questions are answered at once; unset: 4, on Azure, where most of "
        "an answer is waiting for the model, 32.",
    )
    answers_at_once: int = setting(
        whole(1, 10_000),
        200,
        "EVA_ANSWERS_AT_ONCE",
        about="How many questions the process that was asked answers at a time; who asks then is "
        "turned away (503 `overloaded`).",
    )


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """Reading documents."""

    extract_timeout_s: float = setting(
        number(1, 3600),
        120.0,
        "EVA_EXTRACT_TIMEOUT_S",
        about="The longest reading time, in seconds.",
    )
    extract_memory_mb: int = setting(
        whole(256, 65536),
        1536,
        "EVA_EXTRACT_MEMORY_MB",
        about="The most memory that reading one document may take, in MiB.",
    )
    extract_pages: int = setting(
        whole(1, 1_000_000), 5_000, "EVA_EXTRACT_PAGES", about="The most pages of one document."
    )
    extract_characters: int = setting(
        whole(1, 1_000_000_000),
        20_000_000,
        "EVA_EXTRACT_CHARACTERS",
        about="The most characters of one document.",
    )


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """Retrieval."""

    index_cache_mb: int = setting(
        whole(1, 65536),
        512,
        "EVA_INDEX_CACHE_MB",
        about="Memory for the search indexes of recently asked spaces, in MiB.",
    )
    embedder_dir: Path | None = setting(
        folder(),
        None,
        "EVA_EMBEDDER_DIR",
        about="A folder with a sentence-transformer ONNX export: finds passages by meaning, too. "
        "Needs the extra `embedder`; documents that were there before are to be indexed again.",
    )
    embedder_languages: tuple[Language, ...] = setting(
        several(Language),
        ("en",),
        "EVA_EMBEDDER_LANGUAGES",
        about="The languages that this embedder was trained for; others match by words.",
    )
    embedder_near: float | None = setting(
        number(0, 1),
        None,
        "EVA_EMBEDDER_NEAR",
        about="The cosine from which a passage is near a question whose words it has not: a "
        "language model is asked to answer from it, or it is shown among the closest. It depends "
        "on the model of the vectors; unset it is 0.3 on Azure, and else words alone decide.",
    )


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who may sign access tokens."""

    oidc_issuers: tuple[Issuer, ...] = setting(
        issuers(),
        (),
        "EVA_OIDC_ISSUERS",
        about="OpenID Connect issuers whose access tokens are accepted: a JSON list of objects "
        "with `issuer`, `audiences` and `tenants` (name in the token to tenant here); optional: "
        "`discovery`, `tenant_claim`, `subject_claim`, `policy`.",
    )
    entra_tenant_id: str | None = setting(
        any_text(),
        None,
        "AZURE_ENTRA_TENANT_ID",
        about="An Entra ID tenant whose tokens are accepted, for the default tenant here.",
    )
    entra_client_id: str | None = setting(
        any_text(),
        None,
        "AZURE_ENTRA_CLIENT_ID",
        about="This API's application in that tenant: the audience of its tokens.",
    )


@dataclass(frozen=True, kw_only=True)
class Client:
    """The command line as a client."""

    url: str = setting(
        address(), "http://127.0.0.1:8000", "EVA_URL", about="The server that the commands talk to."
    )
    api_key: str | None = setting(
        any_text(), None, "EVA_API_KEY", about="The API key that the commands use.", secret=True
    )
