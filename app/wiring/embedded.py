"""The embedded backend: everything in one data folder."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from app.adapters.embedded import open_store
from app.adapters.embedded.index import Bounds, Meaning, SnowballAnalyzer, open_index
from app.adapters.embedding import OnnxEmbedder, open_embedder
from app.core import key_uses
from app.core.answering import ExtractiveComposer
from app.core.ports import Ports
from app.settings import Settings
from app.wiring import shared


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Ports]:
    """Open the ports on the data folder."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.data_dir))
        sandbox = shared.sandbox(settings, stack)
        index = await stack.enter_async_context(
            open_index(
                settings.data_dir / "index",
                sandbox,
                bounds=Bounds(cache_bytes=settings.index_cache_bytes),
                meaning=Meaning(await embedder_of(settings, stack), settings.embedder_near),
            )
        )
        analyzer = SnowballAnalyzer()
        yield Ports(
            records=store.records,
            keys=store.keys,
            jobs=store.jobs,
            blobs=store.blobs,
            extractor=shared.extractor(settings, sandbox),
            index=index,
            analyzer=analyzer,
            composer=ExtractiveComposer(analyzer),
            audit=store.audit,
            meter=await stack.enter_async_context(shared.meter(settings, store.records)),
            uses=await stack.enter_async_context(key_uses.noting(store.records)),
            tokens=await shared.tokens(settings, stack),
        )


async def embedder_of(settings: Settings, stack: AsyncExitStack) -> OnnxEmbedder | None:
    """Open the operator's own model, if there is one."""
    if settings.embedder_dir is None:
        return None
    languages = settings.embedder_languages
    return await stack.enter_async_context(
        open_embedder(settings.embedder_dir, languages=languages)
    )
