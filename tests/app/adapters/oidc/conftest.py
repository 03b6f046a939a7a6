from collections.abc import AsyncIterator

import pytest

from app.adapters.oidc import IssuerConfig, OidcVerifier, open_verifier
from tests.app.adapters.oidc.publisher import Publisher, publishing
from tests.app.adapters.oidc.signer import AUDIENCE, TENANT, Signer


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as publisher:
        yield publisher


@pytest.fixture
def signer(publisher: Publisher) -> Signer:
    """An issuer that publishes what it should."""
    signer = Signer(issuer=publisher.url)
    publisher.publish(signer.key_set())
    return signer


@pytest.fixture
def config(signer: Signer) -> IssuerConfig:
    return IssuerConfig(
        issuer=signer.issuer,
        audiences=frozenset({AUDIENCE}),
        tenants={TENANT: TENANT},
        loopback=True,
    )


@pytest.fixture
async def verifier(config: IssuerConfig) -> AsyncIterator[OidcVerifier]:
    async with open_verifier([config]) as verifier:
        yield verifier
