"""What both backends have alike."""

from contextlib import AbstractAsyncContextManager, AsyncExitStack

from app.adapters.extraction import PRELOAD, Caps, open_extractor
from app.adapters.fork_server import Limits
from app.adapters.sandbox import Sandbox
from app.core import budgets
from app.core.budgets import MILLIONTHS, Prices
from app.core.identity import TokenVerifier
from app.core.models import DEFAULT_TENANT
from app.core.ports import Extractor, Meter, Records
from app.core.usage import metering
from app.settings import Settings
from app.settings.parts import MIB


def sandbox(settings: Settings, stack: AsyncExitStack) -> Sandbox:
    """Open where files are read, away from this process."""
    limits = Limits(memory_bytes=settings.extract_memory_mb * MIB)
    made = Sandbox(settings.ingest_places, limits, preload=PRELOAD)
    stack.push_async_callback(made.aclose)
    return made


def extractor(settings: Settings, within: Sandbox) -> Extractor:
    """Return what reads text out of files."""
    caps = Caps(pages=settings.extract_pages, characters=settings.extract_characters)
    return open_extractor(within, caps=caps, timeout_s=settings.extract_timeout_s)


def meter(settings: Settings, records: Records) -> AbstractAsyncContextManager[Meter]:
    """Open what counts use, and holds it to budgets."""
    prices = Prices(
        question=round(settings.question_price * MILLIONTHS),
        prompt=round(settings.prompt_price * MILLIONTHS),
        completion=round(settings.completion_price * MILLIONTHS),
    )
    return metering(records, [budgets.parse(one) for one in settings.budgets], prices)


async def tokens(settings: Settings, stack: AsyncExitStack) -> TokenVerifier | None:
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
