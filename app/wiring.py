"""The whole of dependency injection: which adapters stand behind the ports. Only this imports them.

Adapters are imported when chosen, so that a process pays for what it uses.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from app.core import budgets, key_uses
from app.core.answering import ExtractiveComposer
from app.core.audit import Report
from app.core.backups import Backup, read_again
from app.core.budgets import MILLIONTHS, Prices
from app.core.errors import SetupError
from app.core.identity import TokenVerifier
from app.core.models import DEFAULT_TENANT, Tier
from app.core.ports import Meter, Ports, Records
from app.core.quotas import Counter, Quotas
from app.core.usage import metering
from app.settings import Settings
from app.settings.parts import MIB

if TYPE_CHECKING:
    from app.adapters.embedding import OnnxEmbedder


def open_ports(settings: Settings) -> AbstractAsyncContextManager[Ports]:
    """Open everything that use cases reach, for the duration of the context."""
    match settings.backend:
        case "embedded":
            return _embedded(settings)
        case "azure":
            raise NotImplementedError("settings refuse this backend until it is there")
        case _:
            assert_never(settings.backend)


async def verify_audit(
    settings: Settings, *, copies: Path | None = None, public_key: Path | None = None
) -> Report:
    """Check the audit trail of the data folder, which a service may have open."""
    from app.adapters.embedded import open_store

    async with open_store(settings.data_dir) as store:
        return await store.audit.verify(copies=copies, public_key=public_key)


async def back_up(settings: Settings, to: Path) -> Backup:
    """Copy the data folder, which a service may have open, into an empty one; SetupError."""
    from app.adapters.embedded.backup import back_up as copy

    _own_folder(settings)
    return await asyncio.to_thread(copy, settings.data_dir, to)


async def restore(settings: Settings, source: Path) -> tuple[Backup, int]:
    """Put a backup into the data folder, which must not be there yet; SetupError.

    Returns what it held, and how many documents the worker is going to read again.
    """
    from app.adapters.embedded import open_store
    from app.adapters.embedded.backup import restore as copy

    _own_folder(settings)
    made = await asyncio.to_thread(copy, source, settings.data_dir)
    async with open_store(settings.data_dir) as store:
        return made, await read_again(store.records)


def _own_folder(settings: Settings) -> None:
    if settings.backend != "embedded":
        raise SetupError("On Azure, Azure takes the backups: see runbooks/procedures/restore.md")


async def try_embedder(settings: Settings) -> str | None:
    """Load the operator's own model, if there is one, and return its name; SetupError."""
    async with AsyncExitStack() as stack:
        embedder = await _embedder(settings, stack)
        return None if embedder is None else embedder.model


@contextlib.asynccontextmanager
async def open_quotas(settings: Settings) -> AsyncIterator[Quotas]:
    """Open what counts requests by the minute, for the duration of the context."""
    from app.adapters.quotas import local_counter

    usual = Tier.UNLIMITED if settings.environment == "development" else Tier.BASIC
    default = Tier(settings.rate_limit_default or usual)
    pairs = (pair.rpartition("=") for pair in settings.tenant_tiers)
    tiers = {tenant: Tier(tier) for tenant, _, tier in pairs}
    async with AsyncExitStack() as stack:
        counter: Counter = local_counter()
        if settings.redis_host is not None:
            counter = await stack.enter_async_context(_redis(settings, settings.redis_host))
        yield Quotas(counter, default, tiers) if settings.rate_limit_enabled else Quotas(counter)


def _redis(settings: Settings, host: str) -> AbstractAsyncContextManager[Counter]:
    from app.adapters.quotas import DEADLINE_S, Redis, shared_counter

    return shared_counter(
        Redis(
            host=host,
            port=settings.redis_port,
            password=settings.redis_password,
            database=settings.redis_db,
            tls=settings.redis_ssl,
            connections=settings.redis_max_connections,
            timeout_s=min(settings.redis_timeout_s, DEADLINE_S),
        )
    )


async def run_dev_issuer(settings: Settings, port: int) -> None:
    """Issue access tokens for development until cancelled; ValueError outside development."""
    from app.adapters.oidc.dev_issuer import serve

    await serve("127.0.0.1", port, environment=settings.environment)


@contextlib.asynccontextmanager
async def _embedded(settings: Settings) -> AsyncIterator[Ports]:
    from app.adapters.embedded import open_store
    from app.adapters.embedded.index import Bounds, SnowballAnalyzer, open_index
    from app.adapters.extraction import PRELOAD, Caps, open_extractor
    from app.adapters.fork_server import Limits
    from app.adapters.sandbox import Sandbox

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.data_dir))
        limits = Limits(memory_bytes=settings.extract_memory_mb * MIB)
        sandbox = Sandbox(settings.ingest_places, limits, preload=PRELOAD)
        stack.push_async_callback(sandbox.aclose)
        index = await stack.enter_async_context(
            open_index(
                settings.data_dir / "index",
                sandbox,
                bounds=Bounds(cache_bytes=settings.index_cache_bytes),
                embedder=await _embedder(settings, stack),
            )
        )
        caps = Caps(pages=settings.extract_pages, characters=settings.extract_characters)
        extractor = open_extractor(sandbox, caps=caps, timeout_s=settings.extract_timeout_s)
        analyzer = SnowballAnalyzer()
        yield Ports(
            records=store.records,
            keys=store.keys,
            jobs=store.jobs,
            blobs=store.blobs,
            extractor=extractor,
            index=index,
            analyzer=analyzer,
            composer=ExtractiveComposer(analyzer),
            audit=store.audit,
            meter=await stack.enter_async_context(_meter(settings, store.records)),
            uses=await stack.enter_async_context(key_uses.noting(store.records)),
            tokens=await _tokens(settings, stack),
        )


async def _embedder(settings: Settings, stack: AsyncExitStack) -> "OnnxEmbedder | None":
    """Open the operator's own model, if there is one."""
    if settings.embedder_dir is None:
        return None
    from app.adapters.embedding import open_embedder

    languages = settings.embedder_languages
    return await stack.enter_async_context(
        open_embedder(settings.embedder_dir, languages=languages)
    )


def _meter(settings: Settings, records: Records) -> AbstractAsyncContextManager[Meter]:
    prices = Prices(
        question=round(settings.question_price * MILLIONTHS),
        prompt=round(settings.prompt_price * MILLIONTHS),
        completion=round(settings.completion_price * MILLIONTHS),
    )
    return metering(records, [budgets.parse(one) for one in settings.budgets], prices)


async def _tokens(settings: Settings, stack: AsyncExitStack) -> TokenVerifier | None:
    """Open what verifies access tokens, if any issuer is trusted."""
    if not settings.oidc_issuers and settings.entra_tenant_id is None:
        return None
    from app.adapters.oidc import IssuerConfig, microsoft, open_verifier

    loopback = settings.environment == "development"
    trusted = [
        IssuerConfig(
            issuer=one.issuer,
            audiences=frozenset(one.audiences),
            tenants=one.tenants,
            discovery=one.discovery,
            tenant_claim=one.tenant_claim,
            subject_claim=one.subject_claim,
            policy=one.policy,
            loopback=loopback,
        )
        for one in settings.oidc_issuers
    ]
    if settings.entra_tenant_id and settings.entra_client_id:
        tenant, audience = settings.entra_tenant_id, settings.entra_client_id
        trusted.append(microsoft.entra(tenant, audience, here=DEFAULT_TENANT))
    return await stack.enter_async_context(open_verifier(trusted))
