"""The whole of dependency injection: which adapters stand behind the ports. Only this imports them.

Adapters are imported when chosen, so that a process pays for what it uses.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import TypeAlias, assert_never

from app.core.audit import Report
from app.core.backups import Backup, read_again
from app.core.errors import SetupError
from app.core.models import Tier
from app.core.ports import Ports
from app.core.quotas import Counter, Quotas
from app.settings import Settings

Ping: TypeAlias = Callable[[], Awaitable[object]]


def open_ports(settings: Settings) -> AbstractAsyncContextManager[Ports]:
    """Open everything that use cases reach, for the duration of the context."""
    match settings.backend:
        case "embedded":
            from app.wiring.embedded import opened as in_a_folder

            return in_a_folder(settings)
        case "azure":
            from app.wiring.azure import opened as on_azure

            return on_azure(settings)
        case _:
            assert_never(settings.backend)


async def verify_audit(
    settings: Settings, *, copies: Path | None = None, public_key: Path | None = None
) -> Report:
    """Check the audit trail, which a service may be writing; SetupError, UnavailableError.

    Copies and key may be given where the trail is in a folder; on Azure both are apart from it.
    """
    if settings.backend == "azure":
        if copies or public_key:
            raise SetupError("On Azure copies are read from their container, the key from settings")
        async with open_ports(settings) as ports:
            return await ports.audit.verify()
    from app.adapters.embedded import open_store

    async with open_store(settings.data_dir) as store:
        return await store.audit.verify(copies=copies, public_key=public_key)


async def back_up(settings: Settings, to: Path, after: Path | None = None) -> Backup:
    """Copy the data folder, which a service may have open, into an empty one; SetupError.

    What an earlier backup (`after`) holds unchanged is linked, not copied.
    """
    from app.adapters.embedded.backup import back_up as copy

    _own_folder(settings)
    return await asyncio.to_thread(copy, settings.data_dir, to, after)


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
    from app.wiring.embedded import embedder_of

    async with AsyncExitStack() as stack:
        embedder = await embedder_of(settings, stack)
        return None if embedder is None else embedder.model


async def prepare(settings: Settings) -> tuple[list[str], list[str]]:
    """Make what is missing on Azure; return what was done, and what is not as it should be.

    UnavailableError if a service can't be reached; SetupError on another backend.
    """
    _on_azure(settings)
    from app.wiring.azure import prepare as on_azure

    return await on_azure(settings)


def declared_containers(settings: Settings) -> Sequence[Mapping[str, object]]:
    """Return what Cosmos DB has to hold, in the words of its REST interface; SetupError."""
    _on_azure(settings)
    from app.wiring.cosmos import declared

    return declared(settings)


def _on_azure(settings: Settings) -> None:
    if settings.backend != "azure":
        raise SetupError("Nothing is to be prepared: EVA_BACKEND is not azure")


def open_dependencies(settings: Settings) -> AbstractAsyncContextManager[Mapping[str, Ping]]:
    """Lend what asks each service of Azure for something; UnavailableError if it can't be used."""
    from app.wiring.azure import dependencies

    return dependencies(settings)


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


@contextlib.asynccontextmanager
async def _redis(settings: Settings, host: str) -> AsyncIterator[Counter]:
    from app.adapters.quotas import DEADLINE_S, Redis, shared_counter

    async with AsyncExitStack() as stack:
        login = None
        if settings.redis_username is not None:
            from app.wiring.azure import redis_login

            login = await redis_login(settings, settings.redis_username, stack)
        redis = Redis(
            host=host,
            port=settings.redis_port,
            password=settings.redis_password,
            login=login,
            database=settings.redis_db,
            tls=settings.redis_ssl,
            connections=settings.redis_max_connections,
            timeout_s=min(settings.redis_timeout_s, DEADLINE_S),
        )
        yield await stack.enter_async_context(shared_counter(redis))


async def run_dev_issuer(settings: Settings, port: int) -> None:
    """Issue access tokens for development until cancelled; ValueError outside development."""
    from app.adapters.oidc.dev_issuer import serve

    await serve("127.0.0.1", port, environment=settings.environment)
