"""The whole of dependency injection: which adapters stand behind the ports. Only this imports them.

Adapters are imported when chosen, so that a process pays for what it uses.
"""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import assert_never

from app.core.answering import ExtractiveComposer
from app.core.audit import Report
from app.core.ports import Ports
from app.settings import Settings
from app.settings.parts import MIB


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


@contextlib.asynccontextmanager
async def _embedded(settings: Settings) -> AsyncIterator[Ports]:
    from app.adapters.embedded import open_store
    from app.adapters.embedded.index import SnowballAnalyzer, open_index
    from app.adapters.extraction import PRELOAD, Caps, open_extractor
    from app.adapters.fork_server import Limits
    from app.adapters.sandbox import Sandbox

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.data_dir))
        limits = Limits(memory_bytes=settings.extract_memory_mb * MIB)
        sandbox = Sandbox(settings.ingest_places, limits, preload=PRELOAD)
        stack.push_async_callback(sandbox.aclose)
        index = await stack.enter_async_context(
            open_index(settings.data_dir / "index", sandbox, cache_bytes=settings.index_cache_bytes)
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
        )
